"""What reports and trackers are told of judged trials."""

from __future__ import annotations

import json
from typing import Any

from harness.outcomes import Outcome
from harness.results.failures import failure_note
from harness.results.table import build_table
from harness.tracking.figures import blame_lines, category_lines, scores_of
from harness.types import Category


def outcome(task: str, status: Any, about: Any = None, *labels: str) -> Outcome:
    parts = {} if about is None else {"judge": about}
    categories = tuple(Category(label) for label in labels)
    return Outcome("b", "d", task, 0, status, parts=parts, categories=categories)


OUTCOMES = [
    outcome("1", "fail", {"score": 0.5, "attribution": "agent"}, "Missing Tool Call"),
    outcome("2", "fail", {"score": None, "attribution": "user"}, "Missing Tool Call", "Other"),
    outcome("3", "fail", {"score": 1.0, "attribution": None}),
    outcome("4", "fail"),  # not judged
    outcome("5", "pass", {"score": 1.0, "attribution": "agent"}, "Never Counted"),
    outcome("6", "fail", "torn"),
]


def test_shares_of_failed_trials() -> None:
    assert category_lines(OUTCOMES) == [("b", "Missing Tool Call", 2, 5), ("b", "Other", 1, 5)]
    assert blame_lines(OUTCOMES) == [
        ("b", "agent", 1, 3), ("b", "nobody", 1, 3), ("b", "user", 1, 3),
    ]  # fmt: skip
    assert scores_of(OUTCOMES) == [("b", 0.5), ("b", 1.0)]
    assert (blame_lines([]), scores_of([])) == ([], [])


def test_the_table_counts_why_trials_failed() -> None:
    (row,) = build_table(OUTCOMES[:4] + OUTCOMES[4:5], ks=(1,))
    assert json.loads(row["failure_categories"]) == {"Missing Tool Call": 2, "Other": 1}
    assert json.loads(row["failure_blame"]) == {"agent": 1, "nobody": 1, "user": 1}
    assert (row["trials_failed"], row["judgement_score_mean"]) == (4, 0.75)
    note = failure_note(row, "b/d")
    assert note.startswith("b/d: of 4 failed trials Missing Tool Call 50 %, Other 25 %; put down")
    (good,) = build_table(OUTCOMES[4:5], ks=(1,))
    assert (good["failure_categories"], failure_note(good, "b/d")) == (None, "")
