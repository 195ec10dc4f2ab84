"""The rules of the conversation, and the guard, as wrappers around parties."""

import asyncio
from typing import Any

import pytest

from evaluators.tau2.parties import DONE, Checked, DoneTool, Solo, StopGuard
from harness.faults import BadReply
from harness.parties import Script
from harness.protocols import Party
from harness.types import Message, Role, ToolCall, ToolSpec

CALL = ToolCall("c", "get_users")
RAW = ToolCall("c", "get_users", {}, raw="{")


def say(party: Party, *log: Message) -> Message:
    return asyncio.run(party.reply(log, ()))


def agent(*lines: Any) -> Script:
    return Script("agent", lines)


@pytest.mark.parametrize(
    ("line", "role", "enforce", "end"),
    [
        (Message("agent", " \n"), "agent", False, ""),
        (Message("user"), "user", False, ""),
        (Message("agent", calls=(RAW,)), "agent", False, ""),
        (Message("agent", "hi", (CALL,)), "agent", True, "agent_error"),
        (Message("user", "hi", (CALL,)), "user", True, "user_error"),
    ],
)
def test_unusable_replies_blame_their_author(
    line: Message, role: Role, enforce: bool, end: str
) -> None:
    with pytest.raises(BadReply) as caught:
        say(Checked(Script(role, [line]), role, enforce=enforce))
    assert (caught.value.message, caught.value.end) == (line, end)


@pytest.mark.parametrize(
    ("line", "enforce"),
    [
        (Message("agent", "hi"), True),
        (Message("agent", calls=(CALL,)), True),
        (Message("agent", "  ", (CALL,)), True),
        (Message("agent", "hi", (CALL,)), False),
        (Message("agent", stop=True), False),
    ],
)
def test_usable_replies_pass(line: Message, enforce: bool) -> None:
    assert say(Checked(agent(line), "agent", enforce=enforce)) is line


def test_done_is_a_goodbye_and_takes_the_other_calls_with_it() -> None:
    line = Message("agent", "text", (CALL, ToolCall("d", DONE)))
    said = say(Solo(DoneTool(agent(line), "about")))
    assert (said.text, said.calls, said.stop) == ("###STOP###", (), True)


def test_the_agent_sees_the_tool_done() -> None:
    seen: list[ToolSpec] = []

    class Looking:
        async def reply(self, log: Any, tools: Any) -> Message:
            seen.extend(tools)
            return Message("agent", calls=(CALL,))

    assert say(DoneTool(Looking(), "about")).calls == (CALL,)
    assert [(tool.name, tool.description) for tool in seen] == [(DONE, "about")]


@pytest.mark.parametrize(
    "line", [Message("agent", "hello"), Message("agent"), Message("agent", "###STOP###", (CALL,))]
)
def test_alone_only_calls_are_allowed(line: Message) -> None:
    with pytest.raises(BadReply) as caught:
        say(Solo(agent(line)))
    assert caught.value.end == "agent_error"


def test_alone_a_stop_text_is_a_goodbye() -> None:
    assert say(Solo(agent("bye ###STOP###"))).stop
    assert say(Solo(agent([CALL]))).stop is False
    with pytest.raises(BadReply):
        say(DoneTool(agent("bye ###STOP###"), ""))


BYE = Message("user", "Great. ###STOP###", stop=True)


def guarded(said: str, patience: int = 2) -> Message:
    return say(StopGuard(Script("user", [BYE]), patience), Message("agent", said))


def test_the_guard_holds_a_goodbye_while_a_promise_is_open() -> None:
    held = guarded("Let me update that for you.")
    assert (held.text, held.stop) == ("Great.", False)
    assert "###STOP###" in held.reasoning


@pytest.mark.parametrize("said", ["Your order is updated.", "Let me know: is that all?"])
def test_the_guard_lets_a_goodbye_through_otherwise(said: str) -> None:
    assert guarded(said) is BYE
    assert guarded("I'll do it.", patience=0) is BYE
