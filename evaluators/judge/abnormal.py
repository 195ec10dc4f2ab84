"""Tasks whose right answer is a text: nothing may be called, and what is missing must be said."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evaluators.judge.case import Case
from evaluators.judge.categories import (
    INCORRECT,
    NO_EXPLANATION,
    PLAN_VIOLATION,
    UNEXPECTED_CALL,
)
from evaluators.judge.findings import Notes
from evaluators.judge.trace import Trace

_NO_TOOLS = re.compile(
    r"\b(?:do not|don['’]?t|never|must not|without|should not|shouldn['’]?t) (?:\w+ ){0,3}?"
    r"(?:call(?:ing)?|us(?:e|ing)|invok(?:e|ing)|mak(?:e|ing)|run(?:ning)?)"
    r"(?: (?:a|an|any|the|your|of))* (?:tools?|functions?|apis?)\b"
    r"|\bno[ -](?:tool|function)[ -]calls?\b|\bno tools (?:may|should|must|can)\b",
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


def label(case: Case, trace: Trace, notes: Notes) -> None:
    """Judge a task whose right answer is a text: no call, and for `explain` what is missing."""
    acts = trace.of("agent")
    directive = forbids_tools(case.policy)
    for act in acts:
        notes.about(act, (INCORRECT, UNEXPECTED_CALL), "no call was due")
        if directive:
            notes.about(act, PLAN_VIOLATION, "the policy forbids tool calls", span=directive)
    if case.behaviour == "explain" and not acts:
        said = [(i, m.text) for i, m in enumerate(case.log) if m.author == "agent"]
        if not any(explains(text, case.missing) for _, text in said[-1:]):
            where = said[-1][0] if said else None
            reason = f"the reply does not say what is missing ({', '.join(case.missing) or '?'})"
            notes.add(NO_EXPLANATION, reason, message=where)


def against_orders(case: Case, trace: Trace, notes: Notes) -> None:
    """Note calls in a turn in which the user forbids them."""
    for act in trace.of("agent"):
        if act.turn >= 0 and (order := forbids_tools(trace.log[trace.starts[act.turn]].text)):
            notes.about(act, (INCORRECT, PLAN_VIOLATION), "the user forbids tool calls", span=order)


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
        words = [w for w in re.split(r"\W+|_", name.casefold()) if len(w) > 1]
        if name.casefold() in folded or sum(w in folded for w in words) >= 2:
            return True
    return False
