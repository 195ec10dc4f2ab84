import itertools
import math
import random
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.metrics import pass_at, pass_hat, summarise
from harness.statistics import (
    Components,
    bootstrap,
    detectable,
    holm,
    interval,
    minimum_detectable,
    naive_error,
    sign_flip,
    tasks_needed,
    variance_components,
    wilson,
)
from harness.tallies import Group, cluster_sums

AIRLINE: Counter[tuple[int, int]] = Counter(
    {(4, 0): 14, (4, 1): 12, (4, 2): 10, (4, 3): 4, (4, 4): 10}
)
AIRLINE_GROUPS: dict[Group, int] = {(pair,): m for pair, m in AIRLINE.items()}


def groups_of(successes: list[int], n: int) -> Counter[Group]:
    return Counter(((n, c),) for c in successes)


def test_example_b_components_and_naive_error() -> None:
    split = variance_components({(4, 4): 1, (4, 2): 1, (4, 0): 1})
    assert split == Components(2 / 9, 1 / 9, 2 / 3)
    assert naive_error(6, 12) == pytest.approx(0.144338, abs=1e-6)


def test_example_d_components_naive_error_and_bootstrap() -> None:
    split = variance_components(AIRLINE)
    assert split is not None
    assert (split.between, split.within) == pytest.approx((0.0997, 0.1467), abs=5e-5)
    assert split.icc == pytest.approx(0.405, abs=5e-4)
    assert naive_error(84, 200) == pytest.approx(0.0349, abs=5e-5)
    assert 0.0522 / naive_error(84, 200) == pytest.approx(1.50, abs=0.005)
    bounds = bootstrap(cluster_sums(AIRLINE_GROUPS, pass_hat, 1))
    assert (bounds.low, bounds.high) == pytest.approx((0.32, 0.525), abs=0.006)


def test_example_e_tasks_needed() -> None:
    assert tasks_needed(0.03, 1 / 9) == 969
    assert tasks_needed(0.03, 1 / 9, noise=0.2, trials=4) > 969


@pytest.mark.parametrize(
    ("tasks", "trials", "points"),
    [
        *((50, 1, 24.8), (50, 4, 16.5), (50, 8, 14.6)),
        *((114, 1, 16.4), (114, 4, 10.9), (114, 8, 9.7), (278, 4, 7.0)),
    ],
)
def test_minimum_detectable_difference(tasks: int, trials: int, points: float) -> None:
    split = variance_components(AIRLINE)
    assert split is not None
    assert 100 * detectable(split, tasks, trials) == pytest.approx(points, abs=0.05)


def test_the_table_uses_its_own_variance() -> None:
    assert minimum_detectable(AIRLINE) == pytest.approx(0.165, abs=5e-4)
    assert minimum_detectable({(4, 4): 50}) is None
    assert minimum_detectable({(4, 2): 1}) is None
    once = minimum_detectable({(1, 1): 21, (1, 0): 29})
    assert once == pytest.approx(2.8016 * math.sqrt(2 * 0.42 * 0.58 * 50 / 49 / 50), rel=1e-4)


def test_unbalanced_trials_have_components_too() -> None:
    split = variance_components({(4, 4): 3, (2, 0): 3, (1, 1): 2, (0, 0): 5})
    assert split is not None
    assert split.within == 0.0
    assert split.icc == 1.0
    assert variance_components({(1, 1): 5, (1, 0): 5}) is None
    assert variance_components({(4, 4): 3}) == Components(0.0, 0.0, None)


def test_one_trial_per_task_uses_wilson() -> None:
    bounds = interval(groups_of([1] * 14 + [0] * 36, 1), pass_hat, 1)
    assert bounds is not None
    assert bounds.method == "wilson"
    assert (bounds.low, bounds.high) == pytest.approx((0.1747, 0.4167), abs=5e-4)


@pytest.mark.parametrize(("c", "edge"), [(0, 0.0), (4, 1.0)])
def test_no_spread_uses_wilson_over_tasks_and_never_a_width_of_zero(c: int, edge: float) -> None:
    for k in (1, 4):
        bounds = interval(groups_of([c] * 20, 4), pass_hat, k)
        assert bounds is not None
        assert bounds.method == "wilson"
        assert edge in (bounds.low, bounds.high)
        assert bounds.high - bounds.low == pytest.approx(0.161, abs=1e-3)


def test_t_intervals_are_clipped() -> None:
    bounds = interval(groups_of([4, 4, 3], 4), pass_hat, 1)
    assert bounds is not None
    assert bounds.method == "t"
    assert bounds.high == 1.0
    assert bounds.low == pytest.approx(11 / 12 - 4.302653 * (1 / 12), abs=1e-6)


def test_larger_k_uses_the_bootstrap_and_repeats_itself() -> None:
    first = interval(AIRLINE_GROUPS, pass_hat, 4)
    shuffled = dict(reversed(AIRLINE_GROUPS.items()))
    assert first is not None
    assert first.method == "bootstrap"
    assert first == interval(shuffled, pass_hat, 4)


def test_one_task_says_little() -> None:
    assert interval(groups_of([2], 4), pass_hat, 1) is None
    sure = interval(groups_of([4], 4), pass_hat, 1)
    assert sure is not None
    assert sure.low == pytest.approx(0.2065, abs=1e-4)
    assert interval({}, pass_hat, 1) is None
    assert interval(groups_of([2, 2], 4), pass_hat, 5) is None


def test_variants_of_a_task_do_not_narrow_the_interval() -> None:
    copied: dict[Group, int] = {(pair, pair, pair): m for pair, m in AIRLINE.items()}
    for k in (1, 4):
        assert interval(copied, pass_hat, k) == interval(AIRLINE_GROUPS, pass_hat, k)


def test_wilson_meets_its_published_values() -> None:
    bounds = wilson(0.0, 10)
    assert (bounds.low, bounds.high) == pytest.approx((0.0, 0.2775), abs=1e-4)
    bounds = wilson(0.5, 10)
    assert (bounds.low, bounds.high) == pytest.approx((0.2366, 0.7634), abs=1e-4)


def test_sign_flip_by_hand() -> None:
    assert sign_flip([Fraction(1, 4), Fraction(1, 4)]) == 0.5
    assert sign_flip([Fraction(1)] * 5) == 2 / 32
    assert sign_flip([Fraction(1, 2), Fraction(-1, 2)]) == 1.0
    assert sign_flip([Fraction(0)] * 40) == 1.0
    assert sign_flip([Fraction(1)] * 21) is None
    assert sign_flip([Fraction(1)] * 20) == 2 / 2**20


@given(st.lists(st.fractions(-1, 1, max_denominator=12), max_size=8))
def test_sign_flip_against_enumeration(differences: list[Fraction]) -> None:
    observed = abs(sum(differences))
    hits = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True))) >= observed
        for signs in itertools.product((-1, 1), repeat=len(differences))
    ]
    assert sign_flip(differences) == pytest.approx(sum(hits) / len(hits))


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@settings(max_examples=30)
@given(st.lists(st.integers(0, 4), min_size=2, max_size=30), st.integers(1, 4))
def test_intervals_hold_their_estimate(successes: list[int], k: int) -> None:
    groups = groups_of(successes, 4)
    for per_task in (pass_hat, pass_at):
        bounds = interval(groups, per_task, k)
        values = [per_task(4, c, k) or Fraction() for c in successes]
        mean = float(sum(values, Fraction()) / len(values))
        assert bounds is not None
        assert 0 <= bounds.low <= mean + 1e-12
        assert mean - 1e-12 <= bounds.high <= 1


def draw_successes(rng: random.Random, tasks: int, n: int) -> list[int]:
    """Tasks of mixed difficulty, as uneven as real benchmarks (beta(.6, .8))."""
    rates = [rng.betavariate(0.6, 0.8) for _ in range(tasks)]
    return [sum(rng.random() < rate for _ in range(n)) for rate in rates]


def true_hat(k: int, alpha: float = 0.6, beta: float = 0.8) -> float:
    """E[p^k] of a beta distribution."""
    return math.prod((alpha + i) / (alpha + beta + i) for i in range(k))


@pytest.mark.parametrize(("k", "n"), [(1, 1), (1, 4), (2, 4), (4, 4)])
def test_coverage_is_near_nominal(k: int, n: int) -> None:
    rng, hits, runs = random.Random(k * 10 + n), 0, 400
    for _ in range(runs):
        bounds = interval(groups_of(draw_successes(rng, 50, n), n), pass_hat, k)
        assert bounds is not None
        hits += bounds.low <= true_hat(k) <= bounds.high
    assert 0.91 <= hits / runs <= 0.985


@pytest.mark.slow
@pytest.mark.parametrize(("k", "n", "tasks"), [(1, 4, 20), (1, 4, 114), (3, 4, 50), (4, 8, 114)])
def test_coverage_is_near_nominal_in_long_runs(k: int, n: int, tasks: int) -> None:
    rng, hits, runs = random.Random(tasks), 0, 4000
    for _ in range(runs):
        bounds = interval(groups_of(draw_successes(rng, tasks, n), n), pass_hat, k)
        assert bounds is not None
        hits += bounds.low <= true_hat(k) <= bounds.high
    assert 0.925 <= hits / runs <= 0.965


def test_trials_treated_as_independent_would_cover_too_little() -> None:
    """The failing twin: the naive error of pass^1 is too small by half."""
    rng, hits, runs = random.Random(7), 0, 400
    for _ in range(runs):
        successes = draw_successes(rng, 50, 4)
        mean, error = sum(successes) / 200, naive_error(sum(successes), 200)
        hits += abs(mean - true_hat(1)) <= 1.96 * error
    assert hits / runs < 0.85


def test_the_summary_feeds_the_interval() -> None:
    rows = [(str(t), 0, "pass") for t in range(10)]
    bounds = interval(summarise(rows, [1]).groups, pass_hat, 1)
    assert bounds == wilson(1.0, 10)
