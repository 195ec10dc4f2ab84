from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from harness.faults import BadReply, ModelFault
from harness.models.scripted import ScriptedModel
from harness.types import Message, Usage
from synth.llm.ask import Asker, Rejected, Request, decode
from synth.llm.cache import Cache, Key
from synth.llm.prompts import PLACE, Prompt, load_prompt, prompt_hashes

SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
}
PROMPT = Prompt("count", "Count to {{to}}.", "Now: {{what}}", "sha")
REQUEST = Request(PROMPT, {"to": 3, "what": "{{to}} apples"}, SCHEMA)


def ask(model: Any, request: Request = REQUEST, **more: Any) -> tuple[Any, Asker]:
    asker = Asker(model, **more)
    return asyncio.run(asker.ask(request)), asker


def test_a_reply_is_data_and_counted() -> None:
    reply = Message("agent", 'Here: {"n": 3} done', usage=Usage(10, 5, cost_usd=0.5))
    data, asker = ask(ScriptedModel([reply]))
    stage = asker.ledger["count"]
    assert data == {"n": 3}
    assert (stage.calls, stage.accepted, stage.tokens_in, stage.cost_usd) == (1, 1, 10, 0.5)
    assert asker.ledger.to_json()["count"]["tokens_out"] == 5


def test_what_is_filled_in_is_not_expanded_again() -> None:
    system, user = PROMPT.chat(REQUEST.values)
    assert (system["content"], user["content"]) == ("Count to 3.", "Now: {{to}} apples")
    with pytest.raises(KeyError, match="needs"):
        PROMPT.chat({"to": 3})


def test_a_repair_carries_the_reply_and_the_problem() -> None:
    chats: list[Any] = []

    def answer(chat: Any, tools: Any, sampling: Any) -> str:
        chats.append(list(chat))
        return '{"n": "three"}' if len(chats) == 1 else '{"n": 3}'

    data, asker = ask(ScriptedModel(answer))
    assert data == {"n": 3}
    assert asker.ledger["count"].rounds == {2: 1}
    assert chats[1][2] == {"role": "assistant", "content": '{"n": "three"}'}
    assert "field 'n' must be integer, not str" in chats[1][3]["content"]


@pytest.mark.parametrize("rounds", [1, 2, 5])
def test_rounds_are_bounded_and_the_item_is_counted(rounds: int) -> None:
    asker = Asker(ScriptedModel(["no"], after="repeat"))
    request = Request(PROMPT, REQUEST.values, SCHEMA, rounds=rounds, item="box")
    with pytest.raises(Rejected, match="no JSON"):
        asyncio.run(asker.ask(request))
    stage = asker.ledger["count"]
    assert (stage.calls, stage.repairs, stage.rejected) == (rounds, rounds - 1, 1)
    assert stage.reasons == ["box: the reply is no JSON"]


def test_a_full_context_rejects_and_a_fault_stops() -> None:
    def full(chat: Any, tools: Any, sampling: Any) -> str:
        raise BadReply("the context is full")

    with pytest.raises(Rejected, match="context is full"):
        ask(ScriptedModel(full))
    with pytest.raises(ModelFault):
        ask(ScriptedModel([], after="fault"))


def test_each_keeps_order_and_leaves_out_what_is_rejected() -> None:
    asker = Asker(ScriptedModel(lambda chat, *_: chat[1]["content"][5:]), concurrency=2)

    async def one(text: str) -> Any:
        return await asker.ask(Request(PROMPT, {"to": 1, "what": text}, SCHEMA, rounds=1))

    done = asyncio.run(asker.each(['{"n": 1}', "bad", '{"n": 2}'], one))
    assert [data["n"] for _, data in done] == [1, 2]
    failing = Asker(ScriptedModel([], after="fault"))
    with pytest.raises(ModelFault):
        asyncio.run(failing.each(["x"], lambda _: failing.ask(REQUEST)))


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('{"n": 1}', {"n": 1}),
        ('```json\n{"n": 1}\n```', {"n": 1}),
        ('first ```json\n{"n": 0}\n``` then\n```\n{"n": 1}\n```', {"n": 1}),
        ('I think {"n": 1} fits.', {"n": 1}),
        ("[1]", [1]),
        ("", None),
        ("n = 1", None),
        ('{"n": Infinity}', None),
        ("[" * 100_000, None),
        ("1" * 500_000, None),
    ],
)
def test_the_json_of_a_reply_is_found_or_missed_with_a_reason(text: str, data: Any) -> None:
    found, problem = decode(Message("agent", text))
    assert found == data
    assert bool(problem) == (data is None)


def test_a_cut_reply_says_so() -> None:
    assert "cut off" in decode(Message("agent", '{"n": ', finish="length"))[1]


def test_the_cache_answers_only_the_same_question(tmp_path: Path) -> None:
    key = Key({"model": "m"}, {"t": 0}, "sha", "shape", [{"role": "user", "content": "x"}])
    cache = Cache(tmp_path)
    assert cache.find(key) is None
    cache.keep(key, Message("agent", "yes", usage=Usage(3, 4)))
    assert cache.find(key) == Message("agent", "yes", usage=Usage(3, 4))
    others = [
        Key({"model": "n"}, key.params, key.template, key.schema, key.chat),
        Key(key.model, {"t": 1}, key.template, key.schema, key.chat),
        Key(key.model, key.params, "other", key.schema, key.chat),
        Key(key.model, key.params, key.template, "other", key.chat),
        Key(key.model, key.params, key.template, key.schema, []),
        Key(key.model, key.params, key.template, key.schema, key.chat, sample=1),
    ]
    assert [cache.find(other) for other in others] == [None] * 6
    for bad in ("", "{", "[]", '{"reply": 1}', '{"reply": {"author": "agent", "usage": 5}}'):
        cache.path(key).write_text(bad)
        found = cache.find(key)
        assert found is None, f"{bad} was read as {found}"


def test_structured_output_is_asked_for_where_wanted() -> None:
    seen: list[Any] = []

    def answer(chat: Any, tools: Any, sampling: Any) -> str:
        seen.append(sampling)
        return '{"n": 1}'

    for structured in ("none", "json_object", "json_schema"):
        ask(ScriptedModel(answer), structured=structured, sampling={"temperature": 0})
    assert seen[0] == {"temperature": 0}
    assert seen[1]["response_format"] == {"type": "json_object"}
    assert seen[2]["response_format"]["json_schema"]["schema"] == SCHEMA


def test_every_prompt_of_ours_loads_and_keeps_data_apart() -> None:
    hashes = prompt_hashes()
    assert len(hashes) == len(set(hashes.values())) == 11
    for name in hashes:
        prompt = load_prompt(name)
        assert prompt.system
        assert PLACE.search(prompt.user)
        assert "Answer with one JSON object" in prompt.system
        assert name == "user" or "<data>" in prompt.user
