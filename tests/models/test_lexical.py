"""The baseline as a model: it calls what fits, declines what does not, and never loops."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from typing import Any

import pytest

from harness.episode import run_episode
from harness.limits import Limits
from harness.models.lexical import Lexical
from harness.parties import ModelParty, Script
from harness.types import Message, Task, ToolCall, ToolSpec

WEATHER = ToolSpec(
    "get_weather",
    "Get the current weather of a city.",
    {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "The name of the city."},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        },
        "required": ["city"],
    },
)
AREA = ToolSpec(
    "geometry.triangle_area",
    "Calculate the area of a triangle.",
    {
        "type": "dict",
        "properties": {"base": {"type": "integer"}, "height": {"type": "float"}},
        "required": ["base", "height"],
    },
)
FIND = ToolSpec(
    "find_user_id",
    "Find the id of a user by email.",
    {"properties": {"email": {"type": "string"}}, "required": ["email"]},
)
CANCEL = ToolSpec(
    "cancel_account",
    "Cancel the account of a user.",
    {"properties": {"user_id": {"type": "string"}}, "required": ["user_id"]},
)


def reply(text: str, *tools: ToolSpec, model: Lexical | None = None, **sampling: Any) -> Message:
    return answer([{"role": "user", "content": text}], *tools, model=model, **sampling)


def answer(
    chat: list[dict[str, Any]], *tools: ToolSpec, model: Lexical | None = None, **sampling: Any
) -> Message:
    return asyncio.run((model or Lexical()).generate(chat, tools, **sampling))


def calls(message: Message) -> list[tuple[str, dict[str, Any]]]:
    return [(call.name, dict(call.arguments)) for call in message.calls]


def test_calls_the_tool_that_fits_with_arguments_from_the_text() -> None:
    text = "What is the weather in New York in celsius?"
    expected = [("get_weather", {"city": "New York", "unit": "celsius"})]
    assert calls(reply(text, AREA, WEATHER)) == expected


def test_fills_by_the_words_around_a_number_not_by_its_order() -> None:
    text = "Calculate the area of a triangle with a height of 5.5 and a base of 10."
    expected = [("geometry.triangle_area", {"base": 10, "height": 5.5})]
    assert calls(reply(text, WEATHER, AREA)) == expected


def test_declines_what_no_tool_fits() -> None:
    message = reply("Who wrote the novel about the white whale?", WEATHER, AREA)
    assert message.calls == ()
    assert message.text == "None of the tools at hand fits this request."


def test_asks_for_a_needed_argument_instead_of_calling() -> None:
    message = reply("Calculate the area of a triangle with a base of 10.", AREA)
    assert message.calls == ()
    assert message.text == "I need the height before I can call geometry.triangle_area."


def test_the_answer_to_its_question_completes_the_request() -> None:
    asked = "I need the height before I can call geometry.triangle_area."
    chat = [
        {"role": "user", "content": "Calculate the area of a triangle with a base of 10."},
        {"role": "assistant", "content": asked},
        {"role": "user", "content": "The height is 4."},
    ]
    assert calls(answer(chat, AREA)) == [("geometry.triangle_area", {"base": 10, "height": 4.0})]
    chat[1]["content"] = "Let us talk about something else."
    assert answer(chat, AREA).calls == ()


def test_a_list_of_values_becomes_several_calls() -> None:
    message = reply("Tell me the weather in Paris, Rome and Berlin.", WEATHER)
    assert [arguments["city"] for _, arguments in calls(message)] == ["Paris", "Rome", "Berlin"]


def test_two_requests_become_calls_of_two_tools() -> None:
    text = "Find the weather in Oslo. Then calculate the triangle area for base 3 and height 4."
    assert dict(calls(reply(text, WEATHER, AREA))) == {
        "get_weather": {"city": "Oslo"},
        "geometry.triangle_area": {"base": 3, "height": 4.0},
    }


def test_uses_an_id_from_an_earlier_result_and_does_not_repeat_itself() -> None:
    chat: list[dict[str, Any]] = [
        {"role": "user", "content": "Cancel the account of the user with email ann@example.org."}
    ]
    first = answer(chat, FIND, CANCEL)
    assert calls(first) == [("find_user_id", {"email": "ann@example.org"})]
    chat.append({"role": "assistant", "content": "", "calls": first.calls})
    chat.append(
        {
            "role": "tool",
            "tool_call_id": first.calls[0].id,
            "content": '{"user": {"user_id": "U77"}}',
        }
    )
    second = answer(chat, FIND, CANCEL)
    assert calls(second) == [("cancel_account", {"user_id": "U77"})]
    chat.append({"role": "assistant", "content": "", "calls": second.calls})
    chat.append({"role": "tool", "tool_call_id": second.calls[0].id, "content": "cancelled"})
    last = answer(chat, FIND, CANCEL)
    assert last.calls == ()
    assert "cancel_account: cancelled" in last.text


def test_temperature_zero_ignores_the_seed_and_above_it_the_seed_decides() -> None:
    tools = [
        ToolSpec(f"book_{kind}", f"Book a {kind} in a city.", WEATHER.parameters)
        for kind in ("hotel", "hostel", "room", "flat")
    ]

    def chosen(temperature: float, seed: int) -> str:
        text = "Book a place to sleep in Lyon: hotel, hostel, room or flat"
        return str(calls(reply(text, *tools, temperature=temperature, seed=seed)))

    assert len({chosen(0.0, seed) for seed in range(8)}) == 1
    assert len({chosen(2.0, seed) for seed in range(8)}) > 1
    assert chosen(2.0, 5) == chosen(2.0, 5)


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    program = (
        "import asyncio; from harness.models.lexical import Lexical; from harness.types import *;"
        "tools = [ToolSpec(n, 'Send a message to a person', {'properties': {'to': {}, 'text': {}}})"
        " for n in ('send_mail', 'send_note')];"
        "chat = [{'role': 'user', 'content': 'Send the message \\'hi\\' to Ann Lee and Bob Ray'}];"
        "print(asyncio.run(Lexical(1.5).generate(chat, tools, seed=3)))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": salt},
            capture_output=True,
            check=True,
        ).stdout
        for salt in ("1", "2")
    }
    assert len(outputs) == 1


class Echo:
    """A world whose every tool works, so that only the model can end a turn."""

    def tools(self, role: str, turn: int) -> tuple[ToolSpec, ...]:
        return (WEATHER, AREA, FIND, CANCEL)

    async def call(self, role: str, call: ToolCall) -> str:
        return json.dumps(dict(call.arguments))

    def state(self) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize("temperature", [0.0, 0.7, 5.0])
def test_never_loops_in_a_world_where_everything_works(temperature: float) -> None:
    texts = ["Weather in Rome and Paris?", "And the triangle area for base 2, height 3?"] * 3
    agent = ModelParty("agent", Lexical(temperature, threshold=0.1, max_calls_per_turn=3))
    task = Task("t", "fake")
    limits = Limits(steps=100)
    episode = asyncio.run(run_episode(task, Echo(), agent, Script("user", texts), limits))
    assert episode.end == "user_stop"
    turn: list[str] = []
    for line in episode.log:
        if line.author == "user":
            turn = []
        turn += [f"{call.name}{dict(call.arguments)}" for call in line.calls]
        assert len(turn) == len(set(turn)) <= 3


@pytest.mark.parametrize(
    "chat",
    [
        [],
        [{"role": "system", "content": "You are helpful."}],
        [{"role": "user"}],
        [{"role": "user", "content": None}],
        [{"role": "user", "content": [{"type": "text", "text": "weather in Rome"}]}],
        [{"role": "user", "content": "   \n\t "}],
        [{"role": "user", "content": "the weather in `²`"}],
        [{"role": "tool", "tool_call_id": None, "content": "{"}],
        [{"role": "user", "content": "\ud800 weather 天気 🌦 in \x00 Rome " + "9" * 5000}],
    ],
)
def test_survives_any_chat(chat: list[dict[str, Any]]) -> None:
    message = answer(chat, WEATHER, AREA)
    assert message.calls or message.text


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"properties": None},
        {"properties": {"a": None, "b": 3, "c": []}, "required": "a"},
        {"properties": {"weather": {"type": ["null", "HashMap"]}}, "required": ["weather", "x"]},
        {"properties": {"rome": {"type": "tuple", "items": "float"}}, "required": [["rome"]]},
        {"properties": {"rome": {"anyOf": [{"type": "null"}, {"type": "Array"}], "enum": "no"}}},
        {"properties": {"w": {"type": "dict", "properties": {"x": {"properties": {"y": {}}}}}}},
        {"properties": {"weather": {"type": "boolean", "description": None, "enum": [None, True]}}},
    ],
)
def test_survives_any_schema(parameters: Any) -> None:
    tool = ToolSpec("weather_rome", "", parameters)
    message = reply("weather in Rome: [1, 2], {'a': 1}, 5 km, true", tool)
    assert message.calls or message.text


@pytest.mark.parametrize(
    "text",
    [
        "weather " + "[" * 6000,
        "weather " + "'a " * 4000,
        "weather " + "a-" * 6000,
        "weather " + "1," * 6000,
        "weather " + "x^" * 6000,
        "weather " + "(1, " * 3000,
        "weather " + "a." * 6000,
        "weather in Rome " + "Rome and " * 2000,
        "weather 1e999 " * 500,
    ],
)
def test_hostile_texts_cost_little_time(text: str) -> None:
    started = time.process_time()
    reply(text, WEATHER, AREA)
    assert time.process_time() - started < 2.0


def test_a_tool_of_five_hundred_parameters_costs_little_time() -> None:
    properties = {f"value_{n}": {"type": "integer", "description": "a value"} for n in range(500)}
    tool = ToolSpec("set_values", "Set values.", {"properties": properties, "required": []})
    text = "set the values " + ", ".join(f"value {n} to {n}" for n in range(100))
    started = time.process_time()
    reply(text, tool)
    assert time.process_time() - started < 2.0


def test_is_fast_enough_for_a_sweep() -> None:
    model = Lexical()
    chat = [{"role": "user", "content": "Calculate the triangle area for base 3 and height 4."}]
    many = tuple(
        ToolSpec(f"{WEATHER.name}_{n}", WEATHER.description, WEATHER.parameters) for n in range(57)
    )

    async def seconds(tools: tuple[ToolSpec, ...]) -> float:
        await model.generate(chat, tools)
        started = time.process_time()
        for _ in range(20):
            await model.generate(chat, tools)
        return (time.process_time() - started) / 20

    assert asyncio.run(seconds((WEATHER, AREA, FIND))) < 0.005  # aim: 0.001
    assert asyncio.run(seconds((WEATHER, AREA, FIND, *many))) < 0.02  # aim: 0.005


def test_describes_itself_and_needs_nothing() -> None:
    model = Lexical(temperature=0.5)
    assert model.describe()["kind"] == "lexical"
    assert model.describe()["label"] == "rule-based"
    assert model.plan()["temperature"] == 0.5
    model.check()
