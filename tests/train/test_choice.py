"""Choosing among the rows of a source: of a kind, in pairs, so many, cut at the first calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.faults import UserMistake
from harness.types import ToolCall
from train.choice import choose, fact_of, first_calls
from train.mixture import read_sources
from train.rows import Row

CALL = ToolCall("c", "f", {})


def row(number: int, plan: str = "", **facts: Any) -> Row:
    chat = (
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "", "calls": (CALL, CALL)},
        {"role": "tool", "tool_call_id": "c", "content": "x"},
        {"role": "assistant", "content": "Done."},
    )
    return Row(f"r{number}", "agent", chat, (), (1, 3), "w", plan or f"p{number}", facts=facts)


def ids(rows: list[Row]) -> list[str]:
    return [r.id for r in rows]


def test_rows_of_a_kind_are_taken_in_their_order() -> None:
    rows = [row(i, kind="general" if i % 2 else "ambiguous") for i in range(6)]
    assert ids(choose(rows, {"path": "x", "where": {"kind": "general"}})) == ["r1", "r3", "r5"]
    assert choose(rows, {"path": "x", "where": {"kind": ["general", "ambiguous"]}}) == rows
    assert choose(rows, {"path": "x", "where": {"kind": "changing"}}) == []
    assert choose(rows, {"path": "x", "where": {"calls": 2, "turns": 1, "world": "w"}}) == rows
    with pytest.raises(UserMistake, match=r"nothing is known of 'mode' .*: calls, kind"):
        choose(rows, {"path": "x", "where": {"mode": "fixed"}})


def test_pairs_keep_the_plans_that_are_told_in_every_way() -> None:
    rows = [row(0, "a", mode="fixed"), row(1, "a", mode="whole"), row(2, "b", mode="fixed")]
    source = {"path": "x", "paired": {"mode": ["fixed", "whole"]}, "where": {"mode": "fixed"}}
    assert ids(choose(rows, source)) == ["r0"]
    del source["paired"]
    assert ids(choose(rows, source)) == ["r0", "r2"]


def test_so_many_rows_are_spread_over_all_of_them() -> None:
    rows = [row(i) for i in range(10)]
    assert ids(choose(rows, {"path": "x", "rows": 5})) == ["r0", "r2", "r4", "r6", "r8"]
    for wrong in (11, 0, "5"):
        with pytest.raises(UserMistake, match=f"x gives 10 rows of this kind, rows={wrong}"):
            choose(rows, {"path": "x", "rows": wrong})


def test_a_single_query_ends_at_its_first_calls() -> None:
    cut = first_calls(row(0))
    assert cut is not None
    assert (len(cut.chat), cut.learn) == (2, (1,))
    assert fact_of(cut, "calls") == "2"
    silent = Row("s", "agent", ({"role": "assistant", "content": "No."},), (), (0,))
    assert first_calls(silent) is None
    assert choose([silent, row(1)], {"path": "x", "single": True}) == [first_calls(row(1))]


def test_a_data_set_s_columns_are_facts_and_its_bulk_is_not(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    said = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    records = [{"id": str(i), "messages": said, "mode": mode} for i, mode in enumerate("fwf")]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    [(rows, weight)] = read_sources([{"path": str(path), "where": {"mode": "f"}}], "agent")
    assert (ids(rows), weight) == (["0", "2"], 1.0)
    assert "messages" not in rows[0].facts
    with pytest.raises(UserMistake, match="unknown key wher: use keep, paired, path"):
        read_sources([{"path": str(path), "wher": {}}], "agent")
