import io
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from harness.benchmark import Benchmark
from harness.faults import UserMistake
from harness.metrics import BadOutcomes
from harness.outcomes import Outcome
from harness.results.columns import columns, type_of
from harness.results.table import (
    build_table,
    describe,
    read_table,
    render_markdown,
    render_terminal,
    write_table,
)
from harness.types import Task
from tests.fakes.benchmarks import shelves

AIRLINE = [0] * 14 + [1] * 12 + [2] * 10 + [3] * 4 + [4] * 10
KS = (1, 2, 3, 4)


def outcomes(
    successes: Iterable[int], domain: str = "airline", n: int = 4, benchmark: str = "tau2"
) -> list[Outcome]:
    return [
        Outcome(
            benchmark,
            domain,
            f"{domain}_{i}",
            trial,
            "pass" if trial < c else "fail",
            float(trial < c),
            turns=3,
            calls=4,
            tool_errors=1,
            tokens_in=100,
            tokens_out=10,
            cost_usd=0.5,
            seconds=2.0,
        )
        for i, c in enumerate(successes)
        for trial in range(n)
    ]


def error(outcome: Outcome, seat: str = "judge") -> Outcome:
    return replace(outcome, status="error", reward=None, cause=seat, fault="http: 503")


def shown(rows: list, width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width)
    render_terminal(rows, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_one_domain() -> None:
    (row,) = build_table(outcomes(AIRLINE), ks=KS)
    assert list(row) == columns(KS)
    assert [row[f"pass^{k}"] for k in KS] == [21 / 50, 41 / 150, 11 / 50, 1 / 5]
    assert row["pass@4"] == 18 / 25
    assert row["ci_lo_1"] < 0.42 < row["ci_hi_1"]
    assert [row[f"ci_method_{k}"] for k in KS] == ["t", *["bootstrap"] * 3]
    assert (row["flaky_rate"], row["never_rate"], row["always_rate"]) == (0.52, 0.28, 0.2)
    assert json.loads(row["c_histogram"]) == [14, 12, 10, 4, 10]
    assert (row["n_tasks"], row["n_trials_min"], row["n_trials_max"]) == (50, 4, 4)
    assert row["mde_paired"] == pytest.approx(0.165, abs=5e-4)
    assert (row["turns_mean"], row["tool_calls_mean"], row["tool_error_rate"]) == (3, 4, 0.25)
    assert (row["in_tokens"], row["out_tokens"]) == (20_000, 2_000)
    assert (row["cost_usd_mean"], row["wall_s_mean"]) == (0.5, 2.0)
    assert row["infra_error_rate"] == row["timeout_rate"] == 0.0


def test_averages_are_over_domains_not_tasks() -> None:
    rows = build_table(outcomes(AIRLINE) + outcomes([4, 4, 2, 4], "retail"), ks=KS)
    assert [row["domain"] for row in rows] == ["airline", "retail", "average"]
    average = rows[-1]
    assert average["pass^1"] == (0.42 + 14 / 16) / 2
    errors = [row["se_1"] for row in rows[:2]]
    assert average["se_1"] == pytest.approx(math.hypot(*errors) / 2)
    assert average["ci_lo_1"] < average["pass^1"] < average["ci_hi_1"]
    assert average["trials_scored"] == 216


def test_domains_without_spread_enter_an_average_with_their_wilson_error() -> None:
    rows = build_table(outcomes([4] * 10) + outcomes([0] * 10, "retail"), ks=[1])
    average = rows[-1]
    assert (average["pass^1"], average["se_1"]) == (0.5, None)
    assert 0.3 < average["ci_lo_1"] < 0.5 < average["ci_hi_1"] < 0.7
    assert average["ci_method_1"] == "t, wilson"


def test_an_average_with_an_unbounded_domain_is_unbounded() -> None:
    average = build_table(outcomes([4, 2, 1]) + outcomes([2], "retail"), ks=[1])[-1]
    assert average["pass^1"] is not None
    assert average["ci_lo_1"] is None


def test_errors_count_as_failures_and_stand_beside_the_dropped_figure() -> None:
    trials = outcomes([4, 4, 0])
    trials[0], trials[1] = error(trials[0]), error(trials[1], "user")
    (row,) = build_table(trials, ks=[1, 4])
    assert row["pass^1"] == 6 / 12
    assert row["pass^1_drop"] == (1 + 1 + 0) / 3
    assert (row["pass^4_drop"], row["tasks_used_drop_4"]) == (0.5, 2)
    assert (row["errors"], row["infra_error_rate"]) == (2, 2 / 12)
    assert json.loads(row["fault_seats"]) == {"judge": 1, "user": 1}
    assert row["avg_reward"] == 6 / 12
    text = render_markdown([row])
    assert "2 trials failed for infrastructure (16.7 %); dropping them pass^1 is 66.7" in text


def erring(outcome: Outcome, *severities: str, **parts: Any) -> Outcome:
    errors = [{"rule": f"U{i}", "message": i, "severity": s} for i, s in enumerate(severities, 1)]
    return replace(outcome, parts={"user_errors": errors, **parts})


def test_user_errors_found_by_rule_stand_beside_the_scores() -> None:
    trials = [erring(outcome) for outcome in outcomes([4, 2, 0])]
    trials[0] = erring(trials[0], "minor", "critical_helped", first_critical="user")
    trials[6] = erring(trials[6], "critical_hindered", first_critical="user", user_stop="done")
    trials[7] = erring(trials[7], "minor", first_critical="agent")
    trials[8] = replace(trials[8], end="user_error", cause="user")
    (row,) = build_table(trials, ks=[1, 4])
    assert row["user_error_rate"] == 4 / 12
    rates = [row[f"user_{name}_rate"] for name in ("helped", "hindered", "minor")]
    assert rates == [1 / 12, 2 / 12, 1 / 12]
    assert json.loads(row["user_error_rules"]) == {"U1": 3, "U2": 1}
    assert json.loads(row["first_critical"]) == {"agent": 1, "user": 2}
    assert json.loads(row["user_stops"]) == {"done": 1}
    assert (row["trials_reviewed"], row["trials_clean"]) == (12, 9)
    assert row["pass^1"] == 6 / 12
    assert row["pass^1_clean"] == pytest.approx((3 / 3 + 2 / 3 + 0 / 3) / 3)
    assert (row["pass^4_clean"], row["tasks_used_clean_4"]) == (None, 0)
    text = render_markdown([row])
    assert "the user erred (by rule) in 33.3 % of trials (helped 8.3, hindered 16.7" in text
    assert "pass^1 50.0 → 55.6, pass^4 33.3 → – (a selection, not a score)" in text


def test_runs_without_a_critical_user_error_are_compared_where_there_are_both() -> None:
    trials = [erring(outcome, "critical_helped") for outcome in outcomes([4, 4])]
    assert "no trial is without a critical one" in render_markdown(build_table(trials, ks=[1]))
    trials = [erring(outcome, "minor") for outcome in outcomes([4, 4])]
    assert "; none of it critical." in render_markdown(build_table(trials, ks=[1]))


def test_without_a_review_only_users_that_broke_the_protocol_are_counted() -> None:
    trials = outcomes([4, 4])
    trials[0] = replace(trials[0], end="user_error", cause="user")
    (row,) = build_table(trials, ks=[1])
    assert (row["user_error_rate"], row["user_hindered_rate"]) == (1 / 8, 1 / 8)
    assert (row["trials_reviewed"], row["pass^1_clean"], row["user_error_rules"]) == (0, None, None)
    assert "the user erred" not in render_markdown([row])
    (clean,) = build_table([erring(outcome) for outcome in outcomes([4, 4])], ks=[1])
    assert (clean["user_error_rate"], clean["pass^1_clean"]) == (0.0, 1.0)
    assert "the user erred" not in render_markdown([clean])


def test_absent_trials_are_missing_not_failed() -> None:
    trials = outcomes([4, 4])
    info = {
        "trials": 4,
        "benchmarks": {"tau2": {"tasks": {f"airline_{i}": "airline" for i in range(3)}}},
    }
    (row,) = build_table(trials[:-1], ks=[1, 4], info=info)
    assert row["pass^1"] is None
    assert row["pass^1_partial"] == 1.0
    assert row["pass^4_partial"] == 1.0
    assert (row["tasks_used_1"], row["tasks_used_4"], row["n_tasks"]) == (2, 1, 3)
    assert (row["missing"], row["trials_expected"], row["tasks_lost"]) == (5, 12, 1)
    assert json.loads(row["c_histogram"]) == {"0": [1], "3": [0, 0, 0, 1], "4": [0, 0, 0, 0, 1]}
    text = render_markdown([row])
    assert "100.0*(2/3)" in text
    assert "5 of 12 trials were not played" in text


def test_a_run_that_never_began_shows_its_gaps() -> None:
    info = {"trials": 2, "benchmarks": {"tau2": {"tasks": {"a": "airline", "b": "retail"}}}}
    rows = build_table([], ks=[1], info=info)
    assert [row["domain"] for row in rows] == ["airline", "retail", "average"]
    assert all(row["pass^1"] is None and row["pass^1_partial"] is None for row in rows)
    assert "–" in shown(rows)
    assert build_table([], ks=[1]) == []
    assert "No trials" in shown([])
    assert "No trials" in render_markdown([])


@pytest.mark.parametrize("successes", [[4], [4] * 9, [0] * 9, [2]])
def test_edges_render_without_a_width_of_zero(successes: list[int]) -> None:
    rows = build_table(outcomes(successes), ks=KS)
    assert shown(rows)
    bounds = rows[0]["ci_lo_1"], rows[0]["ci_hi_1"]
    assert bounds == (None, None) or bounds[0] < bounds[1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"trial": 1}, "appears twice"),
        ({"status": "won"}, "status 'won'"),
        ({"domain": "retail"}, "of domain 'airline', not 'retail'"),
        ({"reward": float("nan")}, "reward nan"),
    ],
)
def test_bad_outcomes_are_refused(change: Mapping, words: str) -> None:
    trials = outcomes([4])
    trials[0] = replace(trials[0], **change)
    with pytest.raises(BadOutcomes, match=words):
        build_table(trials[::-1], ks=[1])


def test_trials_of_another_selection_are_left_out_and_counted() -> None:
    """A folder may hold a larger sample or more trials than the run now asks for."""
    tasks = {"airline_0": "airline"}
    info = {"trials": 3, "benchmarks": {"tau2": {"tasks": tasks}}}
    rows = build_table(outcomes([3, 4, 4]), ks=[1], info=info)
    assert [row["trials_scored"] for row in rows] == [3]
    assert rows[0]["pass^1"] == 1.0
    assert rows[0]["outside"] == 1 + 8
    assert "9 stored trials are not of this selection" in render_markdown(rows)


def test_a_benchmarks_own_totals_stand_below() -> None:
    asked: list[Mapping[str, float]] = []

    def totals(rates: Mapping[str, float]) -> list[dict]:
        asked.append(rates)
        return [{"name": "Overall", "formula": "a/2 + b/2", "value": 0.25, "missing": ["web"]}]

    trials = outcomes([2, 2], "a") + outcomes([0], "b")
    rows = build_table(trials, ks=[1], info={"benchmarks": {"tau2": {"totals": totals}}})
    assert asked == [{"a": 0.5, "b": 0.0}]
    assert rows[-1]["kind"] == "total"
    assert (rows[-1]["domain"], rows[-1]["pass^1"]) == ("Overall", 0.25)
    assert "tau2 Overall: 25.00 = a/2 + b/2; without web" in render_markdown(rows)


def test_rule_based_parties_are_named_wherever_numbers_stand() -> None:
    info = {"benchmarks": {"tau2": {"scripted": "user: scripted"}}, "scripted": "agent: lexical"}
    rows = build_table(outcomes([4]), ks=[1], info=info)
    assert rows[0]["scripted"] == "user: scripted; agent: lexical"
    for text in (render_markdown(rows), shown(rows)):
        assert "tau2/airline †" in text
        assert "† tau2: rule-based parties: user: scripted; agent: lexical" in text
    assert "†" not in render_markdown(build_table(outcomes([4]), ks=[1]))


def test_describe_reads_a_benchmark() -> None:
    bench: Benchmark = replace(
        shelves(("a", "b", "c"), scored=False),
        data_sha256={"x.json": "00"},
        notes={"user": "fixed queries"},
    )
    about = describe(bench)
    assert about["tasks"] == {"c": "d0"}
    assert about["scripted"] == "user: fixed queries"
    variants = [Task("v1", "b", cluster="v"), Task("v2", "b", cluster="v")]
    assert describe(replace(bench, tasks=variants))["clusters"] == {"v1": "v", "v2": "v"}


def test_variants_of_one_task_count_as_one_draw() -> None:
    trials = [replace(o, cluster=f"base{int(o.task_id[8:]) // 2}") for o in outcomes([4, 4, 0, 0])]
    (row,) = build_table(trials, ks=[1])
    assert (row["n_tasks"], row["n_clusters"]) == (4, 2)
    assert row["se_1"] == pytest.approx(0.5)


def test_several_benchmarks_keep_the_order_of_the_suite() -> None:
    trials = outcomes([4], "x", benchmark="zeta") + outcomes([4], "y", benchmark="alpha")
    assert [r["benchmark"] for r in build_table(trials, ks=[1])] == ["alpha", "zeta"]
    info = {"benchmarks": {"zeta": {}, "alpha": {}}}
    assert [r["benchmark"] for r in build_table(trials, ks=[1], info=info)] == ["zeta", "alpha"]


def test_the_order_of_outcomes_does_not_matter() -> None:
    trials = outcomes(AIRLINE)
    uneven = [replace(o, seconds=0.1 * o.trial, reward=0.1 * o.trial) for o in trials]
    assert build_table(uneven, ks=KS) == build_table(uneven[::-1], ks=KS)


def test_files_hold_what_was_computed(tmp_path: Path) -> None:
    rows = build_table(outcomes(AIRLINE) + outcomes([4, 1], "retail"), ks=KS)
    paths = write_table(tmp_path, rows)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(p.name for p in paths)
    assert read_table(tmp_path / "table.csv") == rows
    assert pq.read_table(tmp_path / "table.parquet").to_pylist() == rows
    assert (tmp_path / "table.md").read_text() == render_markdown(rows)


def test_every_column_has_one_type() -> None:
    trials = outcomes(AIRLINE)
    trials[0] = error(trials[0])
    for row in build_table(trials + outcomes([4, 1], "retail"), ks=KS):
        for name, value in row.items():
            wanted = (int, float) if type_of(name) is float else type_of(name)
            assert value is None or isinstance(value, wanted), name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pass^1,n_tasks\nhigh,3\n", "column pass\\^1 holds 'high'"),
        ("pass^1,n_tasks\n0.5\n", "damaged"),
        ("pass^1,n_tasks\n0.5,3,9\n", "damaged"),
    ],
)
def test_a_damaged_table_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(UserMistake, match=words):
        read_table(tmp_path / "table.csv")


def test_hostile_names_do_not_break_renderings() -> None:
    trials = [replace(o, domain="[red]a|b[/]") for o in outcomes([4, 2])]
    rows = build_table(trials, ks=[1], info={"model": "[bold]x"})
    assert "[red]a" in shown(rows)
    assert "a\\|b" in render_markdown(rows)


def test_narrow_terminals_keep_every_figure() -> None:
    text = shown(build_table(outcomes(AIRLINE), ks=KS), width=80)
    assert all(figure in text for figure in ("42.0", "31.5–52.5", "27.3", "22.0", "20.0", "72.0"))


def test_many_ks_are_thinned_on_the_terminal_only() -> None:
    rows = build_table(outcomes([3, 8], n=8), ks=range(1, 9))
    assert "pass^7" in render_markdown(rows)
    assert "pass^7" not in shown(rows)
    assert "pass^8" in shown(rows)


def test_an_empty_table_is_written_and_read_back(tmp_path: Path) -> None:
    write_table(tmp_path, [])
    assert read_table(tmp_path / "table.csv") == []
    assert pq.read_table(tmp_path / "table.parquet").to_pylist() == []
