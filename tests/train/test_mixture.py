"""Mixtures, and splits that do not leak."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from harness.faults import UserMistake
from train.mixture import mix, read_sources, split
from train.rows import Row


def row(number: int, world: str, plan: str = "", twins: str = "") -> Row:
    chat = ({"role": "assistant", "content": "x"},)
    return Row(f"r{number}", "agent", chat, (), (0,), world, plan or f"p{number}", twins)


def test_weights_say_how_often_a_row_is_taken() -> None:
    a, b = [row(i, "a") for i in range(10)], [row(i, "b") for i in range(10, 20)]
    taken = Counter(r.id for r in mix([(a, 2.5), (b, 0.5)], random.Random(0)))
    assert sorted(taken[r.id] for r in a) == [2] * 5 + [3] * 5
    assert sum(taken[r.id] for r in b) == 5
    assert mix([(a, 1.0)], random.Random(1)) != mix([(a, 1.0)], random.Random(2))
    assert mix([(a, 1.0)], random.Random(1)) == mix([(a, 1.0)], random.Random(1))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"weight": 1.0}, "names no path"),
        ({"path": "x", "weight": "abc"}, "weight 'abc' of x"),
        ({"path": "x", "weight": -1.0}, "weight -1.0 of x"),
        ({"path": "x", "where": "domain"}, "where='domain' of x"),
        ({"path": "x", "kept": "all"}, "unknown key kept"),
    ],
)
def test_a_source_that_says_nothing_readable_is_refused(source: dict[str, Any], said: str) -> None:
    with pytest.raises(UserMistake, match=said):
        read_sources([source], "agent")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(UserMistake, match="is not UTF-8 text"):
        read_sources([{"path": str(tmp_path / "rows.jsonl")}], "agent")


@pytest.mark.parametrize("by", ["world", "plan"])
def test_no_world_plan_or_twin_is_on_both_sides(by: str) -> None:
    rows = [row(i, f"w{i % 20}", f"w{i % 20}p{i % 40}", f"t{i % 100}") for i in range(200)]
    [(training, weight)], kept = split([(rows, 2.0)], 0.2, by, random.Random(0))
    assert weight == 2.0
    assert len(training) + len(kept) == 200
    assert 20 <= len(kept) <= 80
    for key in ("world", "plan", "twins") if by == "world" else ("plan", "twins"):
        both = {getattr(r, key) for r in training} & {getattr(r, key) for r in kept}
        assert not both


def test_twins_join_worlds_that_would_else_be_split() -> None:
    rows = [row(i, f"w{i}", twins="same") for i in range(10)]
    with pytest.raises(UserMistake, match="all rows belong together"):
        split([(rows, 1.0)], 0.2, "world", random.Random(0))
    loose = [row(i, f"w{i}") for i in range(10)]
    _, kept = split([(loose, 1.0)], 0.2, "world", random.Random(0))
    assert len(kept) == 2


def test_one_world_cannot_be_split_by_world_but_by_plan() -> None:
    rows = [row(i, "w") for i in range(10)]
    with pytest.raises(UserMistake, match="split by plan"):
        split([(rows, 1.0)], 0.2, "world", random.Random(0))
    _, kept = split([(rows, 1.0)], 0.2, "plan", random.Random(0))
    assert len(kept) == 2


def test_no_validation_is_allowed() -> None:
    training, kept = split([([row(1, "w")], 1.0)], 0.0, "world", random.Random(0))
    assert (len(training[0][0]), kept) == (1, [])
