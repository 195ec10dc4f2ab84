"""How sure a number is: intervals, exact tests, corrections, variance components and power.

The unit that is drawn is the task, or the base task where variants share one. numpy and scipy are
imported by the functions that need them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist

from harness.tallies import Counts, Group, PerTask, cluster_sums, standard_error, task_counts

LEVEL = 0.95
DRAWS = 10_000
EXACT_UP_TO = 20
CORRELATION = 0.5


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds of a confidence interval and how they were found: t, wilson or bootstrap."""

    low: float
    high: float
    method: str


@dataclass(frozen=True, slots=True)
class Components:
    """Variance of a single trial's success, split: between tasks, within a task; icc = share."""

    between: float
    within: float
    icc: float | None


def interval(
    groups: Mapping[Group, int],
    per_task: PerTask,
    k: int,
    level: float = LEVEL,
    seed: int = 0,
) -> Interval | None:
    """Bound the mean over tasks of a per-task value such as `pass_hat`.

    Wilson over tasks where each was tried once or where tasks show no spread (all passed), t with
    C-1 degrees of freedom for k = 1, the task bootstrap for k > 1. None where nothing can be said
    (no task, or a single one that is neither always nor never solved).
    """
    sums = cluster_sums(groups, per_task, k)
    tasks = sum(size * m for _, size, m in sums)
    clusters = sum(m for _, _, m in sums)
    if not tasks:
        return None
    mean = float(sum(v * m for v, _, m in sums) / Fraction(tasks))
    error = standard_error(sums)
    if error is None:
        return wilson(mean, 1, level) if mean in (0.0, 1.0) else None
    once = clusters == tasks and all(n == 1 for n, _ in task_counts(groups) if n >= k)
    if error == 0 or once:
        return wilson(mean, clusters, level)
    if k == 1:
        low, high = t_bounds(mean, error, clusters - 1, level)
        return Interval(max(0.0, low), min(1.0, high), "t")
    return bootstrap(sums, level, seed)


def t_bounds(mean: float, error: float, df: float, level: float = LEVEL) -> tuple[float, float]:
    """Return mean ± t·error with `df` degrees of freedom, unclipped."""
    from scipy.special import stdtrit

    width = float(stdtrit(df, (1 + level) / 2)) * error
    return mean - width, mean + width


def wilson(share: float, n: int, level: float = LEVEL) -> Interval:
    """Wilson's score interval for a share of n draws (the share need not be a count / n)."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre = share + z * z / (2 * n)
    width = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if share == 0 else max(0.0, (centre - width) / scale)
    high = 1.0 if share == 1 else min(1.0, (centre + width) / scale)
    return Interval(low, high, "wilson")


def bootstrap(
    sums: Sequence[tuple[Fraction, int, int]],
    level: float = LEVEL,
    seed: int = 0,
    draws: int = DRAWS,
) -> Interval:
    """Percentile bootstrap over whole clusters, given as (sum of values, tasks, how many).

    Drawing C clusters with return is drawing a multinomial over the distinct kinds of cluster.
    """
    import numpy as np

    sums = sorted(sums)
    values = np.array([float(v) for v, _, _ in sums])
    sizes = np.array([size for _, size, _ in sums], dtype=float)
    times = np.array([m for _, _, m in sums], dtype=float)
    clusters = int(times.sum())
    drawn = np.random.default_rng(seed).multinomial(clusters, times / clusters, size=draws)
    means = (drawn @ values) / (drawn @ sizes)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(max(0.0, float(low)), min(1.0, float(high)), "bootstrap")


def sign_flip(differences: Iterable[Fraction]) -> float | None:
    """Exact two-sided sign-flip p of "the differences are symmetric about 0"; None above N = 20.

    Zero differences do not count towards N: flipping them changes nothing.
    """
    import numpy as np

    values = [float(d) for d in differences if d]
    if len(values) > EXACT_UP_TO:
        return None
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    rounding = 1e-9 * sum(map(abs, values))
    return float(np.mean(np.abs(sums) >= abs(sum(values)) - rounding))


def holm(ps: Sequence[float]) -> list[float]:
    """Adjust p values of several comparisons (Holm 1979), in the order given."""
    adjusted = [1.0] * len(ps)
    floor = 0.0
    for rank, index in enumerate(sorted(range(len(ps)), key=lambda i: ps[i])):
        floor = max(floor, min(1.0, (len(ps) - rank) * ps[index]))
        adjusted[index] = floor
    return adjusted


def naive_error(passes: int, trials: int) -> float:
    """Standard error as if trials were independent: too small, shown only to say by how much."""
    share = passes / trials
    return math.sqrt(share * (1 - share) / trials)


def variance_components(counts: Mapping[Counts, int]) -> Components | None:
    """Split the variance of a trial by moments; None without two tasks and a repeated trial."""
    shares = [(Fraction(c, n), n, m) for (n, c), m in counts.items() if n]
    repeated = [(p * (1 - p) * Fraction(n, n - 1), m) for p, n, m in shares if n > 1]
    tasks, pairs = sum(m for _, _, m in shares), sum(m for _, m in repeated)
    if tasks < 2 or not pairs:
        return None
    within = sum(v * m for v, m in repeated) / Fraction(pairs)
    noise = within * sum(Fraction(m, n) for _, n, m in shares) / tasks
    between = max(Fraction(), spread(shares, tasks) - noise)
    total = between + within
    return Components(float(between), float(within), float(between / total) if total else None)


def spread(shares: Iterable[tuple[Fraction, int, int]], tasks: int) -> Fraction:
    """Sample variance of the success rates of tasks, given as (rate, trials, how many tasks)."""
    shares = list(shares)
    mean = sum(p * m for p, _, m in shares) / Fraction(tasks)
    return sum((p - mean) ** 2 * m for p, _, m in shares) / Fraction(tasks - 1)


def detectable(
    split: Components,
    tasks: int,
    trials: float,
    correlation: float = CORRELATION,
    alpha: float = 0.05,
    power: float = 0.8,
) -> float:
    """Smallest true difference that a paired comparison of two such models shows with `power`.

    Both models have the variance `split`; their true task rates correlate by `correlation`.
    """
    variance = 2 * split.between * (1 - correlation) + 2 * split.within / trials
    return quantile_sum(alpha, power) * math.sqrt(variance / tasks)


def minimum_detectable(counts: Mapping[Counts, int]) -> float | None:
    """Apply `detectable` to the tasks at hand, with 80 % power at the 5 % level.

    With one trial per task the variance cannot be split: all of it is taken as noise (an upper
    bound). None where the trials show no variance at all.
    """
    shares = [(Fraction(c, n), n, m) for (n, c), m in counts.items() if n]
    tasks = sum(m for _, _, m in shares)
    if tasks < 2:
        return None
    split = variance_components(counts) or Components(0.0, float(spread(shares, tasks)), None)
    if not split.between + split.within:
        return None
    trials = tasks / float(sum(Fraction(m, n) for _, n, m in shares))
    return detectable(split, tasks, trials)


def tasks_needed(
    delta: float,
    omega2: float,
    noise: float = 0.0,
    trials: int = 1,
    alpha: float = 0.05,
    power: float = 0.8,
) -> int:
    """Tasks for a paired test to show `delta` with `power`.

    `omega2` is the variance of the true per-task difference, `noise` the sum of both models'
    within-task variances, `trials` the number per task: n = (z_a/2 + z_b)² (ω² + σ²/K) / δ².
    """
    variance = omega2 + noise / trials
    return math.ceil(quantile_sum(alpha, power) ** 2 * variance / delta**2)


def quantile_sum(alpha: float, power: float) -> float:
    normal = NormalDist()
    return normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)
