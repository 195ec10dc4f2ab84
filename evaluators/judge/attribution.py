"""Whose fault a failed run is: task, user, agent, environment or infrastructure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evaluators.judge.align import Alignment, Planned
from evaluators.judge.case import UNKNOWN, Case
from evaluators.judge.categories import (
    AUTHORIZATION,
    INCOMPLETE,
    MISSING_CALL,
    MISSING_OUTPUT,
    MISSING_REQUIRED_CALL,
    NO_TOOL_CALLS,
)
from evaluators.judge.failures import is_transient
from evaluators.judge.findings import Attribution, Finding, Judgement
from evaluators.judge.provenance import Sources
from evaluators.judge.trace import Trace
from evaluators.judge.user_rules import slips
from evaluators.judge.values import has_wildcard, leaves, same

_UNDONE = {NO_TOOL_CALLS, INCOMPLETE, MISSING_CALL, MISSING_REQUIRED_CALL, AUTHORIZATION}
_PARTICULAR = re.compile(r"(?=.*\d)[\w#@.-]{4,}|\S+@\S+\.\S+")
_ENDS: dict[str, tuple[Attribution, str]] = {
    "timeout": ("infrastructure", "the wall-clock limit was reached"),
    "env_error": ("environment", "the world could not go on"),
    "user_error": ("user", "the user broke the protocol"),
}


def of_fault(case: Case) -> Judgement:
    """Judge a run that infrastructure ended: nobody in it is to blame, nothing is labelled."""
    assert case.fault is not None
    blame = f"{case.fault.seat}: {case.fault.kind}"
    return Judgement(
        case.id,
        undetermined=("infrastructure failed before the run was over",),
        attribution="infrastructure",
        blame=blame,
        single_turn=case.single_turn,
    )


def blame(
    case: Case, trace: Trace, alignment: Alignment, found: Sequence[Finding]
) -> tuple[Attribution, str]:
    """Return who is to blame and by which rule; the agent where no rule names another."""
    if reason := broken_task(case, trace, alignment):
        return "task", reason
    if case.end in _ENDS:
        return _ENDS[case.end]
    if reason := failing_world(trace, alignment, found):
        return "environment", reason
    if reason := misled(case, trace, alignment, found):
        return "user", reason
    return "agent", "no rule names another"


def broken_task(case: Case, trace: Trace, alignment: Alignment) -> str:
    """Say why the task itself cannot be solved as its plan says, or return an empty text."""
    if case.task_fault:
        return case.task_fault
    for wanted in case.required:
        for banned in case.forbidden:
            if wanted.name == banned.name and (
                not banned.arguments or same(banned.arguments, wanted.arguments)
            ):
                return f"{wanted.name} is both required and forbidden"
    sources: Sources | None = None
    for planned in alignment.holes:
        if planned.gold.role == "agent" and knowable(case, alignment, planned):
            for value in particulars(planned):
                if any(value in m.text for m in trace.log if m.author != "agent"):
                    continue
                sources = sources or all_sources(case, trace)
                if not (sources.holds(value) or is_put_together(value, sources)):
                    return f"{planned.gold.name} needs {value!r}, which nothing shows"
    return ""


def is_put_together(value: str, sources: Sources) -> bool:
    """Say whether a code's long number is shown, so that its letters may be said beside it."""
    numbers = re.findall(r"\d{4,}", value)
    return bool(numbers) and all(number in sources.text for number in numbers)


def knowable(case: Case, alignment: Alignment, planned: Planned) -> bool:
    """Say whether it is known what the agent could have seen before a planned call.

    Plans that leave lookups out do not show it. The answers of earlier planned calls that were
    neither made nor replayed are unknown. A login's arguments come from the user or the policy, so
    they are judged all the same.
    """
    tool = (case.tools or {}).get(planned.gold.name)
    if tool is None or not case.require_reads:
        return False
    if tool.auth:
        return True
    earlier = (p for p in alignment.planned if p.number < planned.number)
    return all(p.done or p.gold.result is not UNKNOWN for p in earlier)


def particulars(planned: Planned) -> list[str]:
    """Return a planned call's ids, codes and addresses: values nobody can guess."""
    if has_wildcard(planned.gold.arguments):
        return []
    texts = (v for v in leaves(dict(planned.gold.arguments)) if isinstance(v, str))
    return [text for text in texts if _PARTICULAR.fullmatch(text)]


def all_sources(case: Case, trace: Trace) -> Sources:
    """Collect what a good run could show: this run's texts, the scenario, the plan's replay."""
    plan = [call for turn in case.gold or () for call in turn]
    seen = [m.text for m in trace.log if m.author != "agent" and m.owner != "user"]
    results = [str(call.result) for call in plan if call.result is not UNKNOWN]
    names = {call.name for call in plan}
    specs = [tool.text for name, tool in (case.tools or {}).items() if name in names]
    return Sources([case.policy, case.scenario, *seen, *results, *specs])


def failing_world(trace: Trace, alignment: Alignment, found: Sequence[Finding]) -> str:
    """Say why the world is to blame: an empty answer to a right call, or a service that kept
    failing although the call was tried again."""
    if not found:
        return ""
    if all(f.category == MISSING_OUTPUT for f in found):
        return "a right call was answered with nothing"
    for planned in alignment.holes:
        act = planned.act
        if act is None or act.failure is None or not is_transient(act.failure):
            continue
        tries = [a for a in trace.acts if a.name == act.name and a.arguments == act.arguments]
        if len(tries) > 1 and all(a.failure for a in tries):
            return f"{act.name} failed {len(tries)} times: {act.failure[:100]}"
    return ""


def misled(case: Case, trace: Trace, alignment: Alignment, found: Sequence[Finding]) -> str:
    """Say which slip of the user came before the first error of the agent.

    Things left undone count as the agent's error only at the end of the run.
    """
    hindering = [slip for slip in slips(case, trace, alignment) if slip.hinders]
    if not hindering:
        return ""
    acted = [f.message for f in found if f.category not in _UNDONE and f.message is not None]
    first = min(acted, default=len(trace.log))
    slip = hindering[0]
    return f"{slip.rule}: {slip.reason}" if slip.message < first else ""
