"""A model that says what it was told to: for tests, demonstrations and dry runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.faults import ModelFault, UserMistake
from harness.models.formats import with_ids
from harness.models.wire import Finish
from harness.types import Message, ToolCall, ToolSpec, Usage

Reply = str | Message | Sequence[ToolCall] | Mapping[str, Any]
Author = Callable[[Sequence[Mapping[str, Any]], Sequence[ToolSpec], Mapping[str, Any]], Reply]
AFTER = ("stop", "repeat", "fault")


class ScriptedModel:
    """Give the n-th reply where the chat holds n assistant lines, so that episodes never mix.

    `replies` is a list, or a function of (chat, tools, sampling). A reply is a text, a list of
    ToolCalls, a Message, or a mapping with `text`, `calls` ({name, arguments}) and `stop`.
    `after` says what follows the last one: a stop, its repetition, or a fault.
    """

    def __init__(
        self, replies: Sequence[Reply] | Author, after: str = "stop", name: str = "scripted"
    ) -> None:
        if after not in AFTER:
            raise UserMistake(f"after={after!r} is unknown: use one of {', '.join(AFTER)}")
        if not callable(replies):
            if isinstance(replies, str) or not isinstance(replies, Sequence):
                raise UserMistake(f"replies must be a list of texts or calls, not {replies!r}")
            for reply in replies:
                as_message(reply, "")
        self.replies = replies
        self.after = after
        self.name = name

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message:
        """Return the reply that is due. Raises ModelFault past the end where `after` says so."""
        prefix = f"call_{len(chat)}"
        if callable(self.replies):
            return as_message(self.replies(chat, tools, sampling), prefix)
        number = sum(line["role"] == "assistant" for line in chat)
        if number < len(self.replies):
            return as_message(self.replies[number], prefix)
        if self.after == "repeat" and self.replies:
            return as_message(self.replies[-1], prefix)
        if self.after == "fault":
            raise ModelFault("the script has no more replies", "script_end")
        return Message("agent", stop=True, usage=Usage(cost_usd=0.0))

    def describe(self) -> dict[str, Any]:
        """Say what a manifest must record."""
        how = "callable" if callable(self.replies) else f"{len(self.replies)} replies"
        return {"kind": "scripted", "label": "scripted", "model": self.name, "replies": how}

    def plan(self) -> dict[str, Any]:
        """Say what would be used: nothing can be missing."""
        return self.describe()

    def check(self) -> None:
        """Accept every machine."""


def as_message(reply: Reply, prefix: str) -> Message:
    """Turn one scripted reply into a Message; raises UserMistake where it is none."""
    if isinstance(reply, Message):
        return reply
    if isinstance(reply, str):
        reply = {"text": reply}
    if not isinstance(reply, Mapping):
        if not isinstance(reply, list | tuple) or not all(isinstance(c, ToolCall) for c in reply):
            raise UserMistake(f"scripted reply {reply!r} must be a text, calls or a mapping")
        return finished("", tuple(reply), False)
    if unknown := set(reply) - {"text", "calls", "stop"}:
        raise UserMistake(
            f"scripted reply has unknown keys {sorted(unknown)}: use text, calls, stop"
        )
    calls = [as_call(call) for call in reply.get("calls") or ()]
    return finished(reply.get("text") or "", with_ids(calls, prefix), bool(reply.get("stop")))


def as_call(given: Any) -> ToolCall:
    """Read {name, arguments} (or raw instead of arguments)."""
    if not isinstance(given, Mapping) or "name" not in given:
        raise UserMistake(f"scripted call {given!r} must be a mapping with name and arguments")
    return ToolCall("", given["name"], dict(given.get("arguments") or {}), given.get("raw"))


def finished(text: str, calls: tuple[ToolCall, ...], stop: bool) -> Message:
    finish: Finish = "tool" if calls else "stop"
    return Message("agent", text, calls, stop, finish=finish, usage=Usage(cost_usd=0.0))
