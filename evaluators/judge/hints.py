"""What rules suspect and cannot decide: questions for a judge, strongest first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from evaluators.judge.align import Alignment
from evaluators.judge.case import Case
from evaluators.judge.categories import (
    EXECUTION_ERROR,
    FABRICATED_AFTER_ERROR,
    HALLUCINATED,
    IGNORED_RESULTS,
    INACCURATE,
    MISSING_OUTPUT,
    MISUSED_RESULT,
    NOT_RECOVERED,
)
from evaluators.judge.failures import emptiness
from evaluators.judge.findings import Finding
from evaluators.judge.provenance import Sources, sources_before, ungrounded
from evaluators.judge.replies import (
    Remark,
    claims,
    figures_of,
    unsupported_codes,
    unsupported_figures,
)
from evaluators.judge.trace import Act, Trace
from evaluators.judge.values import leaves

_LEAVES = 200


def look(
    case: Case, trace: Trace, alignment: Alignment, found: Sequence[Finding]
) -> Iterator[Finding]:
    """Yield hints that no decided finding already covers."""
    decided = {(f.category, f.message) for f in found}
    for suspicion in every(case, trace, alignment):
        if (suspicion.category, suspicion.message) not in decided:
            yield suspicion


def every(case: Case, trace: Trace, alignment: Alignment) -> Iterator[Finding]:
    remarks = list(unsupported_figures(case, trace, all_of_them=True))
    yield from unhealed(trace)
    yield from hollow(case, trace, "void")
    for remark in remarks:
        yield from contradiction(remark)
    for remark in [*(r for r in remarks if not r.about), *unsupported_codes(case, trace)]:
        yield from invention(trace, remark)
    yield from invented_arguments(case, trace, alignment)
    yield from empty_claims(trace, alignment)
    yield from hollow(case, trace, "hollow")
    yield from ignored(case, trace)


def hint(category: str, reason: str, act: Act, span: str = "") -> Finding:
    return Finding(category, reason, act.turn, act.message, act.name, span, "hint")


def unhealed(trace: Trace) -> Iterator[Finding]:
    """Yield calls that failed for good, also where the plan may have expected it."""
    for act in trace.of("agent"):
        if act.failure is None or any(
            a.name == act.name and a.failure is None for a in trace.acts[act.number + 1 :]
        ):
            continue
        reason = f"failed: {act.failure[:200]}"
        for category in (EXECUTION_ERROR, NOT_RECOVERED):
            yield hint(category, reason, act, act.failure[:200])


def contradiction(remark: Remark) -> Iterator[Finding]:
    if remark.about:
        reason = f"the tool says {remark.about} = {remark.truth}"
        place = (remark.turn, remark.message, None, remark.span)
        yield Finding(MISUSED_RESULT, reason, *place, "hint")


def invention(trace: Trace, remark: Remark) -> Iterator[Finding]:
    """Yield a value that was said and never seen.

    A figure beside answers with figures is rather a wrong one than an invented one; after an
    error or an empty answer it may have been made up for it.
    """
    reason = "nothing that the agent saw has this value"
    before = [a for a in trace.acts if a.turn == remark.turn and a.message < remark.message]
    troubled = any(a.failure or emptiness(a.text) for a in before)
    measured = remark.is_figure and any(
        a.text and not a.failure and figures_of(a.text) for a in before
    )
    categories = (
        *((INACCURATE, MISUSED_RESULT) if measured else ()),
        HALLUCINATED,
        *((FABRICATED_AFTER_ERROR,) if troubled else ()),
    )
    for category in categories:
        place = (remark.turn, remark.message, None, remark.span)
        yield Finding(category, reason, *place, "hint")


def invented_arguments(case: Case, trace: Trace, alignment: Alignment) -> Iterator[Finding]:
    """Yield ungrounded arguments of calls that the plan does not have."""
    for act in alignment.strangers:
        strange = ungrounded(dict(act.arguments), sources_before(case, trace, act))
        for value in strange[:3]:
            yield hint(HALLUCINATED, "an argument from nowhere", act, str(value)[:120])


def empty_claims(trace: Trace, alignment: Alignment) -> Iterator[Finding]:
    """Yield claims of having acted in turns where a planned call is missing."""
    for turn in sorted({p.turn for p in alignment.holes if p.act is None}):
        for message, words in claims(trace, turn):
            reason = "claims an action while a planned call is missing"
            yield Finding(HALLUCINATED, reason, turn, message, span=words, decided_by="hint")


def hollow(case: Case, trace: Trace, kind: str) -> Iterator[Finding]:
    """Yield answers of lookups without content, which may be right."""
    for act in trace.of("agent"):
        tool = (case.tools or {}).get(act.name)
        looks = tool is None or not tool.write
        if looks and act.failure is None and emptiness(act.text) == kind:
            yield hint(MISSING_OUTPUT, "the answer is empty", act, (act.text or "")[:120])


def ignored(case: Case, trace: Trace) -> Iterator[Finding]:
    """Yield answers of which nothing appears in any later reply or call of their turn."""
    for act in trace.of("agent"):
        if act.failure or not act.text or emptiness(act.text):
            continue
        tool = (case.tools or {}).get(act.name)
        said = [(i, text) for i, text in trace.said(act.turn) if i > act.message]
        if tool is None or tool.write is not False or not said:
            continue
        later = [str(v) for a in trace.acts if a.message > act.message
                 for v in leaves(dict(a.arguments))]  # fmt: skip
        shown = Sources([*(text for _, text in said), *later])
        values = answer_values(act.text)
        if values and not any(shown.holds(value) for value in values):
            yield hint(IGNORED_RESULTS, "nothing of the answer is used", act, act.text[:120])


def answer_values(text: str) -> list[object]:
    """List the values of an answer that a reply would repeat."""
    try:
        found = list(leaves(json.loads(text)))[:_LEAVES]
    except (ValueError, RecursionError):
        found = text.split()[:_LEAVES]
    return [v for v in found if v not in (None, "") and not isinstance(v, bool)]
