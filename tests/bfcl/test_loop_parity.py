"""Our loop against records of the official one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluators.bfcl.data import BfclData
from evaluators.bfcl.loop_parity import LoopParity, differences, read_call
from evaluators.bfcl.rows import read_rows
from harness.faults import UserMistake


def rows_of(oracle: Callable[[str], Path], name: str) -> list[dict[str, Any]]:
    return [row for _, row in read_rows(oracle(name))]


def test_loop_records_are_met(bfcl: BfclData, oracle: Callable[[str], Path]) -> None:
    parity = LoopParity(bfcl)
    rows = rows_of(oracle, "bfcl_loop.jsonl.gz")
    assert len({row["class"] for row in rows}) > 20
    for row in rows:
        assert parity.compare(row) == [], row["id"]


def test_results_are_met_through_the_loop(bfcl: BfclData, oracle: Callable[[str], Path]) -> None:
    parity = LoopParity(bfcl)
    for row in rows_of(oracle, "bfcl_multi.jsonl.gz")[::12]:
        assert parity.compare(row) == [], row["row"]


@pytest.mark.slow
def test_all_results_are_met(bfcl: BfclData, oracle: Callable[[str], Path]) -> None:
    parity = LoopParity(bfcl)
    for row in rows_of(oracle, "bfcl_multi.jsonl.gz"):
        assert parity.compare(row) == [], row["row"]


@pytest.mark.parametrize(
    "path",
    [
        ("valid",),
        ("error_type",),
        ("force_quit",),
        ("turns_recorded",),
        ("turns", 0, "recorded_steps"),
        ("turns", 0, "executed_steps"),
        ("turns", 0, "tools_offered"),
        ("turns", 0, "messages_before_each_query"),
        ("turns", 0, "results_sha16"),
    ],
)
def test_a_changed_record_is_noticed(
    bfcl: BfclData, oracle: Callable[[str], Path], path: tuple[str | int, ...]
) -> None:
    row = copy.deepcopy(rows_of(oracle, "bfcl_loop.jsonl.gz")[0])
    place: Any = row["official"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = "something else"
    (line,) = LoopParity(bfcl).compare(row)
    assert str(path[-1]) in line


def test_only_fields_that_the_row_has_are_compared() -> None:
    assert differences({"a": 1, "b": 2}, {"a": 1}) == []
    assert differences({"a": 1}, {"a": 2}) == ["a: 1 instead of 2"]
    assert differences({"t": [{"a": 1}]}, {"t": [{"a": 1}, {"a": 1}]}) == ["t: 1 instead of 2"]


def test_a_row_that_cannot_be_played_is_a_mistake(bfcl: BfclData) -> None:
    with pytest.raises(UserMistake, match="needs the field official"):
        LoopParity(bfcl).compare({"script": [], "task_id": "multi_turn_base_0"})


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "5", "nope", '"x"'])
def test_argument_text_that_is_no_object_stays_raw(text: str) -> None:
    assert read_call("1", {"name": "ls", "arguments": text}).raw == text


def test_argument_text_of_an_object_is_read() -> None:
    call = read_call("1", {"name": "ls", "arguments": '{"a": true}'})
    assert (call.raw, call.arguments) == (None, {"a": True})
