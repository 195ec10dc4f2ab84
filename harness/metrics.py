"""pass^k and pass@k with their standard errors, exactly, from (task, trial, status) alone.

A trial is `pass`, `fail`, `error` (infrastructure failed, no verdict) or `missing` (never played).
`error_policy="fail"`, the headline, counts errors as failures (tau-bench's convention); "drop"
leaves them out (tau2's). Missing trials are never scored, so their task has a smaller n: k > n
gives None, never 0.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from harness.tallies import (
    BadOutcomes,
    Counts,
    ErrorPolicy,
    Group,
    PerTask,
    Record,
    check_k,
    cluster_sums,
    group,
    pass_at,
    pass_hat,
    standard_error,
    tally,
    task_counts,
)

__all__ = [
    "BadOutcomes",
    "Estimate",
    "Paired",
    "Summary",
    "differences",
    "paired",
    "pass_at",
    "pass_hat",
    "summarise",
]


@dataclass(frozen=True, slots=True)
class Estimate:
    """One metric at one k. `strict` is None unless every task has at least k scored trials.

    `partial` is the mean over the `tasks_used` tasks that have them; both standard errors belong
    to it and are None for fewer than two tasks (clusters). All are exact rationals as floats.
    """

    strict: float | None
    partial: float | None
    tasks_used: int
    tasks_total: int
    se_task: float | None
    se_clustered: float | None
    clusters_used: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a set of trials says. Rates of tasks are over tasks with at least one scored trial.

    `avg_reward` is trial-weighted (pass = 1, else 0), unlike pass^1, which is task-weighted.
    `groups` counts the clusters by the (n, c) of their tasks: everything else follows from it.
    """

    error_policy: ErrorPolicy
    pass_hat: Mapping[int, Estimate]
    pass_at: Mapping[int, Estimate]
    tasks_total: int
    tasks_lost: int
    statuses: Mapping[str, int]
    trials_scored: int
    n_min: int
    n_max: int
    avg_reward: float | None
    error_rate: float | None
    flaky_rate: float | None
    never_rate: float | None
    always_rate: float | None
    groups: Mapping[Group, int]

    @property
    def counts(self) -> Counter[Counts]:
        """Number of tasks per (scored trials, successes)."""
        return task_counts(self.groups)

    @property
    def c_histogram(self) -> tuple[int, ...] | None:
        """Tasks with 0, 1, ..., n successes; None where tasks differ in n."""
        if self.n_min != self.n_max or not self.tasks_total:
            return None
        counts = self.counts
        return tuple(counts[self.n_max, c] for c in range(self.n_max + 1))


@dataclass(frozen=True, slots=True)
class Paired:
    """Model A minus model B over the tasks that both have k scored trials of.

    `z` and two-sided `p` are normal; None where fewer than two tasks (clusters) are common. When
    every task differs by the same amount, `se` is 0 and `p` is that of the exact sign-flip test.
    `only_a` and `only_b` count the tasks that only one side can be scored on.
    """

    diff: float | None
    se: float | None
    z: float | None
    p: float | None
    n_common: int
    only_a: int
    only_b: int


def summarise(
    outcomes: Iterable[Record],
    ks: Iterable[int],
    error_policy: ErrorPolicy = "fail",
    clusters: Mapping[str, str] | None = None,
) -> Summary:
    """Summarise trials. `clusters` names the base task of tasks that are variants of one.

    Raises BadOutcomes (a ValueError) on a repeated (task, trial), an unknown status, k < 1.
    """
    ks = [check_k(k) for k in ks]
    tallies, statuses = tally(outcomes, error_policy)
    groups = group(tallies, clusters)
    counts = task_counts(groups)
    scored = sum(n * m for (n, _), m in counts.items())
    played = statuses["pass"] + statuses["fail"] + statuses["error"]
    live = sum(m for (n, _), m in counts.items() if n)
    never = sum(m for (n, c), m in counts.items() if n and c == 0)
    always = sum(m for (n, c), m in counts.items() if n and c == n)
    return Summary(
        error_policy=error_policy,
        pass_hat={k: estimate(groups, pass_hat, k) for k in ks},
        pass_at={k: estimate(groups, pass_at, k) for k in ks},
        tasks_total=len(tallies),
        tasks_lost=len(tallies) - live,
        statuses=statuses,
        trials_scored=scored,
        n_min=min((n for n, _ in counts), default=0),
        n_max=max((n for n, _ in counts), default=0),
        avg_reward=share(statuses["pass"], scored),
        error_rate=share(statuses["error"], played),
        flaky_rate=share(live - never - always, live),
        never_rate=share(never, live),
        always_rate=share(always, live),
        groups=groups,
    )


def share(part: int, whole: int) -> float | None:
    """Return part/whole, or None of nothing."""
    return part / whole if whole else None


def estimate(groups: Mapping[Group, int], per_task: PerTask, k: int) -> Estimate:
    """Average a per-task value over tasks, with its standard errors over tasks and clusters."""
    singles: dict[Group, int] = {(pair,): times for pair, times in task_counts(groups).items()}
    by_task = cluster_sums(singles, per_task, k)
    by_cluster = cluster_sums(groups, per_task, k)
    total, used = sum(singles.values()), sum(m for _, _, m in by_task)
    mean = Fraction(sum(v * m for v, _, m in by_task), used) if used else None
    partial = None if mean is None else float(mean)
    return Estimate(
        strict=partial if used == total else None,
        partial=partial,
        tasks_used=used,
        tasks_total=total,
        se_task=standard_error(by_task),
        se_clustered=standard_error(by_cluster),
        clusters_used=sum(m for _, _, m in by_cluster),
    )


def differences(
    outcomes_a: Iterable[Record],
    outcomes_b: Iterable[Record],
    k: int = 1,
    error_policy: ErrorPolicy = "fail",
) -> tuple[dict[str, Fraction], int, int]:
    """Return pass^k of A minus that of B per common task, and how many only one side has."""
    check_k(k)
    sides = []
    for outcomes in (outcomes_a, outcomes_b):
        tallies, _ = tally(outcomes, error_policy)
        values = {t: pass_hat(n, c, k) for t, (n, c) in tallies.items()}
        sides.append({t: v for t, v in values.items() if v is not None})
    a, b = sides
    common = {task: a[task] - b[task] for task in a if task in b}
    return common, len(a) - len(common), len(b) - len(common)


def paired(
    outcomes_a: Iterable[Record],
    outcomes_b: Iterable[Record],
    k: int = 1,
    error_policy: ErrorPolicy = "fail",
    clusters: Mapping[str, str] | None = None,
) -> Paired:
    """Compare two models task by task (RESULTS: trials are never paired by index)."""
    common, only_a, only_b = differences(outcomes_a, outcomes_b, k, error_policy)
    members: dict[str, list[Fraction]] = {}
    for task, difference in common.items():
        members.setdefault((clusters or {}).get(task) or task, []).append(difference)
    sums = [(sum(values, Fraction()), len(values), 1) for values in members.values()]
    se = standard_error(sums)
    diff = sum(common.values(), Fraction()) / len(common) if common else None
    z, p = z_test(diff, se, len(members))
    return Paired(None if diff is None else float(diff), se, z, p, len(common), only_a, only_b)


def z_test(diff: Fraction | None, se: float | None, n: int) -> tuple[float | None, float | None]:
    """Two-sided normal test; with no spread at all, the exact sign-flip p of n equal values."""
    if diff is None or se is None:
        return None, None
    if se == 0:
        return (0.0, 1.0) if diff == 0 else (math.copysign(math.inf, diff), 2.0 ** (1 - n))
    z = float(diff) / se
    return z, math.erfc(abs(z) / math.sqrt(2))
