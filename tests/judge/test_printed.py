"""Runs in files: printed ones, and whatever else may stand there."""

from __future__ import annotations

import gzip
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from evaluators.judge.case import UNKNOWN
from evaluators.judge.printed import read_case, read_tools
from evaluators.judge.replay import as_json, main
from evaluators.judge.rules import judge
from harness.faults import UserMistake

ROOT = Path(__file__).resolve().parents[2]
ORACLES = Path(os.environ.get("HARNESS_ORACLES", ROOT.parent / "shared" / "oracles"))
RUNS, RUN_TOOLS = ORACLES / "printed_runs.jsonl", ORACLES / "printed_runs_tools.json"

TOOLS = {
    "find": {"spec_text": "Find. ", "properties": {"kind": "string"}, "required": ["kind"],
             "write": False, "auth": False},
    "order": {"properties": {"id": "integer"}, "required": ["id"], "write": True},
}  # fmt: skip
ROW: dict[str, Any] = {
    "id": "r1",
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Order saw 3."},
        {"role": "assistant", "content": None,
         "tool_calls": [{"id": "c1", "name": "order", "arguments": {"id": 3}}]},
        {"role": "tool", "tool_call_id": "c1", "content": {"ok": True}},
        {"role": "assistant", "content": "Done."},
    ],
    "gold_plan_by_turn": [[{"name": "order", "arguments": {"id": 3}}]],
}  # fmt: skip


def replay(capsys: pytest.CaptureFixture[str], *arguments: Any) -> tuple[int, list[Any], str]:
    status = main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return status, [json.loads(line) for line in said.out.splitlines()], said.err


@pytest.mark.skipif(not RUNS.exists(), reason=f"no {RUNS}: set HARNESS_ORACLES")
def test_printed_runs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rows = [json.loads(line) for line in RUNS.read_text().splitlines()]
    blind = tmp_path / "blind.jsonl"
    hidden = ("outcome", "expected_category", "acceptable_categories", "expected_table8")
    shown = [{k: v for k, v in row.items() if k not in hidden} for row in rows]
    blind.write_text("".join(json.dumps(row) + "\n" for row in shown))
    for path in (RUNS, blind):  # the outcome is not needed to see that nothing is wrong
        status, found, _ = replay(capsys, path, "--tools", RUN_TOOLS)
        assert status == 0
        for row, said in zip(rows, found, strict=True):
            assert said["id"] == row["id"]
            if row["outcome"] == "pass":
                assert (said["categories"], said["primary"], said["table8"]) == ([], None, [])
            else:
                assert said["primary"] in row["acceptable_categories"], row["id"]
                assert said["primary"] == said["categories"][0]
                assert sorted(said["table8"]) == sorted(row["expected_table8"])
                assert said["attribution"] == "agent"
                assert said["evidence"]


@pytest.mark.skipif(not RUNS.exists(), reason=f"no {RUNS}: set HARNESS_ORACLES")
def test_printed_runs_with_an_error_put_in(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The twins of the runs without category: the same, less their last calls."""
    passed = [r for r in map(json.loads, RUNS.read_text().splitlines()) if r["outcome"] == "pass"]
    for row in passed:
        last = max(i for i, m in enumerate(row["messages"]) if m.get("tool_calls"))
        count = len(row["messages"][last].pop("tool_calls"))
        del row["messages"][last : last + 1 + count]
        row["outcome"] = None
    path = tmp_path / "cut.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in passed))
    _, found, _ = replay(capsys, path, "--tools", RUN_TOOLS)
    assert all(set(said["categories"]) & {"Missing Tool Call", "Incomplete Task"} for said in found)


def test_a_row_and_its_twin(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    silent = {**ROW, "id": "r2", "messages": [ROW["messages"][1], ROW["messages"][4]]}
    path, tools = tmp_path / "runs.jsonl.gz", tmp_path / "tools.json"
    with gzip.open(path, "wt") as file:
        file.write(json.dumps(ROW) + "\n\n" + json.dumps(silent) + "\n")
    tools.write_text(json.dumps(TOOLS))
    status, (good, bad), _ = replay(capsys, path, "--tools", tools)
    assert status == 0
    assert (good["primary"], good["attribution"], good["score"]) == (None, None, 1.0)
    assert (bad["primary"], bad["attribution"], bad["score"]) == ("No Tool Calls", "agent", 0.0)


def test_what_a_row_may_lack_or_spell_otherwise() -> None:
    tools = read_tools(TOOLS)
    text = {"function": {"name": "order", "arguments": '{"id": 3}'}}
    other = [
        {**m, **({"tool_calls": [text]} if "tool_calls" in m else {})} for m in ROW["messages"]
    ]
    found = read_case({**ROW, "messages": other}, tools)
    assert found.log[1].calls[0].arguments == {"id": 3}
    assert found.policy == "Be kind."
    broken = {"function": {"name": "order", "arguments": '{"id": '}}
    found = read_case({**ROW, "messages": [{"role": "assistant", "tool_calls": [broken]}]}, tools)
    assert found.log[0].calls[0].raw == '{"id": '
    bare = read_case({"messages": []}, None, "here:1")
    assert (bare.id, bare.gold, bare.reason) == ("here:1", None, "the row has no gold_plan_by_turn")
    flat = read_case(
        {**ROW, "gold_plan": ROW["gold_plan_by_turn"][0], "gold_plan_by_turn": 0}, tools
    )
    assert flat.flat
    assert tools["find"].properties == {"kind": {"type": "string"}}
    assert tools["order"].example is UNKNOWN
    assert read_case({**ROW, "gold_plan_by_turn": [[]]}, tools).behaviour == "no_call"


def test_answers_and_errors_of_the_plan() -> None:
    gold = [[{"name": "order", "arguments": {"id": 3}, "result": {"ok": True}, "error": False}]]
    call = read_case({**ROW, "gold_plan_by_turn": gold}, None).gold
    assert call is not None
    assert (call[0][0].result, call[0][0].error) == ({"ok": True}, False)


@pytest.mark.parametrize("line", ["{", "[1]", '{"id": "x"}', '{"id": "x", "messages": "hi"}'])
def test_unreadable_rows_lose_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, line: str
) -> None:
    path = tmp_path / "runs.jsonl"
    path.write_text(f"{line}\n{json.dumps(ROW)}\n")
    status, (bad, good), err = replay(capsys, path)
    assert status == 2
    assert bad["undetermined"][0].startswith("unreadable")
    assert err.count("\n") == 1
    assert f"{path}:1" in err
    assert good["id"] == "r1"


def test_strange_messages_are_passed_over() -> None:
    odd = [None, 7, {"role": "critic", "content": "x"}, {"role": "tool", "content": [1]},
           {"role": "user", "content": [{"type": "text", "text": "hi"}]},
           {"role": "assistant", "content": {"a": 1}, "tool_calls": "none"}]  # fmt: skip
    log = read_case({"messages": odd}, None).log
    assert [(line.author, line.text) for line in log] == [
        ("tool", "[1]"), ("user", "hi"), ("agent", '{"a": 1}'),
    ]  # fmt: skip


JUNK = (None, True, -1, 1e400, float("nan"), 10**400, "", "*", "\ud800", "{}", "0" * 5000, "²", [],
        {}, [[]], {"a": None}, {"error": {}}, "1,000", "2024-13-45", "March 99, 2024")  # fmt: skip


def damaged(value: Any, rng: random.Random) -> Any:
    """Return a value with some of its parts replaced, lost or doubled."""
    if rng.random() < 0.05:
        return rng.choice(JUNK)
    if isinstance(value, dict):
        return {k: damaged(v, rng) for k, v in value.items() if rng.random() > 0.03}
    if isinstance(value, list):
        items = [damaged(v, rng) for v in value if rng.random() > 0.05]
        return items + items[:1] if rng.random() < 0.1 else items
    return value


def test_damaged_rows_are_judged_or_refused_and_never_crash() -> None:
    rng, judged = random.Random(3), 0
    two = {
        **ROW,
        "messages": ROW["messages"] * 3,
        "gold_plan_by_turn": ROW["gold_plan_by_turn"] * 3,
    }
    for _ in range(1500):
        row, tools = damaged(two, rng), damaged(TOOLS, rng)
        if not isinstance(row, dict) or not isinstance(tools, dict):
            continue
        try:
            case = read_case(row, read_tools(tools))
        except UserMistake:
            continue
        json.dumps(as_json(judge(case, guess=True)), default=str)
        judged += 1
    assert judged > 1000


def test_missing_files_and_wrong_tools(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([str(tmp_path / "none.jsonl")]) == 2
    assert "cannot read" in capsys.readouterr().err
    with pytest.raises(UserMistake):
        read_tools("tools")
