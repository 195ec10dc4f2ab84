"""Local weights: a tiny random Qwen3 through the same code that runs a real checkpoint."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.faults import BadReply, UserMistake
from harness.models.transformers import TransformersModel
from harness.types import Message, ToolCall, ToolSpec
from tests.fakes import tiny

torch = pytest.importorskip("torch", reason="torch is not installed: pip install .[train]")
pytest.importorskip("transformers", reason="transformers is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

WEATHER = ToolSpec("weather", "Tell it", {"type": "object", "properties": {"city": {}}})
ASK = [{"role": "user", "content": "hi"}]


def make(template: str = tiny.TEMPLATE, positions: int = 4096, **options: Any) -> TransformersModel:
    model = TransformersModel(**{"model": "tiny", "sampling": {"max_tokens": 12}, **options})
    tokenizer = tiny.make_tokenizer(template)
    model.use(tiny.make_network(tokenizer, positions), tokenizer)
    return model


def ask(model: TransformersModel, chat: Sequence[Any] = ASK, **sampling: Any) -> Message:
    async def play() -> Message:
        try:
            return await model.generate(chat, [WEATHER], **sampling)
        finally:
            await model.aclose()

    return asyncio.run(play())


def ids_of(model: TransformersModel, chat: Sequence[Any], tools: Sequence[ToolSpec]) -> list[int]:
    template = model._template
    return template.tokenize(template.render(chat, tools, True))


def as_line(message: Message) -> dict[str, Any]:
    line: dict[str, Any] = {"role": "assistant", "content": message.text, "tokens": message.tokens}
    return {**line, "calls": message.calls} if message.calls else line


def test_a_reply_carries_its_tokens() -> None:
    model = make()
    message = ask(model, temperature=1.0, seed=1)
    tokens = message.tokens
    assert tokens is not None
    assert list(tokens.prompt_ids) == ids_of(model, ASK, [WEATHER])
    assert 1 <= len(tokens.completion_ids) == len(tokens.logprobs) <= 12
    assert message.usage is not None
    assert message.usage.tokens_in == len(tokens.prompt_ids)
    assert message.usage.tokens_out == len(tokens.completion_ids)
    decoded = model._template.decode(tokens.completion_ids)
    assert message.text == decoded.removesuffix("<|im_end|>")


def test_logprobs_are_those_of_the_network() -> None:
    model = make()
    message = ask(model, temperature=0.5, seed=3)
    tokens = message.tokens
    assert tokens is not None
    assert model._network is not None
    ids = torch.tensor([[*tokens.prompt_ids, *tokens.completion_ids]])
    with torch.inference_mode():
        logits = model._network.model(ids).logits[0, len(tokens.prompt_ids) - 1 : -1]
    expected = torch.log_softmax(logits / 0.5, -1)
    for step, (token, given) in enumerate(zip(tokens.completion_ids, tokens.logprobs, strict=True)):
        assert given == pytest.approx(float(expected[step, token]), abs=1e-4)


def test_greedy_is_the_likeliest_token() -> None:
    model = make()
    tokens = ask(model, temperature=0.0).tokens
    assert tokens is not None
    assert model._network is not None
    with torch.inference_mode():
        logits = model._network.model(torch.tensor([tokens.prompt_ids])).logits[0, -1]
    assert tokens.completion_ids[0] == int(logits.argmax())


def test_the_same_seed_gives_the_same_reply_in_any_company() -> None:
    model = make()
    alone = [ask(model, temperature=1.0, seed=seed).tokens for seed in range(6)]

    async def play() -> list[Message]:
        chats = [ASK] * 6 + [[{"role": "user", "content": "a much longer question " * 5}]] * 2
        replies = [
            model.generate(chat, [WEATHER], temperature=1.0, seed=seed)
            for seed, chat in enumerate(chats)
        ]
        results = await asyncio.gather(*replies)
        await model.aclose()
        return results

    together = [message.tokens for message in asyncio.run(play())[:6]]
    assert [t.completion_ids for t in together if t] == [t.completion_ids for t in alone if t]
    assert len({t.completion_ids for t in alone if t}) > 1


def test_top_k_and_top_p_restrict_the_draw() -> None:
    model = make()
    greedy = ask(model, temperature=0.0).tokens
    for option in ({"top_k": 1}, {"top_p": 1e-9}):
        drawn = ask(model, temperature=5.0, seed=1, **option).tokens
        assert drawn is not None
        assert greedy is not None
        assert drawn.completion_ids == greedy.completion_ids
        assert drawn.logprobs == pytest.approx([0.0] * len(drawn.logprobs), abs=1e-5)


def test_a_conversation_is_spliced() -> None:
    model = make()
    chat: list[dict[str, Any]] = [{"role": "system", "content": "S"}, *ASK]
    seen: list[int] = []
    asked: list[int] = []
    for turn in range(4):
        message = ask(model, chat, temperature=1.0, seed=turn)
        tokens = message.tokens
        assert tokens is not None
        seen += tokens.prompt_ids
        asked += tokens.prompt_ids
        assert message.usage is not None
        assert message.usage.tokens_in == len(seen)
        seen += tokens.completion_ids
        chat += [as_line(message), {"role": "user", "content": f"turn {turn}"}]
    assert model.rebuilt == 0
    text = model._template.decode(asked)
    assert text.count("<|im_start|>") == 1 + 4 + 4
    for turn in range(3):
        assert f"turn {turn}" in text


def test_changed_tools_are_counted_and_leave_no_tokens() -> None:
    model = make()
    first = ask(model, temperature=1.0, seed=1)
    chat = [*ASK, as_line(first), {"role": "user", "content": "more"}]

    async def play() -> Message:
        try:
            return await model.generate(chat, [WEATHER, ToolSpec("other")])
        finally:
            await model.aclose()

    assert asyncio.run(play()).tokens is None
    assert model.rebuilt == 1


def test_calls_are_decoded_and_rendered_by_the_template() -> None:
    model = make()
    template = model._template
    text = '<tool_call>\n{"name": "weather", "arguments": {"city": "Bonn"}}\n</tool_call><|im_end|>'
    message = model._read(template.tokenize(text), [WEATHER], 5)
    assert message.calls == (ToolCall("call_5_0", "weather", {"city": "Bonn"}),)
    assert message.finish == "tool"
    chat = [*ASK, {"role": "assistant", "content": "", "calls": message.calls}]
    chat += [{"role": "tool", "tool_call_id": "call_5_0", "content": "rain"}]
    rendered = template.render(chat, [WEATHER], True)
    assert '"name": "weather"' in rendered
    assert "<tool_response>\nrain" in rendered


def test_a_template_that_ignores_tools_gets_them_in_the_system_text() -> None:
    model = make(tiny.PLAIN, tool_format="python_list")
    assert not model._template.knows_tools
    chat = [*ASK, {"role": "assistant", "content": "", "calls": (ToolCall("1", "weather"),)}]
    rendered = model._template.render(chat, [WEATHER], True)
    assert "Tell it" in rendered
    assert "[weather()]" in rendered
    assert ask(model).tokens is not None


def test_a_forgetful_template_is_refused_unless_tokens_are_not_wanted() -> None:
    with pytest.raises(UserMistake, match="record_tokens=false"):
        make(tiny.FORGETFUL)
    message = ask(make(tiny.FORGETFUL, record_tokens=False))
    assert message.tokens is None
    assert message.usage is not None
    assert message.usage.tokens_out > 0


def test_a_full_context_is_the_speakers_failure() -> None:
    with pytest.raises(BadReply, match="context is full"):
        ask(make(max_model_len=20))
    room = ask(make(max_model_len=len(ids_of(make(), ASK, [WEATHER])) + 2), temperature=1.0, seed=0)
    assert room.finish == "length"
    assert room.tokens is not None
    assert len(room.tokens.completion_ids) == 2


def test_a_checkpoint_is_loaded_from_disk_with_its_defaults(tmp_path: Path) -> None:
    path = tiny.save(tmp_path)
    model = TransformersModel(model=path, device="cpu", sampling={"max_tokens": 5}, threads=1)
    message = ask(model)
    assert message.tokens is not None
    assert all(math.isfinite(value) for value in message.tokens.logprobs)


def test_models_of_several_seats_are_loaded_one_after_another(tmp_path: Path) -> None:
    from harness.models.seats import opened

    path = tiny.save(tmp_path)
    seats = {
        f"seat {n}": TransformersModel(model=path, sampling={"max_tokens": 2}) for n in range(6)
    }

    async def open_all() -> None:
        async with opened(seats):
            for model in seats.values():
                assert (await model.generate(ASK, [])).author == "agent"

    asyncio.run(open_all())


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="nothing at /no/such"):
        TransformersModel(model="/no/such").check()
    with pytest.raises(UserMistake, match="cannot be loaded"):
        asyncio.run(TransformersModel(model=str(tmp_path)).open())
    with pytest.raises(UserMistake, match=r"sampling\.min_p"):
        TransformersModel(model="m", sampling={"min_p": 0.1})
    with pytest.raises(UserMistake, match="chat_template"):
        make(chat_template="no/such/file")
    with pytest.raises(UserMistake, match="no chat template"):
        make("")
