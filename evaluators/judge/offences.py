"""Categories that follow from calls nobody planned: forbidden, effective, unknown, failed ones."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evaluators.judge import abnormal
from evaluators.judge.case import Action, Case
from evaluators.judge.categories import (
    AUTHORIZATION,
    EXECUTION_ERROR,
    FABRICATED,
    INCORRECT,
    MISSING_CALL,
    MISSING_PARAMETER,
    MISSING_REQUIRED_CALL,
    NO_TOOL_CALLS,
    NOT_RECOVERED,
    UNEXPECTED_CALL,
    WRONG_TOOL,
)
from evaluators.judge.explain import Hole
from evaluators.judge.failures import is_auth, is_informative
from evaluators.judge.findings import Notes
from evaluators.judge.provenance import sources_before, ungrounded
from evaluators.judge.schema import missing_parameters, violations
from evaluators.judge.trace import Act, Trace
from evaluators.judge.values import same

_ADDS = re.compile(
    r"create|place|book|send|post|fund|withdraw|purchase|buy|pay|transfer|comment|mention|reply|tweet"
    r"|order|deposit|charge|refund|issue|register|submit|reserve|fill|append|insert|extend",
    re.I,
)


def label(
    case: Case, trace: Trace, gaps: Sequence[Hole], strangers: Sequence[Act], notes: Notes
) -> None:
    """Note what was done although nobody asked for it, and what failed without being made good."""
    forbidden_calls(case, trace, notes)
    required_calls(case, trace, notes)
    abnormal.against_orders(case, trace, notes)
    if case.behaviour in ("no_call", "explain"):
        abnormal.label(case, trace, notes)
    elif case.gold is not None:
        for act in strangers:
            stranger(case, trace, gaps, act, notes)
        for hole in gaps:
            if hole.why in ("arguments", "tool") and hole.act and exists(case, hole.act):
                note_failure(trace, hole.act, notes)
    else:
        for act in trace.of("agent"):
            without_plan(case, trace, act, notes)


def exists(case: Case, act: Act) -> bool:
    """Say whether a called tool is there: one that is not cannot fail, it was never run."""
    return case.tools is None or act.name in case.tools


def forbidden_calls(case: Case, trace: Trace, notes: Notes) -> None:
    """Note forbidden actions, whether they succeeded or were only attempted."""
    for action in case.forbidden:
        for act in trace.of("agent"):
            if fits(action, act):
                how = "attempted" if act.failure else "executed"
                notes.about(act, (INCORRECT, UNEXPECTED_CALL), f"forbidden, and {how}")


def required_calls(case: Case, trace: Trace, notes: Notes) -> None:
    """Note required actions that were not carried out (of tasks that cannot be done, say)."""
    done = [act for act in trace.of("agent") if act.failure is None]
    for action in case.required:
        if any(fits(action, act) for act in done):
            continue
        category = MISSING_CALL if done else NO_TOOL_CALLS
        if not notes.has(category):
            last = len(case.log) - 1 if case.log else None
            where = {"message": last, "call": action.name}
            reason = f"{action.name} is required and was not carried out"
            notes.add((category, MISSING_REQUIRED_CALL), reason, **where)


def fits(action: Action, act: Act) -> bool:
    """Say whether an act is the action; an action without arguments fits any (T2T)."""
    return act.name == action.name and all(
        k in act.arguments and same(v, act.arguments[k]) for k, v in action.arguments.items()
    )


def stranger(case: Case, trace: Trace, gaps: Sequence[Hole], act: Act, notes: Notes) -> None:
    """Judge a call that the plan does not have and that explains no hole of it."""
    if act.failure is not None:
        if blocks(case, trace, gaps, act):
            note_failure(trace, act, notes)
    elif (
        changes(case, trace, act)
        and not any(fits(action, act) for action in case.forbidden)
        and not repeats(trace, act)
    ):
        notes.about(act, (INCORRECT, UNEXPECTED_CALL), "it changes things nobody asked for")


def changes(case: Case, trace: Trace, act: Act) -> bool:
    """Say whether a successful call had an effect. A login that answers a refusal is none."""
    tool = (case.tools or {}).get(act.name)
    if tool is None or not tool.write or act.text is None or is_informative(act.text):
        return False
    refused = (a.failure for a in trace.acts[: act.number] if a.failure)
    return not (tool.auth and any(is_auth(failure) for failure in refused))


def repeats(trace: Trace, act: Act) -> bool:
    """Say whether a write only sets again what it had set: same call, same answer, and not one
    that adds to what is there (a second order, a second post)."""
    if _ADDS.search(act.name):
        return False
    return any(
        a.name == act.name and a.text == act.text and a.arguments == act.arguments
        for a in trace.acts
        if a is not act and a.failure is None
    )


def blocks(case: Case, trace: Trace, gaps: Sequence[Hole], act: Act) -> bool:
    """Say whether a failed call stands before something that was left undone.

    Where everything planned was carried out, another way was found.
    """
    open_holes = [hole for hole in gaps if not hole.attempted]
    if not case.flat:
        return any(hole.turn == act.turn for hole in open_holes)
    later = (a for a in trace.of("agent") if a.number > act.number)
    return bool(open_holes) and not any(a.failure is None for a in later)


def note_failure(trace: Trace, act: Act, notes: Notes) -> None:
    """Note a failed call, unless its tool succeeded later."""
    if act.failure is None or recovered(trace, act):
        return
    failure = act.failure or ""
    category = AUTHORIZATION if is_auth(failure) else EXECUTION_ERROR
    notes.about(act, (category, NOT_RECOVERED), f"failed: {failure[:200]}", span=failure[:200])


def recovered(trace: Trace, act: Act) -> bool:
    later = trace.acts[act.number + 1 :]
    return any(a.name == act.name and a.role == act.role and a.failure is None for a in later)


def without_plan(case: Case, trace: Trace, act: Act, notes: Notes) -> None:
    """Judge a call where no plan says what was due: its schema, its values, its failure."""
    tool = (case.tools or {}).get(act.name)
    if recovered(trace, act) and act.failure:
        return
    if case.tools is not None and tool is None and (act.failure or act.text is None):
        notes.about(act, (INCORRECT, WRONG_TOOL), f"there is no tool {act.name}")
        return
    if act.failure or act.text is None:
        for name in missing_parameters(act, tool):
            notes.about(act, (INCORRECT, MISSING_PARAMETER), f"called without {name}", span=name)
        for broken in violations(act, tool):
            notes.about(act, INCORRECT, broken)
        for value in ungrounded(dict(act.arguments), sources_before(case, trace, act)):
            notes.about(act, FABRICATED, "nothing visible has this value", span=str(value)[:120])
    if act.failure and not trace.acknowledged(act):
        note_failure(trace, act, notes)
