"""A second opinion: a judge model on planted runs, against the truth, the rules and itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from evaluators.judge.categories import TABLE_8, TABLE_9, primary_of
from evaluators.judge.findings import Judgement
from evaluators.judge.llm.asking import Asker
from evaluators.judge.llm.deciding import checked, item_of, question_about
from evaluators.judge.quality.measure import Scores, agreement, f1
from evaluators.judge.quality.planted import Planted
from evaluators.judge.rules import judge
from harness.faults import ModelFault

Said = Mapping[str, str]
"""What a model says of every category: present, absent or undetermined."""


async def second_opinion(asker: Asker, planted: Sequence[Planted]) -> dict[str, Any]:
    """Ask a model about every category of each case, twice, in another order the second time.

    Returns its precision and recall, its agreement with the rules (raw, kappa with a task
    bootstrap, F1 per category), how often it changed its mind, and what it cost. Cases whose
    replies could not be used are counted, never read as free of errors.
    """
    scores, errors = Scores(), 0
    with_rules: list[tuple[str, str, str]] = []
    with_itself: list[tuple[str, str, str]] = []
    per_category: dict[str, list[tuple[bool, bool]]] = {}
    for case in planted:
        table = TABLE_8 if case.case.single_turn else TABLE_9
        try:
            first, again = [await opinion(asker, case, table, draw) for draw in (0, 1)]
        except ModelFault as fault:
            if fault.kind != "judge_error":
                raise
            errors += 1
            continue
        found = [c for c in table if first[c] == "present"]
        scores.add(case, found, primary_of(found, 8 if case.case.single_turn else 9))
        by_rule = {f.category for f in judge(case.case).findings}
        for category in table:
            rule = "present" if category in by_rule else "absent"
            with_rules.append((case.case.id, rule, first[category]))
            with_itself.append((case.case.id, first[category], again[category]))
            pair = (rule == "present", first[category] == "present")
            per_category.setdefault(category, []).append(pair)
    flips = sum(a != b for _, a, b in with_itself)
    return {
        "judge": asker.name,
        "cases": len(planted),
        "judge_errors": errors,
        "against_truth": scores.as_json(),
        "with_rules": {
            **agreement(with_rules),
            "f1": {c: f1(pairs) for c, pairs in per_category.items()},
        },
        "test_retest": {**agreement(with_itself), "flips": flips},
        "spent": asdict(asker.spent),
    }


async def opinion(asker: Asker, planted: Planted, table: Sequence[str], draw: int) -> Said:
    """Ask about all categories of a table, with nothing settled beforehand."""
    case = planted.case
    question = question_about(case, Judgement(case.id), table, draw)
    reply = await asker.ask(question, sample=draw)
    return {c: checked(item_of(reply, c), case)["verdict"] for c in table}
