"""Categories that follow from answers: empty ones of tools, silent or wrong ones of the agent."""

from __future__ import annotations

import json
from collections.abc import Sequence

from evaluators.judge.case import UNKNOWN, Case, Unknown
from evaluators.judge.categories import INACCURATE, MISSING_OUTPUT
from evaluators.judge.explain import Hole
from evaluators.judge.failures import emptiness, failure_of
from evaluators.judge.findings import Notes
from evaluators.judge.replies import unsupported_figures
from evaluators.judge.trace import Act, Trace
from evaluators.judge.values import same


def empty(case: Case, trace: Trace, gaps: Sequence[Hole], notes: Notes) -> None:
    """Note an empty answer where the plan's replay or the tool's example has content.

    After something that should have been done before and was not, it follows from that.
    """
    for act in trace.of("agent"):
        if any(hole.turn <= act.turn for hole in gaps):
            return
        kind = emptiness(act.text) if act.failure is None else ""
        if kind and expects_content(case, trace, act, kind):
            notes.about(act, MISSING_OUTPUT, "the answer is empty", span=(act.text or "")[:120])


def expects_content(case: Case, trace: Trace, act: Act, kind: str) -> bool:
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
    if tool.write or kind != "void" or not equal:
        return False
    others = (a for a in trace.acts if a.name == act.name and a.failure is None and a is not act)
    return any(a.text and not emptiness(a.text) for a in others)


def has_content(result: object) -> bool:
    if isinstance(result, Unknown):
        return False
    text = result if isinstance(result, str) else json.dumps(result, default=str)
    return failure_of(text) is None and not emptiness(text)


def silent(case: Case, trace: Trace, notes: Notes) -> None:
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


def contradictions(case: Case, trace: Trace, notes: Notes) -> None:
    """Note numbers in replies that contradict the field they are said to be.

    In turns where something else went wrong they follow from it, and are no news.
    """
    troubled = {f.turn for f in notes.found}
    for remark in unsupported_figures(case, trace, all_of_them=False, but=troubled):
        reason = f"the tool says {remark.about} = {remark.truth}"
        where = {"turn": remark.turn, "message": remark.message, "span": remark.span}
        notes.add(INACCURATE, reason, **where)
