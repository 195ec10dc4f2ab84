"""Failed runs in which everything planned was done: in another turn, spelled otherwise, once too
often, or cut off before the end."""

from __future__ import annotations

from evaluators.judge.align import Alignment, Planned
from evaluators.judge.case import Case
from evaluators.judge.categories import (
    INCOMPLETE,
    INCORRECT,
    MISSING_CALL,
    NOT_AS_INTENDED,
    UNEXPECTED_CALL,
    WRONG_ORDER,
)
from evaluators.judge.findings import Notes
from evaluators.judge.trace import Act, Trace
from evaluators.judge.values import has_wildcard
from harness.types import ENDS

_CUT_OFF = frozenset(
    {"max_steps", "max_steps_per_turn", "max_errors", "agent_error", "invalid_agent_message"}
)


def label(case: Case, trace: Trace, alignment: Alignment, notes: Notes) -> None:
    """Note what the other rules forgive, where the benchmark failed the run for it."""
    for stranger in alignment.strangers:
        tool = (case.tools or {}).get(stranger.name)
        effective = tool is not None and tool.write and not tool.auth
        if effective and stranger.failure is None and stranger.text is not None:
            notes.about(stranger, (INCORRECT, UNEXPECTED_CALL), "it repeats what was done")
    if case.end in _CUT_OFF:
        where = len(case.log) - 1 if case.log else None
        notes.add(INCOMPLETE, f"the run was cut off: {ENDS[case.end]}", message=where)
    for planned in alignment.planned:
        act = planned.act
        if act is None or planned.excused:
            continue
        if act.turn != planned.turn and not case.flat:
            displaced(trace, planned, act, notes)
        else:
            respelled(planned, act, notes)


def displaced(trace: Trace, planned: Planned, act: Act, notes: Notes) -> None:
    """Note a call that was made in another turn than the one that asked for it."""
    if act.turn < planned.turn:
        reason = f"{act.name} was called before it was asked for"
        notes.about(act, (INCORRECT, WRONG_ORDER), reason)
        return
    said = trace.said(planned.turn)
    where = {"turn": planned.turn, "message": said[-1][0] if said else None, "call": act.name}
    reason = f"{act.name} was called only in a later turn"
    notes.add((MISSING_CALL, WRONG_ORDER), reason, **where)


def respelled(planned: Planned, act: Act, notes: Notes) -> None:
    """Note arguments that equal the plan's but for their spelling."""
    for name, wanted in planned.gold.arguments.items():
        given = act.arguments.get(name)
        scalar = isinstance(wanted, str | int | float)
        differs = given != wanted or type(given) is not type(wanted)
        if scalar and differs and not has_wildcard(wanted):
            reason = f"{name} is spelled {given!r}, not {wanted!r}"
            notes.about(act, (INCORRECT, NOT_AS_INTENDED), reason[:200], span=str(given)[:120])
