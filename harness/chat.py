"""One log, two points of view: render the log as one side sees it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from harness.types import Message, Role

Chat = list[dict[str, Any]]


def to_chat(log: Iterable[Message], me: Role, system: str = "", *, reasoning: bool = False) -> Chat:
    """Render `log` for `me`: own lines are the assistant, the other side's text is the user.

    The other side's tool traffic is invisible. Own lines carry `calls` (ToolCall values),
    `reasoning` where asked for, and `tokens` where sampled; clients encode them.
    """
    view = View(me, system, reasoning=reasoning)
    return view.read(tuple(log))


class View:
    """A growing chat over an append-only log: each line is rendered once."""

    def __init__(self, me: Role, system: str = "", *, reasoning: bool = False) -> None:
        self.me = me
        self.reasoning = reasoning
        self.chat: Chat = [{"role": "system", "content": system}] if system else []
        self.length = 0

    def read(self, log: Sequence[Message]) -> Chat:
        """Render the lines that are new since the last reading and return the whole chat."""
        for position in range(self.length, len(log)):
            line = render(log[position], self.me, self.reasoning)
            if line is not None:
                self.chat.append(line)
        self.length = len(log)
        return self.chat


def render(message: Message, me: Role, reasoning: bool) -> dict[str, Any] | None:
    """Render one line as `me` sees it, or None where it is hidden from `me`."""
    if message.author == "tool":
        if message.owner != me:
            return None
        return {"role": "tool", "tool_call_id": message.call_id, "content": message.text}
    if message.author != me:
        hidden = message.calls or not message.text
        return None if hidden else {"role": "user", "content": message.text}
    line: dict[str, Any] = {"role": "assistant", "content": message.text}
    if message.calls:
        line["calls"] = message.calls
    if reasoning and message.reasoning:
        line["reasoning"] = message.reasoning
    if message.tokens is not None:
        line["tokens"] = message.tokens
    return line
