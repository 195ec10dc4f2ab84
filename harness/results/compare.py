"""Compare runs task by task: paired differences, exact tests, Holm, the tasks that flipped."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from harness.faults import UserMistake
from harness.metrics import differences, paired
from harness.results.entries import SHOULD_AGREE, CellKey, Entry, conflicts, shared_cells
from harness.statistics import EXACT_UP_TO, holm, sign_flip, t_bounds
from harness.tallies import ErrorPolicy

FLIPPED = Fraction(1, 2)
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Comparison:
    """A minus B on one domain at one k. `p` is exact up to 20 tasks, else normal.

    `exact` says which. `wins` and `losses` are tasks that differ by half of their trials or more.
    """

    benchmark: str
    domain: str
    k: int
    a: str
    b: str
    diff: float | None
    se: float | None
    low: float | None
    high: float | None
    p: float | None
    exact: bool
    n_common: int
    only_a: int
    only_b: int
    wins: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    p_holm: float | None = None

    @property
    def tie(self) -> bool:
        """No difference is shown: the interval holds 0 (or there is none and p > .05)."""
        if self.low is not None and self.high is not None:
            return self.low <= 0 <= self.high
        return self.p is None or self.p > 1 - LEVEL


def compare(
    entries: Sequence[Entry], k: int = 1, policy: ErrorPolicy = "fail"
) -> tuple[list[Comparison], list[str]]:
    """Compare every pair of runs on every domain they share, and return notes beside it.

    Raises UserMistake where runs differ in data, grading version or reward basis.
    """
    cells = shared_cells(entries)
    if not cells:
        raise UserMistake("these runs share no benchmark and domain: nothing to compare")
    notes: list[str] = []
    for benchmark in dict.fromkeys(name for name, _ in cells):
        having = [e for e in entries if any(name == benchmark for name, _ in e.cells)]
        if wrong := conflicts(having, benchmark):
            raise UserMistake(f"these runs cannot be compared: {'; '.join(wrong)}")
        notes += conflicts(having, benchmark, SHOULD_AGREE)
    rows: list[Comparison] = []
    for a, b in itertools.combinations(entries, 2):
        rows += compare_pair(a, b, cells, k, policy)
    return adjust(rows), notes


def compare_pair(
    a: Entry, b: Entry, cells: Iterable[CellKey], k: int, policy: ErrorPolicy
) -> list[Comparison]:
    """Compare two runs on the domains that both have, then on their average per benchmark."""
    shared = [key for key in cells if key in a.cells and key in b.cells]
    rows: list[Comparison] = []
    for benchmark, keys in itertools.groupby(shared, key=lambda key: key[0]):
        parts = [compare_cell(a, b, key, k, policy) for key in keys]
        rows += parts
        if len(parts) > 1:
            rows.append(average(parts, benchmark, k))
    return rows


def compare_cell(a: Entry, b: Entry, key: CellKey, k: int, policy: ErrorPolicy) -> Comparison:
    """Compare two runs on one domain."""
    left, right = a.cells[key], b.cells[key]
    clusters = left.clusters | right.clusters
    result = paired(left.records, right.records, k, policy, clusters)
    per_task, _, _ = differences(left.records, right.records, k, policy)
    sums: dict[str, Fraction] = {}
    for task, difference in per_task.items():
        home = clusters.get(task) or task
        sums[home] = sums.get(home, Fraction()) + difference
    exact = sign_flip(sums.values()) if 0 < len(sums) <= EXACT_UP_TO else None
    low, high = bounds(result.diff, result.se, len(sums) - 1)
    return Comparison(
        *key,
        k,
        a.name,
        b.name,
        result.diff,
        result.se,
        low,
        high,
        result.p if exact is None else exact,
        exact is not None,
        result.n_common,
        result.only_a,
        result.only_b,
        tuple(sorted(task for task, d in per_task.items() if d >= FLIPPED)),
        tuple(sorted(task for task, d in per_task.items() if -d >= FLIPPED)),
    )


def bounds(diff: float | None, se: float | None, df: float) -> tuple[float | None, float | None]:
    """Bound a difference by t; nothing where the tasks show no spread."""
    if diff is None or not se:
        return None, None
    low, high = t_bounds(diff, se, df, LEVEL)
    return max(-1.0, low), min(1.0, high)


def average(parts: Sequence[Comparison], benchmark: str, k: int) -> Comparison:
    """Compare two runs on the unweighted mean of their domains."""
    diffs = [part.diff for part in parts if part.diff is not None]
    errors = [part.se for part in parts if part.se is not None]
    diff = math.fsum(diffs) / len(parts) if len(diffs) == len(parts) else None
    se = math.hypot(*errors) / len(parts) if len(errors) == len(parts) else None
    low, high = bounds(diff, se, max(1, sum(part.n_common for part in parts) - len(parts)))
    p = None
    if diff is not None and se is not None:
        p = math.erfc(abs(diff / se) / math.sqrt(2)) if se else 1.0 if diff == 0 else None
    return Comparison(
        benchmark,
        "average",
        k,
        parts[0].a,
        parts[0].b,
        diff,
        se,
        low,
        high,
        p,
        False,
        sum(part.n_common for part in parts),
        sum(part.only_a for part in parts),
        sum(part.only_b for part in parts),
    )


def adjust(rows: Sequence[Comparison]) -> list[Comparison]:
    """Correct the p values of all comparisons made together (Holm)."""
    tested = [row.p for row in rows if row.p is not None]
    corrected = iter(holm(tested))
    return [row if row.p is None else replace(row, p_holm=next(corrected)) for row in rows]


def tie_groups(ranked: Sequence[str], tied: dict[frozenset[str], bool]) -> list[int]:
    """Number the tie groups of names ranked best first.

    A name joins the group while the leader of the group is not shown to be better.
    """
    groups: list[int] = []
    leader = ""
    for name in ranked:
        if leader and tied.get(frozenset((leader, name)), True):
            groups.append(groups[-1])
        else:
            groups.append(groups[-1] + 1 if groups else 1)
            leader = name
    return groups
