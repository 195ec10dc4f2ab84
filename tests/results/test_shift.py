"""Error categories from run to run: rates by hand, paired on common tasks."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.faults import UserMistake
from harness.outcomes import Outcome, Status
from harness.results.__main__ import main
from harness.results.entries import load_entries
from harness.results.shift import FAILED, UNNAMED, benchmark_shifts, change, rates_of, shifts
from harness.types import Category
from tests.fakes.runs import Shape, write_run

ONE = {"tau2": ("airline",)}


def outcome(task: str, trial: int, status: Status, *names: str) -> Outcome:
    reward = {"pass": 1.0, "fail": 0.0}.get(status)
    labels = tuple(Category(name) for name in names)
    return Outcome("b", "d", task, trial, status, reward, categories=labels)


def test_rates_are_per_trial_and_faults_say_nothing() -> None:
    rates = rates_of(
        [
            outcome("a", 0, "fail", "x", "x", "y"),
            outcome("a", 1, "pass", "x"),
            outcome("a", 2, "error"),
            outcome("c", 0, "fail"),
        ],
        "b",
    )
    assert rates == {"a": {FAILED: 0.5, "x": 0.5, "y": 0.5}, "c": {FAILED: 1.0, UNNAMED: 1.0}}


def test_runs_are_compared_on_common_tasks_failures_first() -> None:
    first = {"a": {FAILED: 1.0, "x": 1.0}, "b": {FAILED: 1.0, "x": 1.0}, "only": {FAILED: 1.0}}
    other = {"a": {}, "b": {FAILED: 1.0, "y": 1.0}}
    rows = benchmark_shifts("b", [first, other])
    assert [(row.category, row.rates, row.tasks) for row in rows] == [
        (FAILED, (1.0, 0.5), 2),
        ("x", (1.0, 0.0), 2),
        ("y", (0.0, 0.5), 2),
    ]
    assert rows[1].changes == ((-1.0, None, None),)
    mean, low, high = rows[2].changes[0]
    assert (mean, low is not None and low < 0 < 1 < (high or 0)) == (0.5, True)
    with pytest.raises(UserMistake, match="share no task"):
        benchmark_shifts("b", [{"a": {}}, {"z": {}}])


def test_an_interval_is_that_of_the_paired_mean() -> None:
    mean, low, high = change([0.0] * 4, [0.0, 1.0, 1.0, 0.0])
    assert mean == 0.5
    assert low == pytest.approx(0.5 - 3.1824463 * 0.2886751)
    assert high == pytest.approx(0.5 + 3.1824463 * 0.2886751)


def test_the_command_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = write_run(tmp_path / "base", Shape(domains=ONE, skill=0.2, finished=True))
    tuned = write_run(tmp_path / "tuned", Shape(domains=ONE, skill=0.9, finished=True))
    assert main(["shift", str(base), str(tuned), "--to", str(tmp_path / "out")]) == 0
    text = capsys.readouterr().out
    assert "tuned − base" in text
    assert "incomplete task" in text
    assert (tmp_path / "out" / "shift.md").read_text().startswith("## tau2\n")
    table = (tmp_path / "out" / "shift.csv").read_text().splitlines()
    assert table[0] == "benchmark,category,run,rate,change,low,high,tasks"
    [row] = [r for r in shifts(load_entries([base, tuned])) if r.category == FAILED]
    assert row.rates[0] > row.rates[1]
    assert row.changes[0][0] == pytest.approx(row.rates[1] - row.rates[0])


def test_one_run_and_foreign_runs_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = write_run(tmp_path / "one", Shape(domains=ONE))
    other = write_run(tmp_path / "other", Shape(domains={"bfcl": ("irrelevance",)}))
    assert main(["shift", str(one)]) == 2
    assert "name two or more" in capsys.readouterr().err
    assert main(["shift", str(one), str(other)]) == 2
    assert "share no benchmark" in capsys.readouterr().err
