"""Categories that follow from calls nobody planned: forbidden, effective, unknown or failed ones,
and from answers that were empty or infos that were not passed on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from evaluators.judge.case import UNKNOWN, Action, Case, Unknown
from evaluators.judge.categories import (
    AUTHORIZATION,
    EXECUTION_ERROR,
    FABRICATED,
    INACCURATE,
    INCORRECT,
    MISSING_OUTPUT,
    MISSING_PARAMETER,
    NO_EXPLANATION,
    NOT_RECOVERED,
    PLAN_VIOLATION,
    UNEXPECTED_CALL,
    WRONG_TOOL,
)
from evaluators.judge.explain import Hole
from evaluators.judge.failures import emptiness, failure_of, is_auth, is_informative
from evaluators.judge.findings import Notes
from evaluators.judge.provenance import sources_before, ungrounded
from evaluators.judge.replies import Remark
from evaluators.judge.schema import missing_parameters, violations
from evaluators.judge.trace import Act, Trace
from evaluators.judge.values import same

_NO_TOOLS = re.compile(
    r"\b(?:do not|don['’]?t|never|must not|without|should not|shouldn['’]?t) (?:\w+ ){0,3}?"
    r"(?:call(?:ing)?|us(?:e|ing)|invok(?:e|ing)|mak(?:e|ing)|run(?:ning)?)"
    r"(?: (?:a|an|any|the|your|of))* (?:tools?|functions?|apis?)\b"
    r"|\bno[ -](?:tool|function)[ -]calls?\b|\bno tools (?:may|should|must|can)\b",
    re.I,
)
_ADDS = re.compile(
    r"create|place|book|send|post|fund|withdraw|purchase|buy|pay|transfer|comment|mention|reply|tweet"
    r"|order|deposit|charge|refund|issue|register|submit|reserve|fill|append|insert|extend",
    re.I,
)
_CONDITION = re.compile(
    r"\b(?:if|unless|until|when|while|before|after|same time|simultaneous\w*|more than|at once)\b",
    re.I,
)
_ASKS = re.compile(
    r"\?|\b(?:please|kindly) (?:provide|specify|tell|share|give|confirm|clarify|enter|let me know)"
    r"|\b(?:could|can|would) you\b|\bi (?:need|require)\b|\bneed(?:ed)? (?:to know|more)\b"
    r"|\bmissing\b|\bunable\b|\b(?:can|do|does|is|are)(?: ?not|n['’]t)\b|\bcannot\b"
    r"|\bno (?:tool|function|way)",
    re.I,
)


def label(
    case: Case, trace: Trace, gaps: Sequence[Hole], strangers: Sequence[Act], notes: Notes
) -> None:
    """Note what was done although nobody asked for it, and what failed without being made good."""
    forbidden_calls(case, trace, notes)
    if case.behaviour in ("no_call", "explain"):
        calls_where_none_are_due(case, trace, notes)
    elif case.gold is not None:
        for act in strangers:
            stranger(case, trace, gaps, act, notes)
        for hole in gaps:
            if hole.why in ("arguments", "tool") and hole.act and exists(case, hole.act):
                note_failure(trace, hole.act, notes)
    else:
        for act in trace.of("agent"):
            without_plan(case, trace, act, notes)
    empty_answers(case, trace, gaps, notes)
    silent_infos(case, trace, notes)


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


def fits(action: Action, act: Act) -> bool:
    """Say whether an act is the action; an action without arguments fits any (T2T)."""
    return act.name == action.name and all(
        k in act.arguments and same(v, act.arguments[k]) for k, v in action.arguments.items()
    )


def calls_where_none_are_due(case: Case, trace: Trace, notes: Notes) -> None:
    """Judge a task whose right answer is a text: no call, and for `explain` what is missing."""
    acts = trace.of("agent")
    texts = [m.text for m in case.log if m.author == "user"]
    directive = next((found for t in (case.policy, *texts) if (found := forbids_tools(t))), "")
    for act in acts:
        notes.about(act, (INCORRECT, UNEXPECTED_CALL), "no call was due")
        if directive:
            notes.about(act, PLAN_VIOLATION, "the task forbids tool calls", span=directive)
    if case.behaviour == "explain" and not acts:
        said = [(i, m.text) for i, m in enumerate(case.log) if m.author == "agent"]
        if not any(explains(text, case.missing) for _, text in said[-1:]):
            where = said[-1][0] if said else None
            reason = f"the reply does not say what is missing ({', '.join(case.missing) or '?'})"
            notes.add(NO_EXPLANATION, reason, message=where)


def forbids_tools(text: str) -> str:
    """Return the sentence that forbids tool calls outright; not the ones with a condition."""
    for found in _NO_TOOLS.finditer(text):
        start = max(text.rfind(mark, 0, found.start()) for mark in ".!?\n") + 1
        end = min((e for e in (text.find(m, found.end()) for m in ".!?\n") if e >= 0), default=None)
        if not _CONDITION.search(sentence := text[start:end].strip()):
            return sentence[:200]
    return ""


def explains(text: str, missing: Sequence[str]) -> bool:
    """Say whether a reply asks, declines, or names what is missing (a name or two words of it)."""
    if _ASKS.search(text):
        return True
    folded = text.casefold()
    for name in missing:
        words = [w for w in re.split(r"\W+|_", name.casefold()) if len(w) > 2]
        if name.casefold() in folded or sum(w in folded for w in words) >= 2:
            return True
    return False


def stranger(case: Case, trace: Trace, gaps: Sequence[Hole], act: Act, notes: Notes) -> None:
    """Judge a call that the plan does not have and that explains no hole of it."""
    if act.failure is not None:
        if blocks(case, trace, gaps, act):
            note_failure(trace, act, notes)
    elif (
        changes(case, act)
        and not any(fits(action, act) for action in case.forbidden)
        and not repeats(trace, act)
    ):
        notes.about(act, (INCORRECT, UNEXPECTED_CALL), "it changes things nobody asked for")


def changes(case: Case, act: Act) -> bool:
    """Say whether a successful call had an effect. Logging in is none that anyone minds."""
    tool = (case.tools or {}).get(act.name)
    if tool is None or not tool.write or tool.auth or act.text is None:
        return False
    return not is_informative(act.text)


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


def empty_answers(case: Case, trace: Trace, gaps: Sequence[Hole], notes: Notes) -> None:
    """Note an empty answer where the plan's replay or the tool's example has content.

    After something that should have been done before and was not, it follows from that.
    """
    for act in trace.of("agent"):
        if any(hole.turn <= act.turn for hole in gaps):
            return
        empty = emptiness(act.text) if act.failure is None else ""
        if empty and expects_content(case, trace, act, empty):
            notes.about(act, MISSING_OUTPUT, "the answer is empty", span=(act.text or "")[:120])


def expects_content(case: Case, trace: Trace, act: Act, empty: str) -> bool:
    """Say whether the same call should have answered with content.

    The plan's replay decides, else the tool's example, else what the same tool answers elsewhere
    in the run; without any of them an empty answer may be right.
    """
    golds = [g for turn in case.gold or () for g in turn if g.name == act.name]
    equal = [g for g in golds if all(same(v, act.arguments.get(k)) for k, v in g.arguments.items())]
    if golds and not equal:
        return False
    replayed = [g.result for g in equal if g.result is not UNKNOWN]
    if replayed:
        return any(has_content(result) for result in replayed)
    tool = (case.tools or {}).get(act.name)
    if tool is None:
        return False
    if tool.example is not UNKNOWN:
        return has_content(tool.example)
    if tool.write or empty != "void" or not equal:
        return False
    others = (a for a in trace.acts if a.name == act.name and a.failure is None and a is not act)
    return any(a.text and not emptiness(a.text) for a in others)


def has_content(result: object) -> bool:
    if isinstance(result, Unknown):
        return False
    text = result if isinstance(result, str) else json.dumps(result, default=str)
    return failure_of(text) is None and not emptiness(text)


def silent_infos(case: Case, trace: Trace, notes: Notes) -> None:
    """Note infos that the agent had to pass on and never said, or a last reply without answer."""
    if case.answers and case.passed is False:
        last = next((i for i in range(len(case.log) - 1, -1, -1)
                     if case.log[i].author == "agent" and case.log[i].text), None)  # fmt: skip
        if last is not None:
            wanted = " | ".join(case.answers)[:200]
            notes.add(INACCURATE, f"the answer is {wanted}", message=last,
                      span=case.log[last].text[:200])  # fmt: skip
    if not case.communicate:
        return
    said = [m.text.casefold().replace(",", "") for m in case.log if m.author == "agent"]
    for info in case.communicate:
        if not any(info.casefold().replace(",", "") in text for text in said):
            last = len(case.log) - 1 if case.log else None
            reason = "the user was not told"
            notes.add(INACCURATE, reason, message=last, span=info)


def contradictions(remarks: Iterable[Remark], notes: Notes) -> None:
    """Note numbers in replies that contradict the field they are said to be.

    In turns where something else went wrong they follow from it, and are no news.
    """
    troubled = {f.turn for f in notes.found}
    for remark in remarks:
        if remark.about and remark.turn not in troubled:
            reason = f"the tool says {remark.about} = {remark.truth}"
            where = {"turn": remark.turn, "message": remark.message, "span": remark.span}
            notes.add(INACCURATE, reason, **where)
