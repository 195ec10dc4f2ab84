"""Rows: what each side saw, which lines are learnt, and what must not be trained on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.episode import keep, tools_text
from harness.faults import UserMistake
from harness.outcomes import Outcome
from harness.store import RunStore
from harness.types import Episode, Message, ToolCall, ToolSpec
from train.rows import Origin, rows_of_episode, rows_of_records, rows_of_run

LOOK = ToolSpec("look", "Look", {"type": "object", "properties": {"id": {}}})
BUY = ToolSpec("buy", "Buy", {"type": "object", "properties": {"id": {}}})
TRAIN_NODE = {
    "_target_": "synth.drills.benchmark.drills",
    "split": "train",
    "count": 1,
}


def talk(changed: bool = False) -> tuple[Episode, dict[str, str]]:
    """Play by hand: a question, a call, its result, an answer, a thank-you and its answer."""
    blobs: dict[str, str] = {}
    first = keep(blobs, tools_text([LOOK]))
    none = keep(blobs, tools_text([]))
    tools = [(0, "user", none), (1, "agent", first)]
    if changed:
        tools.append((5, "agent", keep(blobs, tools_text([LOOK, BUY]))))
    log = (
        Message("user", "look at 7"),
        Message("agent", "", (ToolCall("c", "look", {"id": 7}),), reasoning="seven"),
        Message("tool", "a vase", owner="agent", call_id="c"),
        Message("agent", "It is a vase."),
        Message("user", "thanks"),
        Message("agent", "Welcome."),
        Message("user", stop=True),
    )
    prompts = {"agent": keep(blobs, "Be brief.")}
    return Episode("t1", log, "user_stop", prompts=prompts, tools=tuple(tools)), blobs


def test_the_agent_learns_its_own_lines_only() -> None:
    [row] = rows_of_episode(*talk(), "agent", Origin("x"))
    assert [row.chat[i]["content"] for i in row.learn] == ["", "It is a vase.", "Welcome."]
    assert row.chat[0] == {"role": "system", "content": "Be brief."}
    assert row.tools == (LOOK,)
    assert all(row.chat[i]["role"] == "assistant" for i in row.learn)


def test_the_user_sees_no_tools_and_learns_the_other_side() -> None:
    [row] = rows_of_episode(*talk(), "user", Origin("x"))
    assert [row.chat[i]["content"] for i in row.learn] == ["look at 7", "thanks"]
    assert [line["role"] for line in row.chat] == ["assistant", "user", "assistant"]
    assert row.tools == ()


def test_reasoning_is_kept_only_where_asked_for() -> None:
    [plain] = rows_of_episode(*talk(), "agent", Origin("x"))
    [thinking] = rows_of_episode(*talk(), "agent", Origin("x"), reasoning=True)
    assert not any("reasoning" in line for line in plain.chat)
    assert thinking.chat[plain.learn[0]]["reasoning"] == "seven"


def test_tools_that_change_open_a_row_and_nothing_is_learnt_twice() -> None:
    first, second = rows_of_episode(*talk(changed=True), "agent", Origin("x"))
    assert (first.tools, second.tools) == ((LOOK,), (LOOK, BUY))
    assert [first.chat[i]["content"] for i in first.learn] == ["", "It is a vase."]
    assert [second.chat[i]["content"] for i in second.learn] == ["Welcome."]
    assert len(second.chat) > len(first.chat)


def test_a_call_that_cannot_be_read_is_not_learnt() -> None:
    episode, blobs = talk()
    bad = Message("agent", "", (ToolCall("c", "look", {}, raw="{oops"),))
    log = (episode.log[0], bad, *episode.log[2:])
    [row] = rows_of_episode(
        Episode("t1", log, "user_stop", prompts=episode.prompts, tools=episode.tools),
        blobs,
        "agent",
        Origin("x"),
    )
    assert [row.chat[i]["content"] for i in row.learn] == ["It is a vase.", "Welcome."]


def test_a_refused_call_is_seen_but_not_learnt() -> None:
    episode, blobs = talk()
    error = Message("tool", "no 7", owner="agent", call_id="c", error=True)
    log = (*episode.log[:2], error, *episode.log[3:])
    played = Episode("t1", log, "user_stop", prompts=episode.prompts, tools=episode.tools)
    [row] = rows_of_episode(played, blobs, "agent", Origin("x"))
    assert [row.chat[i]["content"] for i in row.learn] == ["It is a vase.", "Welcome."]
    assert any(line.get("calls") for line in row.chat)


def store_run(folder: Path, node: object, status: str = "pass") -> Path:
    store = RunStore(folder, {"benchmark": {"drills": node}})
    episode, blobs = talk()
    for sha, text in blobs.items():
        store.blobs[sha] = text
    store.add_episode("drills", episode)
    store.add_outcome(Outcome("drills", "vases", "t1", 0, status))
    store.close()
    return folder


def test_a_run_gives_the_rows_of_what_passed(tmp_path: Path) -> None:
    [row] = rows_of_run(store_run(tmp_path / "a", TRAIN_NODE))
    assert (row.world, row.plan, row.id) == ("drills/vases", "drills/t1", "drills/t1/0/agent")
    failed = store_run(tmp_path / "b", TRAIN_NODE, "fail")
    assert list(rows_of_run(failed)) == []
    assert len(list(rows_of_run(failed, keep="all"))) == 1


def test_a_test_split_is_refused_unless_it_is_wanted(tmp_path: Path) -> None:
    run = store_run(tmp_path / "a", {**TRAIN_NODE, "split": "test"})
    with pytest.raises(UserMistake, match="holds test tasks"):
        list(rows_of_run(run))
    assert len(list(rows_of_run(run, train_on_test=True))) == 1


def test_a_run_that_names_no_benchmark_is_refused(tmp_path: Path) -> None:
    run = store_run(tmp_path / "a", TRAIN_NODE)
    (run / "run.json").write_text("{}")
    with pytest.raises(UserMistake, match="names no benchmark"):
        list(rows_of_run(run))


RECORD = {
    "id": "r1",
    "messages": [
        {"role": "user", "content": "look at 7"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c", "function": {"name": "look", "arguments": '{"id": 7}'}}],
        },
        {"role": "tool", "tool_call_id": "c", "content": "a vase"},
        {"role": "assistant", "content": "It is a vase."},
    ],
    "tools": json.dumps([{"type": "function", "function": {"name": "look"}}]),
    "meta": {"env": "shop", "plan_id": "p1"},
}


def test_records_in_openai_form_are_rows_too(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps(RECORD) + "\n")
    [row] = rows_of_records(path)
    assert (row.world, row.plan, row.learn) == ("shop", "p1", (1, 3))
    assert row.chat[1]["calls"] == (ToolCall("c", "look", {"id": 7}),)
    assert list(rows_of_records(path, "user")) == []


def test_a_flat_record_says_what_is_learnt(tmp_path: Path) -> None:
    flat = {
        "id": "r2",
        "messages": json.dumps(RECORD["messages"]),
        "tools": RECORD["tools"],
        "loss": json.dumps({"roles": ["assistant"], "from": 1, "skip": [1]}),
        "env": "shop",
        "plan_id": "p1",
    }
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps(flat) + "\n")
    [row] = rows_of_records(path)
    assert (row.world, row.plan, row.learn) == ("shop", "p1", (3,))


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps(RECORD) + "\n{oops\n")
    with pytest.raises(UserMistake, match=r"data\.jsonl:2 is not a training record"):
        list(rows_of_records(path))
