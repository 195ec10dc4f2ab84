"""Figures of a judge: precision and recall with intervals, confusion, agreement beyond chance."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaluators.judge.categories import TABLE_8, TABLE_9
from evaluators.judge.quality.planted import Planted
from harness.statistics import wilson

DRAWS = 1000
NOTHING = "(nothing)"


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with Wilson's 95 % bounds; None of nothing."""

    hits: int
    of: int

    def as_json(self) -> dict[str, Any]:
        if not self.of:
            return {"value": None, "n": 0}
        bounds = wilson(self.hits / self.of, self.of)
        return {
            "value": round(self.hits / self.of, 4),
            "low": round(bounds.low, 4),
            "high": round(bounds.high, 4),
            "n": self.of,
        }


@dataclass
class Scores:
    """Counts of one judge over planted cases.

    A named category is right where it was planted or truly follows (`Planted.allowed`).
    """

    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    controls: Counter[str] = field(default_factory=Counter)
    alarms: Counter[str] = field(default_factory=Counter)
    confusion: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, case: Planted, named: Iterable[str], primary: str | None) -> None:
        """Count what a judge said of one case."""
        said = set(named)
        self.confusion[case.kind][primary or NOTHING] += 1
        if case.control:
            self.controls[case.kind] += 1
            self.alarms[case.kind] += bool(said)
            return
        self.planted.update(case.truth)
        self.found.update(case.truth & said)
        self.named.update(said)
        self.right.update(said & (case.truth | case.allowed))

    def recall(self, category: str) -> Rate:
        return Rate(self.found[category], self.planted[category])

    def precision(self, category: str) -> Rate:
        return Rate(self.right[category], self.named[category])

    def as_json(self) -> dict[str, Any]:
        """Return every figure: per category, confusion by kind, false alarms on controls."""
        seen = [c for c in (*TABLE_9, *TABLE_8) if self.planted[c] or self.named[c]]
        return {
            "categories": {
                c: {"recall": self.recall(c).as_json(), "precision": self.precision(c).as_json()}
                for c in seen
            },
            "confusion": {k: dict(v.most_common()) for k, v in sorted(self.confusion.items())},
            "controls": {
                "alarms": Rate(self.alarms.total(), self.controls.total()).as_json(),
                "by_kind": {k: [self.alarms[k], n] for k, n in sorted(self.controls.items())},
            },
        }


def kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> float | None:
    """Cohen's kappa of two raters; None where there is nothing to agree beyond chance about."""
    if not pairs:
        return None
    n = len(pairs)
    observed = sum(a == b for a, b in pairs) / n
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(first[label] * second[label] for label in first) / (n * n)
    return None if chance == 1 else (observed - chance) / (1 - chance)


def agreement(
    pairs: Sequence[tuple[str, Hashable, Hashable]], draws: int = DRAWS, seed: int = 0
) -> dict[str, Any]:
    """Return raw agreement and kappa of (task, label, label), kappa with a task bootstrap."""
    flat = [(a, b) for _, a, b in pairs]
    by_task: Mapping[str, list[tuple[Hashable, Hashable]]] = defaultdict(list)
    for task, a, b in pairs:
        by_task[task].append((a, b))
    found: dict[str, Any] = {
        "n": len(flat),
        "tasks": len(by_task),
        "raw": sum(a == b for a, b in flat) / len(flat) if flat else None,
        "kappa": kappa(flat),
    }
    groups = list(by_task.values())
    rng = random.Random(seed)
    drawn = (kappa([p for g in rng.choices(groups, k=len(groups)) for p in g])
             for _ in range(draws if groups else 0))  # fmt: skip
    values = sorted(k for k in drawn if k is not None)
    if values:
        found["kappa_low"] = values[int(0.025 * len(values))]
        found["kappa_high"] = values[min(int(0.975 * len(values)), len(values) - 1)]
    return found


def f1(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """Return the F1 of (expected, said); None where neither ever says yes."""
    both = sum(a and b for a, b in pairs)
    either = sum(a for a, _ in pairs) + sum(b for _, b in pairs)
    return 2 * both / either if either else None


def gap(one: Scores, two: Scores) -> dict[str, dict[str, float]]:
    """Return how much worse the second set is, per category: recall and precision, in points.

    Categories that either set lacks are left out.
    """
    worse: dict[str, dict[str, float]] = {}
    for category in (*TABLE_9, *TABLE_8):
        rates = [(s.recall(category), s.precision(category)) for s in (one, two)]
        if all(recall.of for recall, _ in rates):
            (r1, p1), (r2, p2) = rates
            worse[category] = {"recall": round(100 * (share(r1) - share(r2)), 2)}
            if p1.of and p2.of:
                worse[category]["precision"] = round(100 * (share(p1) - share(p2)), 2)
    return worse


def share(rate: Rate) -> float:
    return rate.hits / rate.of if rate.of else 0.0
