"""From (task, trial, status) to exact counts per task: what every metric is computed from."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Literal, get_args

from harness.faults import UserMistake

ErrorPolicy = Literal["fail", "drop"]
Record = tuple[str, int, str]
Counts = tuple[int, int]
Group = tuple[Counts, ...]
PerTask = Callable[[int, int, int], Fraction | None]
STATUSES = frozenset({"pass", "fail", "error", "missing"})


class BadOutcomes(UserMistake, ValueError):
    """Outcomes or a k that cannot be summarised: which one, and why."""


def pass_hat(n: int, c: int, k: int) -> Fraction | None:
    """Chance that k of the n trials, drawn without return, all succeed: C(c,k)/C(n,k)."""
    check_counts(n, c, k)
    return Fraction(math.comb(c, k), math.comb(n, k)) if n >= k else None


def pass_at(n: int, c: int, k: int) -> Fraction | None:
    """Chance that at least one of k drawn trials succeeds: 1 - C(n-c,k)/C(n,k) (HumanEval)."""
    check_counts(n, c, k)
    return 1 - Fraction(math.comb(n - c, k), math.comb(n, k)) if n >= k else None


def check_counts(n: int, c: int, k: int) -> None:
    if not 0 <= c <= n:
        raise BadOutcomes(f"{c} successes of {n} trials is impossible")
    check_k(k)


def check_k(k: int) -> int:
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        raise BadOutcomes(f"k must be a whole number of at least 1, not {k!r}")
    return k


def tally(
    outcomes: Iterable[Record], error_policy: ErrorPolicy = "fail"
) -> tuple[dict[str, Counts], Counter[str]]:
    """Count (scored trials, successes) per task, and trials per status."""
    if error_policy not in get_args(ErrorPolicy):
        raise BadOutcomes(f"error_policy must be fail or drop, not {error_policy!r}")
    unscored = {"missing"} if error_policy == "fail" else {"missing", "error"}
    tallies: dict[str, Counts] = {}
    statuses: Counter[str] = Counter()
    seen: set[tuple[str, int]] = set()
    for task, trial, status in outcomes:
        if status not in STATUSES:
            raise BadOutcomes(
                f"task {task} trial {trial} has status {status!r}; "
                "it must be pass, fail, error or missing"
            )
        if (task, trial) in seen:
            raise BadOutcomes(f"task {task} trial {trial} appears twice")
        seen.add((task, trial))
        statuses[status] += 1
        n, c = tallies.get(task, (0, 0))
        tallies[task] = (n + (status not in unscored), c + (status == "pass"))
    return tallies, statuses


def group(tallies: Mapping[str, Counts], clusters: Mapping[str, str] | None) -> Counter[Group]:
    """Count clusters by the sorted (n, c) of their tasks; an unnamed task is its own cluster."""
    if not clusters:
        return Counter((counts,) for counts in tallies.values())
    members: dict[str, list[Counts]] = {}
    for task, counts in tallies.items():
        members.setdefault(clusters.get(task) or task, []).append(counts)
    return Counter(tuple(sorted(counts)) for counts in members.values())


def task_counts(groups: Mapping[Group, int]) -> Counter[Counts]:
    """Count tasks by (n, c), whatever their cluster."""
    counts: Counter[Counts] = Counter()
    for members, times in groups.items():
        for pair in members:
            counts[pair] += times
    return counts


def cluster_sums(
    groups: Mapping[Group, int], per_task: PerTask, k: int
) -> list[tuple[Fraction, int, int]]:
    """List (sum of the per-task values, tasks that have one, number of such clusters)."""
    sums: Counter[tuple[Fraction, int]] = Counter()
    for members, times in groups.items():
        values = [v for n, c in members if (v := per_task(n, c, k)) is not None]
        if values:
            sums[sum(values, Fraction()), len(values)] += times
    return [(total, size, times) for (total, size), times in sums.items()]


def standard_error(sums: Iterable[tuple[Fraction, int, int]]) -> float | None:
    """Cluster-robust standard error of a mean over tasks, with the factor C/(C-1).

    With one task per cluster it is sd/sqrt(N). None for fewer than two clusters.
    """
    sums = list(sums)
    clusters = sum(m for _, _, m in sums)
    if clusters < 2:
        return None
    tasks = sum(size * m for _, size, m in sums)
    mean = sum(v * m for v, _, m in sums) / Fraction(tasks)
    squares = sum((v - mean * size) ** 2 * m for v, size, m in sums)
    return math.sqrt(Fraction(clusters, clusters - 1) * squares / tasks**2)
