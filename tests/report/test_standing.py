"""Runs of a sweep are numbered by what a paired test can tell, on the same grounds only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.report.build import read_run
from harness.report.standing import mark_ties
from harness.results.merge import merge
from tests.fakes.runs import Shape, write_run

SHAPE = Shape(tasks=20, trials=4, domains={"tau2": ("airline",)}, finished=True)


def standings(*folders: Path) -> tuple[list[str | None], list[str]]:
    rows = [read_run(folder).rows for folder in folders]
    warnings = mark_ties(list(folders), rows)
    return [run[0].get("tie_group") for run in rows], warnings


def test_groups_are_those_of_the_merged_leaderboard(tmp_path: Path) -> None:
    skills = {"a": 0.6, "b": 0.05, "c": 0.6}
    folders = [
        write_run(tmp_path / name, replace(SHAPE, model=name, skill=skill))
        for name, skill in skills.items()
    ]
    found, warnings = standings(*folders)
    assert warnings == []
    assert found == ["1", "2", "1"]
    ((board,), _) = merge(folders)
    assert {row["model"]: str(row["tie_group"]) for row in board.rows} == dict(
        zip(skills, found, strict=True)
    )


def test_other_grounds_are_named_and_numbered_apart(tmp_path: Path) -> None:
    one = write_run(tmp_path / "a", replace(SHAPE, model="a"))
    other = replace(SHAPE, model="b", domains={"tau2": ("airline", "retail")})
    found, warnings = standings(one, write_run(tmp_path / "b", other))
    assert sorted(map(str, found)) == ["1", "1 (#2)"]
    assert any(line.startswith("tau2: data_sha256 differs") for line in warnings)


def test_unfinished_runs_have_no_number(tmp_path: Path) -> None:
    one = write_run(tmp_path / "a", replace(SHAPE, model="a"))
    two = write_run(tmp_path / "b", replace(SHAPE, model="b", finished=False))
    assert standings(one, two) == ([None, None], [])
