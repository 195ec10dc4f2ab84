import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.benchmark import Benchmark
from harness.faults import ToolFault, UserMistake
from harness.parties import Script
from harness.runner import Job, Runner
from harness.store import RunStore
from harness.types import Episode, Message, Role, Task, ToolCall, ToolSpec, Verdict
from synth.dataset.files import read_jsonl, write_jsonl, write_parquet
from synth.dataset.rows import Request, training_rows
from synth.dataset.statistics import describe_rows, self_bleu, steps_of
from synth.export import export_run

TASKS = (
    Task(
        "one",
        "desk",
        {"env": {"env_id": "desk"}, "kind": "general"},
    ),
    Task("two", "desk", opening=(Message("agent", "Good day!"),), domain="desk"),
    Task("lost", "desk", domain="desk"),
)


class Desk:
    """A world with a tool that refuses "bad"; a second tool appears in turn 2."""

    first = (ToolSpec("ring", "Ring.", {"type": "object", "properties": {}}),)
    both = (*first, ToolSpec("lock", "Lock.", {"type": "object", "properties": {}}))

    def tools(self, role: Role, turn: int) -> Sequence[ToolSpec]:
        return () if role == "user" else self.first if turn < 2 else self.both

    async def call(self, role: Role, call: ToolCall) -> str:
        if call.arguments.get("how") == "bad":
            raise ToolFault('{"error": "no"}')
        return '"done"'

    def state(self) -> Mapping[str, Any]:
        return {}


class Clerk(Script):
    system = "You keep a desk."


def agent(task: Task, trial: int, model: Any) -> Script:
    return Clerk(
        "agent",
        [
            [ToolCall("1", "ring", {"how": "bad"})],
            Message("agent", "", (ToolCall("2", "ring"),), reasoning="Once more."),
            "It rang.",
            [ToolCall("3", "lock")],
            "Locked. \ud83d",
        ],
    )


def desk(**notes: Any) -> Benchmark:
    return Benchmark(
        name="desk",
        version="1",
        tasks=TASKS,
        environment=lambda task, past: Desk(),
        user=lambda task, trial, model: Script("user", ["Please ring.", "Now lock.", "Thanks!"]),
        agent=agent,
        notes={"trainable": True, "licence": "MIT", **notes},
    )


async def judge(task: Task, episode: Episode) -> Verdict:
    return Verdict(float(task.id != "lost"), task.id != "lost", {"said": 1})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store = RunStore(tmp_path / "run", {})
    job = Job(desk(), judge, model=None, trials=1)  # type: ignore[arg-type]
    try:
        asyncio.run(Runner(job, store, lambda outcome: None, 1).run())
    finally:
        store.close()
    return tmp_path / "run"


def rows(folder: Path, request: Request = Request(), **notes: Any) -> list[dict[str, Any]]:
    return list(training_rows(folder, desk(**notes), "desk 1, played by a script", request))


def test_passed_episodes_become_rows_one_per_list_of_tools(folder: Path) -> None:
    assert [row["id"] for row in rows(folder)] == [
        "desk/one#0",
        "desk/one#0.1",
        "desk/two#0",
        "desk/two#0.1",
    ]


def test_a_row_ends_with_what_is_learnt_and_carries_its_tools(folder: Path) -> None:
    first, second = rows(folder)[:2]
    chat = json.loads(first["messages"])
    assert [line["role"] for line in chat] == [
        "system", "user", "assistant", "tool", "assistant", "tool", "assistant",
    ]  # fmt: skip
    assert chat[0]["content"] == "You keep a desk."
    assert chat[4]["reasoning_content"] == "Once more."
    assert chat[4]["tool_calls"][0]["function"] == {"name": "ring", "arguments": "{}"}
    assert [t["function"]["name"] for t in json.loads(first["tools"])] == ["ring"]
    assert [t["function"]["name"] for t in json.loads(second["tools"])] == ["ring", "lock"]
    assert json.loads(second["messages"])[: len(chat)] == chat


def test_refused_calls_and_what_was_learnt_before_are_not_learnt_from(folder: Path) -> None:
    first, second, opened, _ = rows(folder)
    assert json.loads(first["loss"]) == {"roles": ["assistant"], "from": 2, "skip": [2]}
    assert json.loads(second["loss"]) == {"roles": ["assistant"], "from": 8, "skip": []}
    assert json.loads(opened["messages"])[1] == {"role": "assistant", "content": "Good day!"}
    assert json.loads(opened["loss"])["from"] == 3


def test_rows_say_where_they_come_from(folder: Path) -> None:
    row = rows(folder)[0]
    assert (row["env"], row["kind"], row["licence"]) == ("desk", "general", "MIT")
    assert row["source"] == "desk 1, played by a script"
    assert json.loads(row["verdict"]) == {"said": 1}
    assert len({row["hash"] for row in rows(folder)}) == 4


def test_reasoning_can_be_left_out_and_the_user_can_be_learnt(folder: Path) -> None:
    plain = rows(folder, Request(reasoning=False))[0]
    assert "reasoning_content" not in plain["messages"]
    user = rows(folder, Request(seat="user"))[0]
    chat = json.loads(user["messages"])
    assert [line["role"] for line in chat[:2]] == ["assistant", "user"]
    assert chat[0]["content"] == "Please ring."


def test_only_the_wanted_tasks(folder: Path) -> None:
    assert {row["task_id"] for row in rows(folder, Request(tasks={"two", "lost"}))} == {"two"}


def test_test_tasks_are_refused_unless_allowed(folder: Path) -> None:
    with pytest.raises(UserMistake, match="test tasks"):
        rows(folder, trainable=False)
    assert rows(folder, Request(train_on_test=True), trainable=False) == rows(folder)


def test_files_read_back_and_repeat_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    made = rows(folder)
    for name in ("a", "b"):
        write_jsonl(tmp_path / f"{name}.jsonl", made)
        write_parquet(tmp_path / f"{name}.parquet", made, made[0])
    assert list(read_jsonl(tmp_path / "a.jsonl")) == made
    assert pq.read_table(tmp_path / "a.parquet").to_pylist() == made
    for ending in ("jsonl", "parquet"):
        twins = [(tmp_path / f"{name}.{ending}").read_bytes() for name in ("a", "b")]
        assert twins[0] == twins[1]
    assert "\\ud83d" not in (tmp_path / "a.jsonl").read_text()


def test_a_full_disk_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").mkdir()
    with pytest.raises(UserMistake, match=r"rows\.jsonl"):
        write_jsonl(tmp_path / "rows.jsonl", [{"a": 1}])


def test_statistics_follow_the_definitions(folder: Path) -> None:
    kept = [row for row in rows(folder) if "." in row["id"]]
    found = describe_rows(kept, {"one": 2, "two": None})
    assert found["rows"] == 2
    assert found["turns"] == {"mean": 10.5, "max": 11}
    assert found["steps"] == {"mean": 1.5, "max": 2}
    assert found["tasks"] == {"mean": 2.0, "max": 2}
    assert found["tools"] == 2
    assert found["kinds"] == {"general": 1, "unsaid": 1}
    assert found["chain_entropy_bits"]["1"] == pytest.approx(0.918, abs=1e-3)


def test_steps_count_batches_per_request() -> None:
    chat = [
        {"role": "assistant", "content": "Hi", "tool_calls": [1]},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": None, "tool_calls": [1, 2]},
        {"role": "tool", "content": ""},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    assert steps_of(chat) == [1, 0]


def test_self_bleu_is_one_for_twins_and_low_for_strangers() -> None:
    text = "please cancel the order of the copper lamp before noon"
    assert self_bleu([text, text]) == 1.0
    assert self_bleu([text, "a violin waits at the harbor under seven lanterns tonight"]) < 0.2
    assert self_bleu([text]) == 0.0


def test_tasks_without_rows_leave_empty_statistics() -> None:
    found = describe_rows([], {})
    assert found["rows"] == 0
    assert found["self_bleu_4"] == 0.0


def test_a_run_becomes_a_data_set_with_a_card(folder: Path, tmp_path: Path) -> None:
    report = export_run(folder, desk(), "a script", Request(), tmp_path / "out")
    assert report["files"] == {"sft": 4}
    assert [step["kept"] for step in report["funnel"]] == [2, 4]
    assert report["funnel"][0]["dropped"] == {"fail": 1}
    assert list(read_jsonl(tmp_path / "out" / "sft.jsonl")) == rows_by("a script", folder)
    text = (tmp_path / "out" / "README.md").read_text()
    assert "license: mit" in text
    assert "| desk | 4 |" in text
    assert "test tasks" not in text


def test_a_data_set_of_test_tasks_says_so_first(folder: Path, tmp_path: Path) -> None:
    benchmark = desk(trainable=False)
    with pytest.raises(UserMistake, match="test tasks"):
        export_run(folder, benchmark, "a script", Request(), tmp_path / "out")
    allowed = Request(train_on_test=True)
    report = export_run(folder, benchmark, "a script", allowed, tmp_path / "out")
    assert report["about"].startswith("**Holds test tasks of desk")


def rows_by(source: str, folder: Path) -> list[dict[str, Any]]:
    return list(training_rows(folder, desk(), source))


def test_replacing_a_benchmark_changes_nothing_of_the_rows(folder: Path) -> None:
    fewer = replace(desk(), tasks=TASKS[1:])
    found = list(training_rows(folder, fewer, "desk 1, played by a script"))
    assert found == rows(folder)[2:]
