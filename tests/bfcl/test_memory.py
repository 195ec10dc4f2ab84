"""BFCL's memories: limits and words of the back ends, ranking, chains of conversations."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluators.bfcl import benchmark
from evaluators.bfcl.data import BfclData
from evaluators.bfcl.memory.chains import BACK_ENDS, MemoryChains, MemoryWorld
from evaluators.bfcl.memory.key_value import MemoryAPI_kv
from evaluators.bfcl.memory.ranking import rank
from evaluators.bfcl.memory.summary import MemoryAPI_rec_sum
from evaluators.bfcl.memory.vector import MemoryAPI_vector, load_encoder
from evaluators.bfcl.verdict import BfclEvaluator
from harness.conformance import check_environment
from harness.episode import run_episode
from harness.faults import ToolFault, UserMistake
from harness.outcomes import Outcome
from harness.parties import Script
from harness.runner import Job, Runner
from harness.store import RunStore
from harness.types import Message, ToolCall, ToolSpec


class Row(list[float]):
    """A vector with the product that arrays have."""

    def __matmul__(self, other: Sequence[float]) -> float:
        return sum(a * b for a, b in zip(self, other, strict=True))


def letters(texts: Sequence[str]) -> list[Row]:
    """Embed texts as normalised counts of the letters a to d."""
    rows = []
    for text in texts:
        counts = [text.count(letter) for letter in "abcd"]
        length = math.hypot(*counts) or 1.0
        rows.append(Row(count / length for count in counts))
    return rows


def answer(back_end: Any, name: str, **arguments: Any) -> Any:
    world = MemoryWorld(back_end, (), from_text=False)
    return json.loads(asyncio.run(world.call("agent", ToolCall("1", name, arguments))))


def test_a_core_entry_is_kept_shown_and_inherited() -> None:
    memory = MemoryAPI_kv()
    assert memory._in_view() == ""
    assert "status" in answer(memory, "core_memory_add", key="first_name", value="Ada")
    assert answer(memory, "core_memory_retrieve", key="first_name") == {"value": "Ada"}
    heir = MemoryAPI_kv(json.loads(json.dumps(memory._snapshot())))
    assert json.loads(heir._in_view()) == {"first_name": "Ada"}
    answer(heir, "core_memory_clear")
    assert answer(memory, "core_memory_list_keys") == {"keys": ["first_name"]}


@pytest.mark.parametrize("shelf", ["core", "archival"])
def test_limits_of_the_key_value_memory(shelf: str) -> None:
    memory, (most, longest) = MemoryAPI_kv(), {"core": (7, 300), "archival": (50, 2000)}[shelf]
    add = f"{shelf}_memory_add"
    assert "too long" in answer(memory, add, key="k", value="x" * (longest + 1))["error"]
    for number in range(most):
        assert "status" in answer(memory, add, key=f"k_{number}", value="x" * longest)
    assert "full" in answer(memory, add, key="another", value="x")["error"]
    replace = f"{shelf}_memory_replace"
    assert "status" in answer(memory, replace, key="k_0", value="y")
    assert "too long" in answer(memory, replace, key="k_0", value="x" * (longest + 1))["error"]
    assert "not found" in answer(memory, replace, key="none", value="y")["error"]


@pytest.mark.parametrize("key", ["Bad", "two words", "1st", "a__b", "", "_a", "a-b"])
def test_keys_must_be_snake_case(key: str) -> None:
    assert "snake_case" in answer(MemoryAPI_kv(), "core_memory_add", key=key, value="x")["error"]


def test_wrong_calls_name_the_official_class() -> None:
    world = MemoryWorld(MemoryAPI_kv(), (), from_text=False)
    with pytest.raises(ToolFault, match=r"MemoryAPI_kv\.core_memory_add\(\) missing 1 required"):
        asyncio.run(world.call("agent", ToolCall("1", "core_memory_add", {"key": "a"})))
    with pytest.raises(ToolFault, match="Error during execution: division by zero"):
        asyncio.run(world.call("agent", ToolCall("1", "core_memory_key_search", {"query": "a"})))


def test_ranking_follows_bm25_plus() -> None:
    """Worked by hand: 3 keys, mean length 5/3, k1 = 1.5, b = .75, delta = 1."""
    (best, name), (other, _), (none, _) = rank("Home city", ["home_city", "home_address", "job"])
    norm = 1.5 * (0.25 + 0.75 * 2 / (5 / 3))
    weight = 1 + 2.5 / (norm + 1)
    nothing = math.log(4 / 2) + math.log(4 / 1)  # delta alone, for words other keys hold
    assert name == "home_city"
    assert best == pytest.approx(math.log(4 / 2) * weight + math.log(4 / 1) * weight)
    assert other == pytest.approx(math.log(4 / 2) * weight + math.log(4 / 1))
    assert none == pytest.approx(nothing)
    with pytest.raises(ZeroDivisionError):
        rank("x", [])


def test_the_summary_memory_is_one_text() -> None:
    memory = MemoryAPI_rec_sum()
    assert "error" in answer(memory, "memory_retrieve")
    answer(memory, "memory_append", text="Ada is 35. ")
    answer(memory, "memory_append", text="Ada likes tea.")
    answer(memory, "memory_replace", old_text="Ada", new_text="She")
    assert answer(memory, "memory_retrieve") == {"memory_content": "She is 35. She likes tea."}
    assert "not found" in answer(memory, "memory_replace", old_text="Bob", new_text="x")["error"]
    assert "too long" in answer(memory, "memory_append", text="x" * 9990)["error"]
    assert "status" in answer(memory, "memory_update", text="x" * 10_000)
    assert MemoryAPI_rec_sum(memory._snapshot())._in_view() == "x" * 10_000


def test_the_vector_memory_finds_the_nearest() -> None:
    memory = MemoryAPI_vector(None, letters)
    for text in ("aaa", "bbb", "aab"):
        answer(memory, "core_memory_add", text=text)
    found = answer(memory, "core_memory_retrieve", query="a", top_k=2)["result"]
    assert [(entry["id"], entry["text"]) for entry in found] == [(0, "aaa"), (2, "aab")]
    assert found[0]["similarity_score"] == pytest.approx(1.0)
    answer(memory, "core_memory_remove", vec_id=0)
    assert answer(memory, "core_memory_add", text="c") == {"id": 3}
    answer(memory, "core_memory_update", vec_id=1, new_text="aaaa")
    heir = MemoryAPI_vector(json.loads(json.dumps(memory._snapshot())), letters)
    assert answer(heir, "core_memory_retrieve_all") == answer(memory, "core_memory_retrieve_all")
    best = answer(heir, "core_memory_retrieve", query="a", top_k=1)["result"]
    assert best[0]["id"] == 1
    assert "not present" in answer(heir, "core_memory_remove", vec_id=0)["error"]


@pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is not None, reason="an encoder is installed"
)
def test_a_missing_encoder_is_said_in_one_line(bfcl: BfclData) -> None:
    with pytest.raises(UserMistake, match="pip install sentence-transformers"):
        load_encoder()
    with pytest.raises(UserMistake, match="memory_vector cannot be played"):
        benchmark(categories="memory_vector", pack=str(bfcl.root))


def test_tools_are_those_of_the_back_end(bfcl: BfclData) -> None:
    for name, back_end in BACK_ENDS.items():
        described = {doc["name"]: doc for doc in bfcl.func_doc(name)}
        methods = {m for m in dir(back_end) if not m.startswith("_")}
        assert set(described) <= methods


def test_chains_link_the_conversations_of_a_scenario(bfcl: BfclData) -> None:
    tasks = MemoryChains(bfcl, "native").tasks("memory_kv")
    chain = [t for t in tasks if not t.scored and "finance" in t.id]
    assert [len(t.needs) for t in chain] == list(range(7))
    assert all(t.needs == tuple(c.id for c in chain[: len(t.needs)]) for t in chain)
    questions = [t for t in tasks if t.scored and t.payload["row"]["scenario"] == "finance"]
    assert questions
    assert {t.needs for t in questions} == {tuple(c.id for c in chain)}
    assert len({t.id for t in tasks if not t.scored}) == 37


def test_a_memory_lives_from_conversation_to_question(bfcl: BfclData) -> None:
    bench = benchmark(categories="memory_kv", pack=str(bfcl.root))
    first = next(t for t in bench.tasks if not t.scored)
    note = ToolCall("1", "core_memory_add", {"key": "name", "value": "a mark {in} braces"})
    agent = Script("agent", [(note,), *["Noted."] * 20])
    asyncio.run(check_environment(bench.environment(first, {})))

    async def conversation() -> Any:
        world, user = bench.environment(first, {}), bench.user(first, 0, None)
        return (await run_episode(first, world, agent, user, bench.limits(first))).state

    state = asyncio.run(conversation())
    assert state["core_memory"] == {"name": "a mark {in} braces"}
    question = next(t for t in bench.tasks if t.scored)
    heir = bench.inherit(question, json.loads(json.dumps(state)))
    shown = bench.agent(heir, 0, None).system  # type: ignore[arg-type, attr-defined]
    assert '"name": "a mark {in} braces"' in shown
    assert "a mark" not in bench.agent(question, 0, None).system  # type: ignore[arg-type, attr-defined]
    assert shown.endswith(question.payload["row"]["question"][0][0]["content"])
    assert bench.environment(question, state).state() == state


@pytest.mark.parametrize(
    ("last", "error"),
    [
        ("{gold}", None),
        ("I do not know.", "agentic:answer_not_found"),
        ("", "agentic:no_last_message"),
    ],
)
def test_the_last_words_are_judged(bfcl: BfclData, last: str, error: str | None) -> None:
    bench = benchmark(categories="memory_rec_sum", pack=str(bfcl.root))
    task = next(t for t in bench.tasks if t.scored)
    gold = bfcl.answer(task.id)[0]
    lines = [(ToolCall("1", "memory_retrieve", {}),), last.format(gold=f"It is {gold}.")]

    async def play() -> Any:
        world, user = bench.environment(task, {}), bench.user(task, 0, None)
        agent = Script("agent", lines)
        episode = await run_episode(task, world, agent, user, bench.limits(task))
        return await BfclEvaluator()(task, episode)

    assert asyncio.run(play()).parts.get("error_type") == error


def test_a_reply_with_calls_is_not_the_last_word(bfcl: BfclData) -> None:
    bench = benchmark(categories="memory_rec_sum", pack=str(bfcl.root))
    task = next(t for t in bench.tasks if t.scored)
    gold = bfcl.answer(task.id)[0]
    call = ToolCall("1", "memory_append", {"text": gold})

    async def play() -> Any:
        world, user = bench.environment(task, {}), bench.user(task, 0, None)
        agent = Script("agent", [Message("agent", gold, (call,)), "No idea."])
        episode = await run_episode(task, world, agent, user, bench.limits(task))
        return await BfclEvaluator()(task, episode)

    assert not asyncio.run(play()).passed


class NoteTaker:
    """Take one note in the very first conversation; answer every later text from the system."""

    show_reasoning = False

    def __init__(self, note: str) -> None:
        self.note = note
        self.systems: list[str] = []

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message:
        system = chat[0]["content"]
        if len(chat) == 2:
            self.systems.append(system)
            if self.note not in system:
                call = ToolCall("1", "core_memory_add", {"key": "note", "value": self.note})
                return Message("agent", calls=(call,))
        return Message("agent", self.note if self.note in system else "Noted.")


def test_the_runner_hands_memory_down_a_chain(bfcl: BfclData, tmp_path: Path) -> None:
    whole = benchmark(categories="memory_kv", pack=str(bfcl.root))
    question = next(t for t in whole.tasks if t.scored and "finance" in t.id)
    chain = {*question.needs, question.id}
    part = replace(whole, tasks=[task for task in whole.tasks if task.id in chain])
    model = NoteTaker(bfcl.answer(question.id)[0])
    seen: list[Outcome] = []
    store = RunStore(tmp_path, {"benchmark": "bfcl"})
    try:
        job = Job(part, BfclEvaluator(), model, trials=2)
        asyncio.run(Runner(job, store, seen.append, 4).run())
    finally:
        store.close()
    assert [outcome.status for outcome in seen] == ["pass"] * 2
    assert len(model.systems) == 2 * len(chain)
    assert sum(model.note in system for system in model.systems) == 2 * (len(chain) - 1)
