"""The rules: from a case to decided categories, hints, tags and blame (VULCAN Tables 8 and 9)."""

from __future__ import annotations

from itertools import islice

from evaluators.judge import answers, attribution, hints, holes, offences, order, remainder, tags
from evaluators.judge.align import Alignment, align
from evaluators.judge.case import Case
from evaluators.judge.categories import table_of
from evaluators.judge.explain import explain
from evaluators.judge.findings import Finding, Judgement, Notes
from evaluators.judge.trace import Trace


def judge(case: Case, *, guess: bool = False) -> Judgement:
    """Label a case by rule. Never fails: what cannot be looked at is `undetermined`.

    `guess` asks for hints too. Hints become findings only where the benchmark says that the run
    failed and no rule found why; they keep `decided_by="hint"`.
    """
    trace = Trace(case.log)
    if case.fault is not None:
        return attribution.of_fault(case)
    alignment = align(case, trace)
    notes = Notes()
    gaps, strangers = explain(case, trace, alignment)
    if holes.no_calls(case, trace, alignment, notes):
        gaps = []
    holes.label(case, trace, alignment, gaps, notes)
    offences.label(case, trace, gaps, strangers, notes)
    answers.empty(case, trace, gaps, notes)
    answers.silent(case, trace, notes)
    order.label(case, trace, alignment, notes)
    if not case.passed:
        answers.contradictions(case, trace, notes)
    if case.passed is False and not notes.found:
        remainder.label(case, trace, alignment, notes)
    found = tuple(notes.found)
    guessed: tuple[Finding, ...] = ()
    if (guess and not case.passed) or (case.passed is False and not found):
        guessed = tuple(hints.look(case, trace, alignment, found))
    if case.passed is False and not found:
        found = tuple(promoted(guessed))
    return finish(case, trace, alignment, found, guessed)


def promoted(guessed: tuple[Finding, ...]) -> list[Finding]:
    """Take the strongest hint as the finding, with its twin in the other table."""
    if not guessed:
        return []
    first = guessed[0]
    twins = (
        h
        for h in guessed
        if (h.message, h.reason) == (first.message, first.reason)
        and table_of(h.category) != table_of(first.category)
    )
    return [first, *islice(twins, 1)]


def finish(
    case: Case,
    trace: Trace,
    alignment: Alignment,
    found: tuple[Finding, ...],
    guessed: tuple[Finding, ...],
) -> Judgement:
    """Add tags, blame, score and what is undetermined."""
    wrong = bool(found) or case.passed is False
    places = [f.message for f in found if f.message is not None]
    who, why = attribution.blame(case, trace, alignment, found) if wrong else (None, "")
    return Judgement(
        case.id,
        found,
        guessed,
        tuple(tags.look(case, trace, alignment)) if wrong else (),
        tuple(undetermined(case, found)),
        who,
        why,
        first_error=min(places, default=None),
        score=score_of(alignment),
        single_turn=case.single_turn,
    )


def score_of(alignment: Alignment) -> float | None:
    """Return the share of required planned calls that were carried out, None without any."""
    wanted = [p for p in alignment.planned if not p.excused]
    return sum(p.done for p in wanted) / len(wanted) if wanted else None


def undetermined(case: Case, found: tuple[Finding, ...]) -> list[str]:
    """Say what could not be looked at, and why."""
    reasons = []
    if not case.log:
        reasons.append("the log is empty")
    if case.gold is None:
        reasons.append(f"no reference plan{': ' + case.reason if case.reason else ''}")
    if case.tools is None:
        reasons.append("no tool specs: schemas, kinds of calls and logins are unknown")
    elif unknown := sorted({c.name for line in case.log for c in line.calls} - case.tools.keys()):
        reasons.append(f"tools without a spec: {', '.join(unknown)[:200]}")
    if case.passed is False and not found:
        reasons.append("the run failed and no rule says why")
    return reasons
