"""Scripted replies: by position in the chat, by function, and past the end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from harness.faults import ModelFault, UserMistake
from harness.models.scripted import ScriptedModel
from harness.types import Message, ToolCall

USER = {"role": "user", "content": "hi"}
OWN = {"role": "assistant", "content": "x"}


def reply(model: ScriptedModel, *chat: Any) -> Message:
    return asyncio.run(model.generate(chat, ()))


def test_replies_follow_the_chat_and_not_the_order_of_calls() -> None:
    model = ScriptedModel(["one", {"text": "two", "calls": [{"name": "f", "arguments": {"x": 1}}]}])
    second = reply(model, USER, OWN)
    assert (second.text, second.finish) == ("two", "tool")
    assert second.calls == (ToolCall("call_2_0", "f", {"x": 1}),)
    assert reply(model, USER).text == reply(model, USER).text == "one"


@pytest.mark.parametrize(("after", "text", "stop"), [("stop", "", True), ("repeat", "one", False)])
def test_past_the_end(after: str, text: str, stop: bool) -> None:
    message = reply(ScriptedModel(["one"], after=after), USER, OWN)
    assert (message.text, message.stop) == (text, stop)


def test_past_the_end_may_be_a_fault() -> None:
    with pytest.raises(ModelFault, match="no more replies"):
        reply(ScriptedModel(["one"], after="fault"), USER, OWN)


def test_a_function_may_write_the_replies() -> None:
    model = ScriptedModel(lambda chat, tools, sampling: [ToolCall("1", chat[0]["content"])])
    assert reply(model, USER).calls == (ToolCall("1", "hi"),)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"replies": "text"}, "list"),
        ({"replies": [7]}, "text, calls"),
        ({"replies": [{"txt": "a"}]}, "txt"),
        ({"replies": [{"calls": ["f"]}]}, "name"),
        ({"replies": [["f"]]}, "text, calls"),
        ({"replies": [], "after": "loop"}, "after='loop'"),
    ],
)
def test_wrong_scripts_are_told(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UserMistake, match=words):
        ScriptedModel(**options)
