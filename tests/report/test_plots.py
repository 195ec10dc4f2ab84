"""The plots for papers: what the data allows, labelled, reproducible."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.faults import UserMistake
from harness.report.build import read_run
from harness.report.panels import plain_text
from harness.report.plots import PLOTS, footnote, write_plots
from tests.fakes.runs import HOSTILE, Shape, write_run

TINY = Shape(tasks=3, trials=2, domains={"tau2": ("airline", "retail")})


def names(paths: list[Path]) -> set[str]:
    return {path.stem for path in paths}


def test_every_plot_in_both_formats(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "r", replace(TINY, skill=0.3))
    paths = write_plots([folder])
    assert {path.parent for path in paths} == {folder / "plots"}
    assert names(paths) == set(PLOTS)
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in paths if p.suffix == ".png")
    assert all(b"<svg" in p.read_bytes() for p in paths if p.suffix == ".svg")


def test_plots_without_data_are_not_drawn(tmp_path: Path) -> None:
    shape = replace(TINY, trials=1, categories=False)
    assert names(write_plots([write_run(tmp_path / "r", shape)])) == {
        "leaderboard",
        "cost",
        "tasks",
    }
    empty = write_run(tmp_path / "e", Shape(tasks=0))
    assert write_plots([empty]) == []


def test_same_run_same_svg(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "r", TINY)
    first = write_plots([folder], tmp_path / "a")
    again = write_plots([folder], tmp_path / "b")
    for a, b in zip(first, again, strict=True):
        assert a.read_bytes() == b.read_bytes()


def test_rule_based_parties_are_named_in_the_plot(tmp_path: Path) -> None:
    lexical = {"agent": {"model": "lexical", "label": "rule-based"}}
    runs = [
        read_run(write_run(tmp_path / "a", replace(TINY, model="lexical", manifest=lexical))),
        read_run(write_run(tmp_path / "b", replace(TINY, model="acme"))),
    ]
    assert footnote(runs).splitlines() == [
        "scripted user: fixed rules, not a model",
        "lexical, agent: rule-based",
    ]
    bfcl = replace(TINY, domains={"bfcl": ("simple",)})
    assert footnote([read_run(write_run(tmp_path / "c", bfcl))]) == ""


def test_hostile_names_are_only_text(tmp_path: Path) -> None:
    domains = {"$x^{$\\frac": (HOSTILE[1], "\x00\u202e", HOSTILE[4], "日本")}
    shape = Shape(tasks=2, trials=2, domains=domains, model="$\\evil{", hostile=True)
    folders = [write_run(tmp_path / "a", shape), write_run(tmp_path / "b", replace(shape, seed=1))]
    assert "leaderboard" in names(write_plots(folders, tmp_path / "out"))


def test_plain_text_is_short_and_printable() -> None:
    assert plain_text("airline") == "airline"
    assert plain_text("a\x00\ud800日") == "a???"
    assert plain_text("x" * 50, 10) == "x" * 9 + "…"


def test_an_unwritable_place_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "plots").write_text("a file")
    with pytest.raises(UserMistake, match="cannot write"):
        write_plots([write_run(tmp_path / "r", TINY)], tmp_path)
