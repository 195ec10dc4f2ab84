"""The OpenAI client against a real loopback server that behaves and misbehaves."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

import pytest

from harness.faults import BadReply, ModelFault, UserMistake
from harness.models.openai import OpenAIModel
from harness.types import Message, ToolCall, ToolSpec, Usage
from tests.fakes import server as fake
from tests.fakes.server import Behaviour, FakeServer

WEATHER = ToolSpec(
    "city.weather",
    "Tell the weather",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
ASK = [{"role": "user", "content": "hi"}]


def make(base_url: str, **options: Any) -> OpenAIModel:
    options = {"retries": 2, "retry_first_s": 0.001, "timeout_s": 5.0, **options}
    return OpenAIModel(model="m", base_url=base_url, **options)


def ask(
    *behaviours: Behaviour,
    chat: Sequence[Any] = ASK,
    tools: Sequence[ToolSpec] = (),
    per_call: dict[str, Any] | None = None,
    **options: Any,
) -> tuple[Message, FakeServer]:
    """Play one generate() against a fresh server and return the reply and the server."""
    box = FakeServer(*behaviours)

    async def play() -> Message:
        async with box:
            model = make(box.base_url, **options)
            try:
                return await model.generate(chat, tools, **(per_call or {}))
            finally:
                await model.aclose()

    return asyncio.run(play()), box


def fault(*behaviours: Behaviour, **options: Any) -> ModelFault:
    with pytest.raises(ModelFault) as caught:
        ask(*behaviours, **options)
    assert "\n" not in str(caught.value)
    return caught.value


def test_text_usage_and_cost() -> None:
    message, box = ask(fake.says("hello"), price={"input": 1.0, "output": 10.0, "cached": 0.5})
    assert (message.text, message.calls, message.finish) == ("hello", (), "stop")
    usage = message.usage
    assert usage is not None
    assert (usage.tokens_in, usage.tokens_out, usage.tokens_cached) == (100, 20, 40)
    assert usage.cost_usd == pytest.approx((60 * 1 + 40 * 0.5 + 20 * 10) / 1e6)
    assert usage.retries == 0
    assert usage.seconds > 0
    assert box.requests[0] == {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def test_reasoning_tokens_outside_completion_tokens_are_counted() -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 40}
    message, _ = ask(fake.replies(fake.completion({"content": "x"}, usage=usage)))
    assert message.usage is not None
    assert message.usage.tokens_out == 30
    assert message.usage.cost_usd is None


@pytest.mark.parametrize("usage", [{"prompt_tokens": "many"}, {"prompt_tokens": 10**400}, [], 7])
def test_absurd_usage_is_zero(usage: Any) -> None:
    message, _ = ask(fake.replies(fake.completion({"content": "x"}, usage=usage)))
    assert message.usage == Usage(seconds=message.usage.seconds)  # type: ignore[union-attr]


def test_sampling_is_merged_per_call_and_none_removes() -> None:
    _, box = ask(
        sampling={"temperature": 0.7, "top_p": 0.9, "seed": 1, "tool_choice": "auto"},
        omit=["top_p"],
        per_call={"seed": 2, "max_tokens": 9, "temperature": None},
    )
    sent = {k: v for k, v in box.requests[0].items() if k not in ("messages", "model")}
    assert sent == {"seed": 2, "max_tokens": 9}


def test_native_calls_there_and_back() -> None:
    call = ToolCall("c9", "city.weather", {"city": "Köln"})
    chat = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "content": "", "calls": (call,), "reasoning": "hm", "tokens": None},
        {"role": "tool", "tool_call_id": "c9", "content": "rain"},
    ]
    message, box = ask(fake.calls(("city_weather", '{"city": "Bonn"}')), chat=chat, tools=[WEATHER])
    assert message.calls == (ToolCall("c0", "city.weather", {"city": "Bonn"}),)
    assert message.finish == "tool"
    sent = box.requests[0]
    assert sent["tools"][0]["function"]["name"] == "city_weather"
    assert sent["tools"][0]["function"]["parameters"] == WEATHER.parameters
    third = sent["messages"][2]
    assert third["content"] is None
    assert third["reasoning_content"] == "hm"
    assert third["tool_calls"][0]["id"] == "c9"
    assert third["tool_calls"][0]["function"]["name"] == "city_weather"
    assert json.loads(third["tool_calls"][0]["function"]["arguments"]) == {"city": "Köln"}
    assert sent["messages"][3] == {"role": "tool", "tool_call_id": "c9", "content": "rain"}


def test_names_that_collide_once_made_safe_stay_apart() -> None:
    tools = [ToolSpec("a.b"), ToolSpec("a_b"), ToolSpec("a b")]
    message, box = ask(fake.calls(("a_b", "{}"), ("a_b_2", "{}")), tools=tools)
    names = [tool["function"]["name"] for tool in box.requests[0]["tools"]]
    assert len(set(names)) == 3
    assert [call.name for call in message.calls] == ["a_b", "a.b"]


def test_names_are_kept_where_the_server_takes_any() -> None:
    _, box = ask(tools=[WEATHER], safe_names=False)
    assert box.requests[0]["tools"][0]["function"]["name"] == "city.weather"


@pytest.mark.parametrize(
    "text",
    ["{broken", "[1, 2]", '"text"', "1" * 5000, "[" * 100_000, '{"a":' * 70 + "1" + "}" * 70],
)
def test_unreadable_arguments_are_kept_raw(text: str) -> None:
    message, _ = ask(fake.calls(("f", text)))
    assert message.calls == (ToolCall("c0", "f", {}, text),)


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        (None, {}),
        ({"a": 1}, {"a": 1}),
        ('{"city": 5, "city2": null}', {"city": 5, "city2": None}),
        ('{"n": ' + "9" * 4000 + "}", {"n": int("9" * 4000)}),
        ('{"s": "\\ud800"}', {"s": "\ud800"}),
        ('{"inf": Infinity}', {"inf": float("inf")}),
    ],
)
def test_odd_but_readable_arguments(text: Any, arguments: Any) -> None:
    message, _ = ask(fake.calls(("no_such_tool", text)), tools=[WEATHER])
    assert message.calls == (ToolCall("c0", "no_such_tool", arguments),)


def test_calls_of_any_shape_do_not_crash() -> None:
    odd = [{}, {"function": None}, {"function": {"name": 7, "arguments": 8}}, {"id": 3}]
    message, _ = ask(fake.calls(*odd, {"id": "x", "function": {"name": "f"}}, "text", None))
    assert [call.name for call in message.calls] == ["", "", "", "", "f"]
    assert message.calls[2].raw == "8"
    assert len({call.id for call in message.calls}) == 5


def test_repeated_ids_become_unique() -> None:
    one = {"id": "same", "function": {"name": "f", "arguments": "{}"}}
    message, _ = ask(fake.calls(one, one))
    assert [call.id for call in message.calls] == ["same", "call_1_1"]


def test_a_past_call_with_raw_arguments_is_sent_as_an_empty_object() -> None:
    chat = [*ASK, {"role": "assistant", "content": "", "calls": (ToolCall("1", "f", {}, "{bad"),)}]
    _, box = ask(chat=chat)
    assert box.requests[0]["messages"][1]["tool_calls"][0]["function"]["arguments"] == "{}"


def test_ten_megabytes_and_odd_characters_come_through() -> None:
    message, _ = ask(fake.says("é" * 5_000_000))
    assert len(message.text) == 5_000_000
    message, _ = ask(fake.says("a\ud800\0b"))
    assert message.text == "a\ud800\0b"


def test_lone_surrogates_are_replaced_when_sent_back() -> None:
    _, box = ask(chat=[{"role": "user", "content": "a\ud800b 😀"}])
    assert box.requests[0]["messages"][0]["content"] == "a\ufffdb 😀"


def test_thinking_is_split_from_the_text() -> None:
    message, _ = ask(fake.says("<think>\nwell\n</think>\n\nfine"))
    assert (message.reasoning, message.text) == ("well", "fine")
    message, _ = ask(fake.says("fine", reasoning="well"))
    assert (message.reasoning, message.text) == ("well", "fine")


def test_parts_and_refusals_are_text() -> None:
    message, _ = ask(fake.replies(fake.completion({"content": [{"text": "a"}, {"x": 1}, "b"]})))
    assert message.text == "a"
    message, _ = ask(fake.says(None, refusal="I cannot"))
    assert message.text == "I cannot"
    message, _ = ask(fake.says(None))
    assert message.text == ""


def test_finish_length() -> None:
    message, _ = ask(fake.replies(fake.completion({"content": "x"}, "length")))
    assert message.finish == "length"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_storms_are_weathered_and_counted(status: int) -> None:
    bad = fake.refuses(status)
    message, box = ask(bad, bad, fake.says("at last"))
    assert message.text == "at last"
    assert message.usage is not None
    assert message.usage.retries == 2
    assert len(box.requests) == 3


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (fake.refuses(429), "rate_limit"),
        (fake.refuses(500, "boom"), "server_error"),
        (fake.html(502), "server_error"),
        (fake.dies, "connection"),
        (fake.hangs_up, "connection"),
        (fake.replies(""), "bad_response"),
        (fake.replies('{"choices": [{"mess'), "bad_response"),
        (fake.replies({"error": {"code": 503, "message": "upstream"}}), "server_error"),
    ],
)
def test_lasting_trouble_ends_as_a_fault_after_the_retries(behaviour: Any, kind: str) -> None:
    box = FakeServer(behaviour)

    async def play() -> None:
        async with box:
            model = make(box.base_url)
            try:
                await model.generate(ASK, ())
            finally:
                await model.aclose()

    with pytest.raises(ModelFault, match=r"\(tries: 3\)") as caught:
        asyncio.run(play())
    assert caught.value.kind == kind
    assert len(box.requests) == 3


@pytest.mark.parametrize(
    ("behaviour", "kind", "words"),
    [
        (fake.refuses(401, "bad key"), "auth", "API key"),
        (fake.refuses(403), "auth", "API key"),
        (fake.refuses(404, "no such model"), "not_found", "no such model"),
        (fake.refuses(400, "bad schema"), "request", "bad schema"),
        (fake.refuses(429, "pay", "insufficient_quota"), "request", "insufficient_quota"),
        (fake.replies("", 308, {"Location": "https://x/v1"}), "not_found", "redirect to https"),
        (fake.html(), "bad_response", r"HTML page \(Welcome to nginx\).*base_url"),
        (fake.html(404), "not_found", "HTML page"),
        (fake.replies("hello there"), "bad_response", "no JSON"),
        (fake.replies({"object": "list"}), "bad_response", "choices"),
        (fake.replies({"choices": [{"message": "hi"}]}), "bad_response", "choices"),
        (fake.replies({"error": {"message": "odd"}}), "request", "odd"),
    ],
)
def test_hopeless_answers_are_named_at_once(behaviour: Any, kind: str, words: str) -> None:
    box = FakeServer(behaviour)

    async def play() -> None:
        async with box:
            model = make(box.base_url)
            try:
                await model.generate(ASK, ())
            finally:
                await model.aclose()

    with pytest.raises(ModelFault, match=words) as caught:
        asyncio.run(play())
    assert caught.value.kind == kind
    assert len(box.requests) == 1


def test_retry_after_is_honoured_and_bounded() -> None:
    started = time.perf_counter()
    ask(fake.refuses(429, Retry_After="0.3"), fake.says("ok"))
    assert time.perf_counter() - started >= 0.3
    ask(fake.refuses(429, Retry_After=fake.http_date(-5)), fake.says("ok"))
    ask(fake.refuses(429, Retry_After="soon"), fake.says("ok"))
    assert "tries: 1" in str(fault(fake.refuses(429, Retry_After="3600"), fake.says("ok")))


@pytest.mark.parametrize("behaviour", [fake.waits(30, fake.says("late")), fake.drips])
def test_a_silent_or_dripping_server_is_a_fault_not_a_timeout(behaviour: Any) -> None:
    error = fault(behaviour, timeout_s=0.15, retries=1)
    assert error.kind == "timeout"
    assert "0.15 s" in str(error)


def test_the_episodes_own_timeout_passes_through() -> None:
    async def play() -> None:
        async with FakeServer(fake.waits(30, fake.says("late"))) as box:
            model = make(box.base_url)
            try:
                async with asyncio.timeout(0.1):
                    await model.generate(ASK, ())
            finally:
                await model.aclose()

    with pytest.raises(TimeoutError):
        asyncio.run(play())


def test_cancelling_one_call_leaves_the_others_alone() -> None:
    async def play() -> str:
        async with FakeServer(fake.waits(30, fake.says("late")), fake.echoes) as box:
            model = make(box.base_url)
            slow = asyncio.create_task(model.generate(ASK, ()))
            while not box.requests:
                await asyncio.sleep(0.01)
            fast = asyncio.create_task(model.generate(ASK, ()))
            slow.cancel()
            with pytest.raises(asyncio.CancelledError):
                await slow
            text = (await fast).text
            await model.aclose()
            return text

    assert asyncio.run(play()) == "hi"


def test_context_overflow_is_the_speakers_failure() -> None:
    said = "This model's maximum context length is 100 tokens, your prompt has 120 input tokens"
    with pytest.raises(BadReply, match="context is full"):
        ask(fake.refuses(400, said))
    with pytest.raises(BadReply):
        ask(fake.refuses(400, "too big", "context_length_exceeded"))


def test_too_many_completion_tokens_are_cut_to_what_fits() -> None:
    said = "maximum context length is 1000 tokens and your request has 900 input tokens"
    message, box = ask(fake.refuses(400, said), fake.says("ok"), sampling={"max_tokens": 500})
    assert message.text == "ok"
    assert [request["max_tokens"] for request in box.requests] == [500, 100]
    with pytest.raises(BadReply):
        ask(fake.refuses(400, said), sampling={"max_tokens": 500})


def test_nobody_listens() -> None:
    async def play() -> None:
        model = make("http://127.0.0.1:1/v1", retries=1)
        try:
            await model.generate(ASK, ())
        finally:
            await model.aclose()

    with pytest.raises(ModelFault, match="no connection") as caught:
        asyncio.run(play())
    assert caught.value.kind == "connection"


@pytest.mark.parametrize(("connections", "most"), [(200, 150), (10, 10)])
def test_connections_bound_the_calls_under_way(connections: int, most: int) -> None:
    async def play() -> int:
        async with FakeServer(fake.gathers(most, fake.echoes)) as box:
            model = make(box.base_url, connections=connections)
            replies = await asyncio.gather(*(model.generate(ASK, ()) for _ in range(150)))
            await model.aclose()
            assert {reply.text for reply in replies} == {"hi"}
            return box.most_open

    assert asyncio.run(play()) == most


def test_a_model_outlives_its_event_loop() -> None:
    async def play(model: OpenAIModel) -> str:
        async with FakeServer() as box:
            model._endpoint.url = box.base_url + "/chat/completions"
            reply = await model.generate(ASK, ())
            await model.aclose()
            return reply.text

    model = make("http://127.0.0.1:1/v1")
    assert asyncio.run(play(model)) == asyncio.run(play(model)) == "hello"


def test_prompting_mode_sends_text_only() -> None:
    chat = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "content": "", "calls": (ToolCall("1", "city.weather", {"c": 1}),)},
        {"role": "tool", "tool_call_id": "1", "content": "rain"},
    ]
    message, box = ask(
        fake.says('[city.weather(city="Bonn")]'),
        chat=chat,
        tools=[WEATHER],
        tool_format="python_list",
    )
    assert message.calls == (ToolCall("call_4_0", "city.weather", {"city": "Bonn"}),)
    assert (message.text, message.finish) == ("", "tool")
    sent = box.requests[0]
    assert "tools" not in sent
    assert [line["role"] for line in sent["messages"]] == ["system", "user", "assistant", "user"]
    assert "city.weather" in sent["messages"][0]["content"]
    assert sent["messages"][2]["content"] == "[city.weather(c=1)]"
    assert "rain" in sent["messages"][3]["content"]


# -- before any work ---------------------------------------------------------------------------


def test_a_missing_key_is_told_before_any_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    model = OpenAIModel(model="m", base_url="https://api.example.com/v1", api_key_env="NO_SUCH_KEY")
    assert model.plan()["missing"] == [
        "no API key for api.example.com: set the environment variable NO_SUCH_KEY"
    ]
    with pytest.raises(UserMistake, match="NO_SUCH_KEY"):
        model.check()
    with pytest.raises(UserMistake, match="NO_SUCH_KEY"):
        asyncio.run(model.generate(ASK, ()))


def test_the_key_is_sent_and_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "sk-secret")
    error = fault(fake.refuses(401, "wrong key sk-secret"), api_key_env="A_KEY")
    assert "sk-secret" not in str(error)
    _, box = ask(api_key_env="A_KEY")
    assert box.headers[0]["Authorization"] == "Bearer sk-secret"
    model = make("http://user:pw@127.0.0.1:1/v1", api_key_env="A_KEY")
    assert "sk-secret" not in repr(model.describe())
    assert "pw" not in repr(model.describe())


def test_check_asks_the_endpoint() -> None:
    async def play(status: int) -> None:
        async with FakeServer() as box:
            box.models_status = status
            await asyncio.to_thread(make(box.base_url).check)

    asyncio.run(play(200))
    asyncio.run(play(404))
    with pytest.raises(UserMistake, match="refused the API key"):
        asyncio.run(play(401))
    with pytest.raises(UserMistake, match=r"no answer from http://127\.0\.0\.1:1/v1"):
        make("http://127.0.0.1:1/v1").check()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"base_url": "localhost:8000"}, "base_url"),
        ({"base_url": "http://[bad"}, "base_url"),
        ({"tool_format": "xml"}, "tool_format 'xml'"),
        ({"sampling": {"messages": []}}, "sampling.messages"),
        ({"price": {"in": 1}}, "price"),
        ({"price": {"input": "cheap", "output": 1}}, "price"),
    ],
)
def test_wrong_settings_are_told_in_one_line(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UserMistake, match=words):
        OpenAIModel(**{"model": "m", **options})


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> tuple[str, list[dict[str, str]]]:
        async with FakeServer() as box:
            monkeypatch.setenv("http_proxy", box.base_url.removesuffix("/v1"))
            monkeypatch.setenv("no_proxy", "elsewhere")
            model = make("http://model.internal/v1")
            reply = await model.generate(ASK, ())
            await model.aclose()
            return reply.text, box.headers

    text, headers = asyncio.run(play())
    assert text == "hello"
    assert headers[0]["Host"] == "model.internal"


def test_a_key_that_no_header_can_carry_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "sk-schlüssel")
    with pytest.raises(UserMistake, match="A_KEY holds characters"):
        make("https://api.example.com/v1", api_key_env="A_KEY").check()
