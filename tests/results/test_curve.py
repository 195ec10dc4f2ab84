"""Learning curves: read from runs per step, printed, drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.faults import UserMistake
from harness.results.__main__ import main
from harness.results.curve import curve_grid, names_of, read_curves, step_folder
from tests.fakes.runs import Shape, write_run

SHAPE = {"domains": {"tau2": ("airline", "retail")}, "tasks": 4, "trials": 2, "finished": True}


def training(folder: Path, *skills: float) -> Path:
    for number, skill in enumerate(skills):
        write_run(step_folder(folder, number * 10), Shape(**SHAPE, skill=skill))  # type: ignore[arg-type]
    return folder


def test_a_line_per_domain_and_step_in_order(tmp_path: Path) -> None:
    [curve] = read_curves([training(tmp_path / "a", 0.1, 0.9)])
    assert (sorted(curve.rows), curve.k) == ([0, 10], 2)
    heads, body = curve_grid([curve])
    assert heads == ["training", "domain", "step", "pass^1", "pass^2", "tasks"]
    assert [line[1:3] for line in body] == [
        [place, step]
        for place in ("tau2/airline", "tau2/retail", "tau2/average")
        for step in ("0", "10")
    ]
    assert body[0][5] == "4×2"


def test_trainings_are_named_by_what_differs(tmp_path: Path) -> None:
    folders = [tmp_path / "on-0" / "curve", tmp_path / "off-0" / "curve"]
    assert names_of(folders) == ["on-0", "off-0"]
    assert names_of(folders[:1]) == ["curve"]


def test_the_command_prints_writes_and_draws(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [training(tmp_path / name / "curve", 0.1, 0.5, 0.9) for name in ("on", "off")]
    out = tmp_path / "out"
    assert main(["curve", *map(str, folders), "--to", str(out)]) == 0
    text = capsys.readouterr().out
    assert "off" in text
    assert "tau2/retail" in text
    assert (out / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (out / "curve.svg").read_bytes()
    assert (out / "curve.md").read_text().count("\n| on |") == 9


def test_a_folder_without_steps_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["curve", str(tmp_path)]) == 2
    assert "holds no step-*/table.csv" in capsys.readouterr().err
    with pytest.raises(UserMistake, match="run the stage curve first"):
        read_curves([tmp_path])
