"""Official messages (a task's message history, a recorded trajectory) as lines of our log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.types import Message, Role, ToolCall

STOP_TEXTS = ("###STOP###", "###TRANSFER###", "###OUT-OF-SCOPE###")
AGENT_STOP = "###STOP###"
GREETING = "Hi! How can I help you today?"
AUTHORS: Mapping[str, Role] = {"assistant": "agent", "user": "user"}


def to_log(messages: Iterable[Mapping[str, Any]]) -> tuple[Message, ...]:
    """Translate official messages. The user's stop texts end a conversation, the agent's do not."""
    return tuple(to_line(message) for message in messages)


def to_line(message: Mapping[str, Any]) -> Message:
    text = message.get("content") or ""
    if message["role"] == "tool":
        owner = AUTHORS[message.get("requestor", "assistant")]
        error = bool(message.get("error", False))
        return Message("tool", text, owner=owner, call_id=message.get("id", ""), error=error)
    author = AUTHORS[message["role"]]
    calls = tuple(to_call(call) for call in message.get("tool_calls") or ())
    return Message(author, text, calls, stop=author == "user" and user_stops(text, calls))


def to_call(call: Mapping[str, Any]) -> ToolCall:
    return ToolCall(call.get("id", ""), call["name"], call["arguments"])


def user_stops(text: str, calls: tuple[ToolCall, ...]) -> bool:
    """Say whether a user's message ends the conversation: a stop text and no call beside it."""
    return not calls and any(stop in text for stop in STOP_TEXTS)
