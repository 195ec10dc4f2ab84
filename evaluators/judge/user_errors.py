"""What a simulated user did wrong in an episode: rules U1 to U13, how bad it is, who erred first.

A rule with nothing to look at (no withheld facts for U2, no sub-tasks for U10, no change of mind
for U12) never fires: a benchmark says beside its numbers which of them its tasks can trigger.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evaluators.judge.align import Alignment, align
from evaluators.judge.case import Case
from evaluators.judge.provenance import Sources
from evaluators.judge.trace import Act, Trace
from evaluators.judge.user_rules import Slip, slips

Severity = Literal["critical_helped", "critical_hindered", "minor"]
IDLE_TURNS, SUBTASKS = 5, 2
_TELLS_TOO_MUCH = {"U2", "U7"}
_WORDS = re.compile(r"[a-z]{3,}")
_GENERAL = frozenset(
    re.findall(
        _WORDS,
        """all and any are app can check current currently device for from get has have how
        information its make mobile not off phone run see set settings status that the their
        this toggle turn use user want when whether with you your""",
    )
)


@dataclass(frozen=True, slots=True)
class UserError:
    """A rule that fired, at a log index. `critical_helped`: the user made it easier than it is;
    `critical_hindered`: it can make a good agent fail (tau2's three severities)."""

    rule: str
    message: int
    severity: Severity
    reason: str

    def evidence(self) -> dict[str, Any]:
        """Return the error as JSON."""
        return {name: getattr(self, name) for name in ("rule", "message", "severity", "reason")}


@dataclass(frozen=True, slots=True)
class UserReview:
    """Every error of the user in log order, and who made the first critical one, if anybody."""

    errors: tuple[UserError, ...] = ()
    first_critical: Literal["user", "agent", ""] = ""


def review_user(case: Case, subtasks: Sequence[Sequence[str]] = ()) -> UserReview:
    """Apply every rule to an episode. `subtasks`: per sub-task the values that name it."""
    trace = Trace(case.log)
    alignment = align(case, trace)
    if case.user_mode == "fixed_queries":
        return UserReview()
    found = [
        *map(rated, slips(case, trace, alignment)),
        *idle_turns(trace),
        *crowded_turns(case, trace, subtasks),
        *unrequested(case, trace),
        *endless(case, trace, alignment),
    ]
    errors = tuple(sorted(found, key=lambda error: error.message))
    return UserReview(errors, first_critical(case, trace, alignment, errors))


def rated(slip: Slip) -> UserError:
    """Give a slip its severity: whoever tells too much helps the agent."""
    severity: Severity = "critical_hindered" if slip.hinders else "minor"
    if slip.rule in _TELLS_TOO_MUCH:
        severity = "critical_helped"
    return UserError(slip.rule, slip.message, severity, slip.reason)


def idle_turns(trace: Trace) -> Iterator[UserError]:
    """U6: the user talks five times, the goodbye included, and nobody calls a tool between."""
    idle = 0
    for index, line in enumerate(trace.log):
        if line.calls:
            idle = 0
        elif line.author == "user":
            idle += 1
            if idle == IDLE_TURNS:
                yield UserError("U6", index, "minor", f"{idle} turns without a tool call")


def crowded_turns(
    case: Case, trace: Trace, subtasks: Sequence[Sequence[str]]
) -> Iterator[UserError]:
    """U10: one message brings up more than two sub-tasks."""
    if len(subtasks) <= SUBTASKS:
        return
    for index in trace.starts:
        said = Sources([trace.log[index].text])
        named = sum(any(said.holds(value) for value in values) for values in subtasks)
        if named > SUBTASKS and index >= case.opening:
            yield UserError("U10", index, "minor", f"{named} sub-tasks in one message")


def unrequested(case: Case, trace: Trace) -> Iterator[UserError]:
    """U11: the user calls a tool that nothing in the agent's words points to."""
    heard: set[str] = set()
    heard_to = 0
    for act in trace.of("user"):
        if act.message < case.opening:
            continue
        for line in trace.log[heard_to : act.message]:
            if line.author == "agent":
                heard.update(stems(line.text))
        heard_to = act.message
        wanted = purpose(case, act)
        if wanted and not wanted & heard:
            tool = (case.tools or {}).get(act.name)
            acts = tool is None or tool.write is not False
            severity: Severity = "critical_helped" if acts else "minor"
            yield UserError("U11", act.message, severity, f"{act.name} was not asked for")


def purpose(case: Case, act: Act) -> set[str]:
    """Return the words that a request for this tool would use: its name, its first sentence."""
    tool = (case.tools or {}).get(act.name)
    sentence = tool.text.partition(".")[0] if tool else ""
    return stems(f"{act.name} {sentence}")


def stems(text: str) -> set[str]:
    """Return the beginnings of a text's words, very general words aside."""
    words = _WORDS.findall(text.lower().replace("_", " "))
    return {word[:5] for word in words if word not in _GENERAL}


def endless(case: Case, trace: Trace, alignment: Alignment) -> Iterator[UserError]:
    """U13: the steps ran out and the user never said goodbye; it hinders where all was done."""
    lines = [line for line in trace.log[case.opening :] if line.author == "user"]
    if case.end == "max_steps" and lines and not any(line.stop for line in lines):
        severity: Severity = "minor" if alignment.holes else "critical_hindered"
        yield UserError("U13", len(trace.log) - 1, severity, "never ended the conversation")


def first_critical(
    case: Case, trace: Trace, alignment: Alignment, errors: Sequence[UserError]
) -> Literal["user", "agent", ""]:
    """Say who made the first critical error. An agent's is, in a run that failed, its first
    write outside the plan, else (at the end) what it left undone."""
    ends = len(trace.log)
    user = min((e.message for e in errors if e.severity != "minor"), default=None)
    agent = None
    if case.passed is False:
        writes = [a.message for a in alignment.strangers if writes_well(case, a)]
        agent = min(writes, default=ends if alignment.holes else None)
    if user is None or agent is None:
        return "user" if user is not None else "agent" if agent is not None else ""
    return "user" if user < agent else "agent"


def writes_well(case: Case, act: Act) -> bool:
    """Say whether an act is a write that succeeded."""
    tool = (case.tools or {}).get(act.name)
    return act.failure is None and tool is not None and bool(tool.write)
