"""Why trials failed: counts of error categories, of who is to blame, and how far runs got.

Evaluators that label leave categories in a verdict, and `parts["judge"]` with `attribution` and
`score`, the share of the reference plan that was carried out.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.outcomes import Outcome

SHOWN = 3


@dataclass(slots=True)
class Failures:
    """Counts over the failed trials of a cell. A trial counts once for each of its categories."""

    categories: Counter[str] = field(default_factory=Counter)
    blamed: Counter[str] = field(default_factory=Counter)
    scores: list[float] = field(default_factory=list)
    failed: int = 0

    def add(self, outcome: Outcome) -> None:
        """Take in one trial that was played."""
        if outcome.status != "fail":
            return
        self.failed += 1
        self.categories.update({category.id for category in outcome.categories})
        about = outcome.parts.get("judge")
        if not isinstance(about, Mapping):
            return
        self.blamed[str(about.get("attribution") or "nobody")] += 1
        score = about.get("score")
        if isinstance(score, int | float) and math.isfinite(score):
            self.scores.append(float(score))

    def row(self) -> dict[str, Any]:
        """Return the table's columns: counts as JSON, None where nothing was labelled."""
        scores = self.scores
        return {
            "trials_failed": self.failed,
            "failure_categories": counted(self.categories),
            "failure_blame": counted(self.blamed),
            "judgement_score_mean": math.fsum(scores) / len(scores) if scores else None,
        }


def counted(counts: Mapping[str, int]) -> str | None:
    return json.dumps(dict(counts), sort_keys=True) if counts else None


def failure_note(row: Mapping[str, Any], title: str) -> str:
    """Say which categories most failed trials carry, and whom they are put down to."""
    labels = json.loads(row.get("failure_categories") or "{}")
    if not labels or not row.get("trials_failed"):
        return ""
    failed = int(row["trials_failed"])
    most = sorted(labels.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
    named = ", ".join(f"{name} {100 * count / failed:.0f} %" for name, count in most)
    blame = json.loads(row.get("failure_blame") or "{}")
    whom = ", ".join(f"{who} {count}" for who, count in sorted(blame.items()))
    return f"{title}: of {failed} failed trials {named}{f'; put down to: {whom}' if whom else ''}."
