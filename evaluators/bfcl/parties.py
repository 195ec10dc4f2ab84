"""What stands between the loop and a model in BFCL: the official reading of a model's reply."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from evaluators.bfcl.calls import TEXT_ARGUMENT, parsed_text, written
from evaluators.bfcl.decode import Undecodable, decode_text, is_call_list
from harness.protocols import Model, Party
from harness.types import Message, ToolCall, ToolSpec


class OneReply:
    """Ask once. The first call ends the episode; a reply whose calls are all unreadable, too."""

    def __init__(self, party: Party) -> None:
        self.party = party
        self.system = getattr(party, "system", "")

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        message = await self.party.reply(log, tools)
        readable = any(call.raw is None for call in message.calls)
        return message if readable or not message.calls else replace(message, stop=True)


class WholeSteps:
    """Carry out a step of calls as a whole or not at all.

    If the arguments of one call are not a JSON object, the official code cannot decode the step:
    none of its calls is run and the turn is over. The step is then kept as text.
    """

    def __init__(self, party: Party) -> None:
        self.party = party
        self.system = getattr(party, "system", "")

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        message = await self.party.reply(log, tools)
        if all(call.raw is None for call in message.calls):
            return message
        return replace(message, text=spoiled_text(message), calls=())


class TextCalls:
    """A model in prompting mode: tools are described in the system text, calls are read from the
    reply, and their results return as one user message."""

    def __init__(self, model: Model, system: str) -> None:
        self.model = model
        self.system = system
        self.chat: list[dict[str, Any]] = [{"role": "system", "content": system}]
        self.length = 0

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        self._read(log)
        message = await self.model.generate(self.chat, ())
        calls = message.calls or text_calls(message.text, len(log))
        return replace(message, author="agent", calls=calls)

    def _read(self, log: Sequence[Message]) -> None:
        results: list[dict[str, str]] = []
        calls: tuple[ToolCall, ...] = ()
        for line in log[self.length :]:
            if line.author == "tool":
                name = written(calls[len(results)])
                results.append({"role": "tool", "name": name, "content": line.text})
                continue
            role = "assistant" if line.author == "agent" else "user"
            self.chat.append({"role": role, "content": line.text})
            calls = line.calls
        if results:
            self.chat.append({"role": "user", "content": repr(results)})
        self.length = len(log)


def text_calls(text: str, position: int) -> tuple[ToolCall, ...]:
    """Return the calls written in a reply; none where the official decoder finds none."""
    try:
        decoded = decode_text(text)
        texts = [parsed_text(name, arguments) for name, arguments in _pairs(decoded)]
    except (Undecodable, AttributeError, TypeError, LookupError, ValueError, RecursionError):
        return ()
    return tuple(
        _text_call(f"call_{position}_{i}", name, arguments, texts[i])
        for i, (name, arguments) in enumerate(_pairs(decoded))
    )


def spoiled_text(message: Message) -> str:
    """Write down the calls of a step that cannot be run, after the text beside them."""
    calls = [
        {call.name: json.dumps(dict(call.arguments)) if call.raw is None else call.raw}
        for call in message.calls
    ]
    return "\n".join(filter(None, (message.text, json.dumps(calls))))


def _pairs(decoded: Any) -> list[tuple[str, Mapping[str, Any]]]:
    if not is_call_list(decoded):
        raise TypeError("not a list of calls")
    return [pair for item in decoded for pair in item.items()]


def _text_call(call_id: str, name: str, arguments: Mapping[str, Any], text: str) -> ToolCall:
    if all(_is_flat(value) for value in arguments.values()):
        return ToolCall(call_id, name, dict(arguments))
    return ToolCall(call_id, name, {TEXT_ARGUMENT: text})


def _is_flat(value: Any) -> bool:
    if type(value) is list:
        return all(_is_flat(item) for item in value)
    return value is None or type(value) in (str, int, float, bool)
