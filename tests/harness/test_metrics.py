import itertools
import math
import random
from collections.abc import Iterable, Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.faults import UserMistake
from harness.metrics import BadOutcomes, paired, pass_at, pass_hat, summarise

AIRLINE = [0] * 14 + [1] * 12 + [2] * 10 + [3] * 4 + [4] * 10


def trials(successes: Iterable[int], n: int = 4) -> list[tuple[str, int, str]]:
    """Tasks t0, t1, ... with the given numbers of successes in n trials."""
    return [
        (f"t{i}", trial, "pass" if trial < c else "fail")
        for i, c in enumerate(successes)
        for trial in range(n)
    ]


def strict(estimates: dict, ks: Sequence[int]) -> list[float | None]:
    return [estimates[k].strict for k in ks]


def test_example_a_one_task_with_three_of_four() -> None:
    summary = summarise(trials([3]), range(1, 6))
    assert strict(summary.pass_hat, range(1, 6)) == [0.75, 0.5, 0.25, 0.0, None]
    assert strict(summary.pass_at, range(1, 6)) == [0.75, 1.0, 1.0, 1.0, None]
    assert summary.pass_hat[1].se_task is None
    assert summary.c_histogram == (0, 0, 0, 1, 0)


def test_example_b_three_tasks() -> None:
    summary = summarise(trials([4, 2, 0]), [1, 2, 3, 4])
    assert strict(summary.pass_hat, [1, 2, 3, 4]) == [1 / 2, 7 / 18, 1 / 3, 1 / 3]
    assert strict(summary.pass_at, [1, 2, 3, 4]) == [1 / 2, 11 / 18, 2 / 3, 2 / 3]
    errors = [summary.pass_hat[k].se_task for k in (1, 2, 4)]
    assert errors == pytest.approx([0.288675, 0.309320, 0.333333], abs=1e-6)
    assert summary.pass_hat[1].se_clustered == summary.pass_hat[1].se_task
    assert summary.pass_at[4].strict == pytest.approx(4 / 2 - 6 * 7 / 18 + 4 / 3 - 1 / 3)


def test_example_b_trials_clustered_by_task_give_the_same_error() -> None:
    """One trial = one "task" of its cluster: the finite-sample corrected error is the task's."""
    rows = [(f"{task}/{trial}", 0, status) for task, trial, status in trials([4, 2, 0])]
    clusters = {task: task.partition("/")[0] for task, _, _ in rows}
    estimate = summarise(rows, [1], clusters=clusters).pass_hat[1]
    assert estimate.se_clustered == pytest.approx(0.288675, abs=1e-6)
    without_factor = estimate.se_clustered * math.sqrt(2 / 3)
    assert without_factor == pytest.approx(0.235702, abs=1e-6)
    assert estimate.clusters_used == 3
    assert estimate.se_task == pytest.approx(math.sqrt(0.25 / 11))


def test_example_c_paired() -> None:
    a, b = trials([4, 2, 0, 3]), trials([3, 1, 0, 3])
    result = paired(a, b, 1)
    assert result.diff == 1 / 8
    assert result.se == pytest.approx(0.072169, abs=1e-6)
    assert result.z == pytest.approx(1.732051, abs=1e-6)
    assert result.p == pytest.approx(0.083265, abs=1e-6)
    assert (result.n_common, result.only_a, result.only_b) == (4, 0, 0)


def test_example_d_the_airline_row_of_tau_bench() -> None:
    summary = summarise(trials(AIRLINE), [1, 2, 3, 4])
    assert summary.c_histogram == (14, 12, 10, 4, 10)
    assert strict(summary.pass_hat, [1, 2, 3, 4]) == [21 / 50, 41 / 150, 11 / 50, 1 / 5]
    assert summary.pass_at[4].strict == 18 / 25
    errors = [summary.pass_hat[k].se_task for k in (1, 2, 3, 4)]
    assert errors == pytest.approx([0.0522, 0.0555, 0.0565, 0.0571], abs=5e-5)


def test_the_plug_in_estimate_is_not_used() -> None:
    assert pass_hat(4, 2, 2) == Fraction(1, 6) != Fraction(1, 4)


def test_errors_fail_in_the_headline_and_are_left_out_when_dropped() -> None:
    rows = [("a", 0, "pass"), ("a", 1, "error"), ("b", 0, "error"), ("b", 1, "error")]
    headline, dropped = summarise(rows, [1, 2]), summarise(rows, [1, 2], "drop")
    assert headline.pass_hat[1].strict == 0.25
    assert headline.tasks_lost == 0
    assert headline.error_rate == dropped.error_rate == 0.75
    assert dropped.pass_hat[1].strict is None
    assert dropped.pass_hat[1].partial == 1.0
    assert (dropped.pass_hat[1].tasks_used, dropped.pass_hat[1].tasks_total) == (1, 2)
    assert dropped.tasks_lost == 1
    assert dropped.pass_hat[2].partial is None


def test_missing_trials_never_score() -> None:
    rows = [*trials([4, 2]), ("u", 0, "pass"), ("u", 1, "missing")]
    for policy in ("fail", "drop"):
        summary = summarise(rows, [1, 2], policy)  # type: ignore[arg-type]
        assert summary.pass_hat[1].strict == pytest.approx(2.5 / 3)
        assert summary.pass_hat[2].strict is None
        assert summary.pass_hat[2].partial == float(Fraction(7, 12))
        assert summary.pass_hat[2].tasks_used == 2
        assert (summary.n_min, summary.n_max) == (1, 4)
        assert summary.c_histogram is None


def test_a_task_that_was_never_played_is_known_and_lost() -> None:
    summary = summarise([*trials([4]), ("u", 0, "missing")], [1])
    assert summary.pass_hat[1].strict is None
    assert summary.pass_hat[1].partial == 1.0
    assert (summary.tasks_total, summary.tasks_lost) == (2, 1)


def test_the_mean_over_tasks_is_not_the_mean_over_trials() -> None:
    rows = [("a", 0, "pass"), *(("b", t, "fail") for t in range(3))]
    summary = summarise(rows, [1])
    assert summary.pass_hat[1].strict == 0.5
    assert summary.avg_reward == 0.25


def test_nothing_gives_nothing() -> None:
    summary = summarise([], [1, 2])
    assert summary.pass_hat[1].strict is None
    assert summary.pass_hat[1].partial is None
    assert summary.pass_hat[1].tasks_total == 0
    assert summary.avg_reward is None
    assert summary.c_histogram is None
    assert paired([], [], 1).diff is None


@pytest.mark.parametrize(
    ("rows", "ks", "policy", "words"),
    [
        ([("a", 0, "pass"), ("a", 0, "pass")], [1], "fail", "task a trial 0 appears twice"),
        ([("a", 0, "passed")], [1], "fail", "status 'passed'"),
        ([("a", 0, "pass")], [0], "fail", "at least 1, not 0"),
        ([("a", 0, "pass")], [-2], "fail", "at least 1, not -2"),
        ([("a", 0, "pass")], [1.5], "fail", "not 1.5"),
        ([("a", 0, "pass")], [True], "fail", "not True"),
        ([("a", 0, "pass")], [1], "ignore", "error_policy must be fail or drop"),
    ],
)
def test_bad_input_is_refused(rows: list, ks: list, policy: str, words: str) -> None:
    with pytest.raises(BadOutcomes, match=words) as caught:
        summarise(rows, ks, policy)  # type: ignore[arg-type]
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, UserMistake)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="3 successes of 2 trials"):
        pass_hat(2, 3, 1)


def test_paired_uses_common_tasks_only() -> None:
    a = [*trials([4, 0]), ("x", 0, "pass"), ("y", 0, "pass")]
    b = [*trials([2, 0]), ("z", 0, "fail"), ("y", 0, "missing")]
    result = paired(a, b, 1)
    assert (result.diff, result.n_common, result.only_a, result.only_b) == (0.25, 2, 2, 1)
    assert paired(a, b, 2).only_a == 0


def test_paired_without_spread_uses_the_exact_test() -> None:
    same = paired(trials([4, 2]), trials([4, 2]), 1)
    assert (same.se, same.z, same.p) == (0.0, 0.0, 1.0)
    all_better = paired(trials([4] * 5), trials([0] * 5), 1)
    assert (all_better.z, all_better.p) == (math.inf, 2 / 2**5)
    one = paired(trials([4]), trials([0]), 1)
    assert (one.diff, one.se, one.p) == (1.0, None, None)


def test_paired_with_variants_of_one_base_task() -> None:
    """Copies of a task add no information: clustered, the error is that of the originals."""
    a, b = trials([4, 2, 0, 3]), trials([3, 1, 0, 3])
    twice_a = [*a, *((f"{t}'", n, s) for t, n, s in a)]
    twice_b = [*b, *((f"{t}'", n, s) for t, n, s in b)]
    clusters = {task: task.rstrip("'") for task, _, _ in twice_a}
    plain, naive = paired(a, b, 1), paired(twice_a, twice_b, 1)
    clustered = paired(twice_a, twice_b, 1, clusters=clusters)
    assert clustered.se == pytest.approx(plain.se)
    assert naive.se < plain.se


def test_clusters_may_be_named_after_one_of_their_tasks() -> None:
    summary = summarise(trials([4, 2, 0]), [1], clusters={"t1": "t0"})
    assert summary.pass_hat[1].clusters_used == 2
    assert summary.pass_hat[1].se_task == pytest.approx(0.288675, abs=1e-6)


def brute_force(results: Sequence[bool], k: int) -> tuple[Fraction, Fraction] | None:
    subsets = list(itertools.combinations(results, k))
    if not subsets:
        return None
    hits = Fraction(sum(all(s) for s in subsets), len(subsets))
    return hits, Fraction(sum(any(s) for s in subsets), len(subsets))


STATUS = st.sampled_from(["pass", "fail", "error", "missing"])
OUTCOMES = st.lists(st.lists(STATUS, min_size=1, max_size=6), max_size=8)


@given(OUTCOMES, st.integers(1, 6), st.sampled_from(["fail", "drop"]), st.randoms())
def test_against_brute_force_over_subsets(
    statuses: list[list[str]], k: int, policy: str, rng: random.Random
) -> None:
    rows = [(str(i), j, s) for i, task in enumerate(statuses) for j, s in enumerate(task)]
    rng.shuffle(rows)
    unscored = {"missing"} if policy == "fail" else {"missing", "error"}
    scored = [[s == "pass" for s in task if s not in unscored] for task in statuses]
    values = [v for task in scored if (v := brute_force(task, k)) is not None]
    summary = summarise(rows, [k], policy)  # type: ignore[arg-type]
    for estimate, wanted in (
        (summary.pass_hat[k], [hat for hat, _ in values]),
        (summary.pass_at[k], [at for _, at in values]),
    ):
        mean = float(sum(wanted, Fraction()) / len(wanted)) if wanted else None
        assert estimate.partial == mean
        assert estimate.strict == (mean if len(values) == len(statuses) else None)
        assert (estimate.tasks_used, estimate.tasks_total) == (len(values), len(statuses))
        assert estimate.se_task == estimate.se_clustered


@given(st.integers(1, 7), st.lists(st.integers(0, 7), min_size=1, max_size=12))
def test_identities_for_balanced_trials(n: int, successes: list[int]) -> None:
    successes = [min(c, n) for c in successes]
    ks = range(1, n + 1)
    summary = summarise(trials(successes, n), ks)
    hats = [
        sum((pass_hat(n, c, k) or Fraction() for c in successes), Fraction()) / len(successes)
        for k in ks
    ]
    assert [summary.pass_hat[k].strict for k in ks] == [float(h) for h in hats]
    differences = [Fraction(1), *hats]
    while len(differences) > 1:
        differences = [a - b for a, b in itertools.pairwise(differences)]
        assert all(d >= 0 for d in differences), "pass^k is completely monotone"
    at_n = sum((-1) ** (j + 1) * math.comb(n, j) * hats[j - 1] for j in ks)
    assert summary.pass_at[n].strict == float(at_n)
    for k in ks:
        lattice = Fraction(1, len(successes) * math.comb(n, k))
        assert (hats[k - 1] / lattice).denominator == 1
        assert summary.pass_at[k].strict is not None
        assert summary.pass_at[k].strict >= summary.pass_hat[k].strict


@settings(max_examples=50)
@given(st.lists(st.integers(0, 4), min_size=2, max_size=10), st.data())
def test_the_clustered_error_matches_the_textbook_formula(
    successes: list[int], data: st.DataObject
) -> None:
    names = [data.draw(st.sampled_from("abc")) for _ in successes]
    clusters = {f"t{i}": name for i, name in enumerate(names)}
    estimate = summarise(trials(successes), [1], clusters=clusters).pass_hat[1]
    shares = [c / 4 for c in successes]
    mean = sum(shares) / len(shares)
    residuals = [
        sum(s - mean for s, n in zip(shares, names, strict=True) if n == name)
        for name in sorted(set(names))
    ]
    count = len(residuals)
    if count < 2:
        assert estimate.se_clustered is None
        return
    variance = count / (count - 1) * sum(r * r for r in residuals) / len(shares) ** 2
    assert estimate.se_clustered == pytest.approx(math.sqrt(variance), abs=1e-12)


def test_pass_at_and_pass_hat_agree_at_one() -> None:
    assert all(pass_at(5, c, 1) == pass_hat(5, c, 1) == Fraction(c, 5) for c in range(6))
