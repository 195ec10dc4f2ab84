"""Categories that follow from calls of the plan that were not carried out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from evaluators.judge.align import Alignment, agrees
from evaluators.judge.case import Case
from evaluators.judge.categories import (
    AUTHORIZATION,
    EXECUTION_ERROR,
    FABRICATED,
    INCOMPLETE,
    INCORRECT,
    MISSING_CALL,
    MISSING_PARAMETER,
    MISSING_REQUIRED_CALL,
    NO_TOOL_CALLS,
    NOT_AS_INTENDED,
    NOT_RECOVERED,
    WRONG_TOOL,
)
from evaluators.judge.explain import Hole
from evaluators.judge.failures import is_auth
from evaluators.judge.findings import Notes
from evaluators.judge.provenance import sources_before, ungrounded
from evaluators.judge.schema import missing_parameters, violations
from evaluators.judge.trace import Act, Trace
from evaluators.judge.values import leaves, plain


def no_calls(case: Case, trace: Trace, alignment: Alignment, notes: Notes) -> bool:
    """Note a run without any call of the agent where the plan has some; it explains all holes."""
    if case.gold is None and case.behaviour == "call" and not trace.of("agent"):
        notes.add((NO_TOOL_CALLS, MISSING_REQUIRED_CALL), "a call was due; none was made")
        return True
    wanted = [p for p in alignment.planned if p.gold.role == "agent"]
    if case.passed is not False:
        wanted = [p for p in wanted if not p.excused]
    if not wanted or any(act.role == "agent" for act in trace.acts):
        return False
    names = ", ".join(dict.fromkeys(p.gold.name for p in wanted))
    reason = f"the plan calls {names[:200]}; the agent called nothing"
    first = next((i for i, m in enumerate(case.log) if i >= case.opening and m.author == "agent"),
                 None)  # fmt: skip
    notes.add((NO_TOOL_CALLS, MISSING_REQUIRED_CALL), reason, message=first)
    return True


def label(
    case: Case, trace: Trace, alignment: Alignment, gaps: Sequence[Hole], notes: Notes
) -> None:
    """Note every hole under the categories of its reason, once in each table."""
    for hole in gaps:
        if hole.why == "failed":
            assert hole.act is not None
            failed_call(hole.act, notes)
        elif hole.why == "arguments":
            assert hole.act is not None
            wrong_arguments(case, trace, hole, hole.act, notes)
        elif hole.why == "tool":
            assert hole.act is not None
            reason = f"{hole.planned.gold.name} was due, {hole.act.name} was called"
            notes.about(hole.act, (INCORRECT, WRONG_TOOL), reason)
    never_made(case, trace, alignment, gaps, notes)


def failed_call(act: Act, notes: Notes) -> None:
    """Note a call that failed unexpectedly and was not made good."""
    failure = act.failure or ""
    category = AUTHORIZATION if is_auth(failure) else EXECUTION_ERROR
    notes.about(act, (category, NOT_RECOVERED), f"failed: {failure[:200]}", span=failure[:200])


def wrong_arguments(case: Case, trace: Trace, hole: Hole, act: Act, notes: Notes) -> None:
    """Note a call of the right tool with arguments that differ from the plan's."""
    tool = (case.tools or {}).get(act.name)
    where = {"turn": act.turn, "message": act.message, "call": act.name}
    absent = [n for n in missing_parameters(act, tool) if n in hole.planned.gold.arguments]
    if not tool:
        absent = []
    for name in absent:
        reason = f"{act.name} was called without {name}"
        notes.add((INCORRECT, MISSING_PARAMETER), reason, span=name, **where)
    if act.call.raw is not None:
        notes.add(
            INCORRECT, "the arguments are not a JSON object", span=act.call.raw[:200], **where
        )
        return
    gold = hole.planned.gold.arguments
    for name, wanted in gold.items():
        if name in absent or agrees(name, wanted, act.arguments, tool):
            continue
        given = act.arguments.get(name)
        invented = ungrounded(differing(wanted, given), sources_before(case, trace, act))
        category = FABRICATED if invented else NOT_AS_INTENDED
        reason = f"{name} should be {short(wanted)}, not {short(given)}"
        span = short(invented[0] if invented else given)
        notes.add((INCORRECT, category), reason, span=span, **where)
    if not notes_about(notes, act):
        broken = violations(act, tool) or ["its arguments differ from the plan's"]
        notes.add(INCORRECT, f"{act.name}: {'; '.join(broken)}", **where)


def notes_about(notes: Notes, act: Act) -> bool:
    return any(f.message == act.message and f.call == act.name for f in notes.found)


def differing(wanted: Any, given: Any) -> list[Any]:
    """Return the scalars of a given value that the wanted one does not have."""
    known = {plain(leaf) for leaf in leaves(wanted)}
    return [leaf for leaf in leaves(given) if plain(leaf) not in known]


def short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


def never_made(
    case: Case, trace: Trace, alignment: Alignment, gaps: Sequence[Hole], notes: Notes
) -> None:
    """Note planned calls for which nothing stands: a login, a whole sub-task, or a single call."""
    left = [hole for hole in gaps if not hole.attempted]
    if case.flat:
        split_flat(trace, alignment, left, notes)
        return
    turns: dict[int, list[Hole]] = defaultdict(list)
    for hole in left:
        turns[hole.turn].append(hole)
    for turn, group in turns.items():
        due = [p for p in alignment.planned if p.turn == turn and not p.excused]
        whole = len(group) == len(due)
        logins = [hole for hole in group if hole.why == "login"]
        if logins and login_matters(trace, turn, group, logins, whole=whole):
            note_missing(trace, logins, AUTHORIZATION, notes, flat=False)
            if not whole:
                group = [hole for hole in group if hole.why != "login"]
        note_missing(trace, group, INCOMPLETE if whole else MISSING_CALL, notes, flat=False)


def login_matters(
    trace: Trace, turn: int, group: Sequence[Hole], logins: Sequence[Hole], *, whole: bool
) -> bool:
    """Say whether a missing login is the point, and not just part of a sub-task left undone.

    It is where the rest of the turn was worked on, where the turn asks for nothing else, or where
    the agent speaks of logging in.
    """
    if not whole or len(logins) == len(group):
        return True
    return any(is_auth(text) or speaks_of_login(text) for _, text in trace.said(turn))


def speaks_of_login(text: str) -> bool:
    """Say whether a text says that a login is needed first."""
    folded = text.casefold()
    needs = ("need", "require", "must", "have to", "before", "first", "would you like")
    about = ("authenticat", "log in", "logged in", "login", "sign in", "signed in", "credential",
             "verify your identity", "access token")  # fmt: skip
    return any(word in folded for word in needs) and any(word in folded for word in about)


def split_flat(trace: Trace, alignment: Alignment, left: Sequence[Hole], notes: Notes) -> None:
    """Note holes of a plan without turns: the tail is an incomplete task, the rest is missing."""
    still_open = {hole.planned.number for hole in left}
    reached = (
        p.number
        for p in alignment.planned
        if p.act is not None or not (p.excused or p.number in still_open)
    )
    last = max(reached, default=-1)
    logins = [hole for hole in left if hole.why == "login"]
    rest = [hole for hole in left if hole.why != "login"]
    tail = [h for h in rest if h.planned.number > last]
    gaps = [h for h in rest if h.planned.number < last]
    for category, group in ((AUTHORIZATION, logins), (INCOMPLETE, tail), (MISSING_CALL, gaps)):
        note_missing(trace, group, category, notes, flat=True)


def note_missing(
    trace: Trace, group: Sequence[Hole], category: str, notes: Notes, *, flat: bool
) -> None:
    """Note calls that were never made, at the end of their turn (of the run, in flat plans)."""
    for hole in group:
        turn = None if flat or hole.turn >= trace.turns else hole.turn
        said = trace.said(trace.turns - 1 if turn is None else turn)
        message = said[-1][0] if said else len(trace.log) - 1 if trace.log else None
        where = {"turn": turn, "message": message, "call": hole.planned.gold.name}
        reason = f"{hole.planned.gold.name} was never called"
        notes.add((category, MISSING_REQUIRED_CALL), reason, **where)
