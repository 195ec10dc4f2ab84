"""The leaderboard shows the run's table where it is true, and says so where it is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from harness.report.build import read_run
from harness.report.rows import for_page
from harness.results.table import read_table, write_table
from tests.fakes.runs import Shape, write_run

SMALL = Shape(tasks=4, trials=3, domains={"tau2": ("airline", "retail")}, finished=True)


def rates(rows: list[dict[str, Any]]) -> list[Any]:
    return [(r["benchmark"], r["domain"], r["pass^1"], r["ci_lo_1"], r["ci_hi_3"]) for r in rows]


def test_the_stored_table_is_shown(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "r", SMALL))
    assert [row["domain"] for row in run.rows] == ["airline", "retail", "average"]
    assert run.warnings == []


def test_rows_without_table_or_manifest_agree_with_the_table(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "r", SMALL)
    stored = read_run(folder).rows
    (folder / "table.csv").unlink()
    assert rates(read_run(folder).rows) == rates(stored)
    (folder / "manifest.json").unlink()
    assert rates(read_run(folder).rows) == rates(stored)


def test_an_edited_table_is_recomputed_with_a_warning(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "r", SMALL)
    true = rates(read_run(folder).rows)
    rows = read_table(folder / "table.csv")
    rows[0]["pass^1"] = 0.99
    write_table(folder, rows)
    run = read_run(folder)
    assert rates(run.rows) == true
    assert re.search(r"contradicts the outcomes \(tau2 airline: pass\^1\)", run.warnings[0])


def test_a_table_without_a_domain_is_recomputed(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "r", SMALL)
    path = folder / "table.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], *lines[2:]]) + "\n")
    assert "tau2 airline is missing" in read_run(folder).warnings[0]


def test_trials_never_played_are_missing_not_failed(tmp_path: Path) -> None:
    shape = Shape(tasks=2, trials=2, domains={"tau2": ("airline",)})
    folder = write_run(tmp_path / "r", shape)
    outcomes = folder / "outcomes" / "0.jsonl"
    outcomes.write_text("".join(outcomes.read_text().splitlines(keepends=True)[:-1]))
    (row,) = read_run(folder).rows
    assert row["missing"] == 1
    assert row["pass^2"] is None


def test_figures_that_are_not_finite_never_reach_the_page() -> None:
    row = {"domain": "d", "pass^1": float("nan"), "pass^2": 0.5, "se_1": None}
    assert for_page(row, 3) == {"domain": "d", "pass^2": 0.5, "run": 3}
