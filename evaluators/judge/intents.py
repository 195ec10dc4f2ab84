"""Verdicts on wishes out of the ordinary: infeasible, changing and ambiguous ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.judge.align import align, is_done
from evaluators.judge.case import Action, Case
from evaluators.judge.offences import fits
from evaluators.judge.provenance import Sources
from evaluators.judge.trace import Act, Trace
from evaluators.judge.values import same


@dataclass(frozen=True, slots=True)
class IntentVerdict:
    """How a run dealt with its user's intent; None where nothing says what was due.

    `unmet`: required actions that were not carried out. `attempted` and `executed`: forbidden (or
    no longer wanted) calls, by log index; an attempt that the world refused still counts, and is
    told apart. `guessed`: withheld facts that were acted on before the user told them.
    """

    kind: str
    passed: bool | None
    unmet: tuple[str, ...] = ()
    attempted: tuple[tuple[str, int], ...] = ()
    executed: tuple[tuple[str, int], ...] = ()
    guessed: tuple[tuple[str, int], ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "passed": self.passed,
            "unmet": list(self.unmet),
            "attempted": [list(item) for item in self.attempted],
            "executed": [list(item) for item in self.executed],
            "guessed": [list(item) for item in self.guessed],
        }


def judge_intent(case: Case) -> IntentVerdict | None:
    """Return the verdict of the case's kind of intent, or None where it is an ordinary one."""
    kind = case.intent.kind
    if kind == "infeasible" or (kind == "general" and (case.required or case.forbidden)):
        return infeasible(case)
    if kind == "changing":
        return changing(case)
    return ambiguous(case) if kind == "ambiguous" else None


def infeasible(case: Case) -> IntentVerdict:
    """Pass a run that carried out every required action and attempted no forbidden one (T2T)."""
    acts = Trace(case.log).of("agent")
    done = [act for act in acts if act.failure is None]
    unmet = tuple(shown(a) for a in case.required if not any(fits(a, act) for act in done))
    attempted, executed = split(case.forbidden, acts)
    known = bool(case.required or case.forbidden)
    return IntentVerdict(
        "infeasible", not unmet and not attempted if known else None, unmet, attempted, executed
    )


def changing(case: Case) -> IntentVerdict:
    """Pass a run that reaches the last goal and does nothing for the old one once it is changed."""
    trace = Trace(case.log)
    turn = case.intent.change_turn
    late = [a for a in trace.of("agent") if turn is not None and a.turn >= turn]
    attempted, executed = split(case.intent.superseded, late)
    reached = plan_done(case, trace)
    passed = None if reached is None else reached and not attempted
    return IntentVerdict("changing", passed, (), attempted, executed)


def ambiguous(case: Case) -> IntentVerdict:
    """Pass a run that reaches the goal; acting on facts before they were told is noted apart."""
    trace = Trace(case.log)
    return IntentVerdict("ambiguous", plan_done(case, trace), guessed=tuple(guesses(case, trace)))


def plan_done(case: Case, trace: Trace) -> bool | None:
    """Say whether the plan was carried out; the benchmark's verdict stands where there is one."""
    if case.passed is not None:
        return case.passed
    return None if case.gold is None else is_done(align(case, trace).planned)


def guesses(case: Case, trace: Trace) -> list[tuple[str, int]]:
    """Find writes that carry a withheld parameter although no user text had told its value."""
    found = []
    for act in trace.of("agent"):
        tool = (case.tools or {}).get(act.name)
        if tool is not None and tool.write is False:
            continue
        told = Sources([m.text for m in case.log[: act.message] if m.author == "user"])
        for name, value in case.intent.withheld.items():
            uses = name in act.arguments or any(same(value, v) for v in act.arguments.values())
            if uses and not told.holds(value):
                found.append((name, act.message))
    return found


def split(
    actions: Sequence[Action], acts: Sequence[Act]
) -> tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]]:
    """Return the acts that fit an action: (all attempts, those that were carried out)."""
    hits = [act for act in acts if any(fits(action, act) for action in actions)]
    attempted = tuple((act.name, act.message) for act in hits)
    return attempted, tuple((act.name, act.message) for act in hits if act.failure is None)


def shown(action: Action) -> str:
    return f"{action.name} {dict(action.arguments)}" if action.arguments else action.name
