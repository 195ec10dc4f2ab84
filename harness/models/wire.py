"""The OpenAI chat format: chats and tool lists to request JSON, response JSON to a Message."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.models.formats import (
    Format,
    function_of,
    split_reasoning,
    to_text_chat,
    with_ids,
)
from harness.models.values import Undecodable, encode, read_arguments, scrub
from harness.types import Message, ToolCall, ToolSpec

TOOL_LISTS = 256
Finish = Literal["stop", "length", "tool"]


@dataclass(frozen=True)
class Offer:
    """A tool list ready to send: `text` is the JSON of `tools`, or the system text that names them.

    `sent` maps true tool names to those on the wire where the two differ, `meant` back again.
    """

    tools: Sequence[ToolSpec]
    text: str
    sent: Mapping[str, str] = field(default_factory=dict)
    meant: Mapping[str, str] = field(default_factory=dict)


class Offers:
    """Encoded tool lists, remembered by the identity of the list."""

    def __init__(self, form: Format | None, safe_names: bool) -> None:
        self.form = form
        self.safe_names = safe_names
        self.known: OrderedDict[int, Offer] = OrderedDict()

    def of(self, tools: Sequence[ToolSpec]) -> Offer:
        """Return the encoded form of `tools`, encoding each list object once."""
        offer = self.known.get(id(tools))
        if offer is None or offer.tools is not tools:
            offer = self.known[id(tools)] = self.encode(tools)
            if len(self.known) > TOOL_LISTS:
                self.known.popitem(last=False)
        return offer

    def encode(self, tools: Sequence[ToolSpec]) -> Offer:
        if not tools:
            return Offer(tools, "")
        if self.form is not None:
            return Offer(tools, self.form.describe(tools))
        sent = rename(tools) if self.safe_names else {}
        functions = [function_of(tool) for tool in tools]
        for function in functions:
            function["name"] = sent.get(function["name"], function["name"])
        text = encode([{"type": "function", "function": function} for function in functions])
        return Offer(tools, text, sent, {wire: true for true, wire in sent.items()})


def rename(tools: Sequence[ToolSpec]) -> dict[str, str]:
    """Map tool names that OpenAI refuses (dots, spaces, over 64 characters) to ones it takes."""
    taken = {tool.name for tool in tools}
    sent: dict[str, str] = {}
    for tool in tools:
        safe = safe_name(tool.name)
        if safe == tool.name:
            continue
        number = 1
        while safe in taken:
            number += 1
            safe = f"{safe_name(tool.name)[:60]}_{number}"
        taken.add(safe)
        sent[tool.name] = safe
    return sent


def safe_name(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:64] or "_"


@dataclass(frozen=True)
class Dialect:
    """How one endpoint writes chats: a text format (None = native calls) and its spellings."""

    form: Format | None = None
    safe_names: bool = True
    reasoning_key: str = "reasoning_content"

    def write(
        self, chat: Sequence[Mapping[str, Any]], offer: Offer, members: Mapping[str, Any]
    ) -> bytes:
        """Write a request body; `members` are those beside messages and tools (at least model)."""
        rest = json.dumps(members, ensure_ascii=False)[1:-1]
        if self.form is not None:
            lines: list[dict[str, Any]] = [*to_text_chat(chat, self.form, offer.text)]
        else:
            lines = [self.line(line, offer) for line in chat]
            if offer.text:
                rest = f'{rest},"tools":{offer.text}'
        body = f'{{{rest},"messages":{json.dumps(lines, ensure_ascii=False)}}}'
        try:
            return body.encode()
        except UnicodeEncodeError:
            return scrub(body).encode()

    def line(self, line: Mapping[str, Any], offer: Offer) -> dict[str, Any]:
        """Write one line of a chat with native calls."""
        role, text = line["role"], line["content"]
        if role == "tool":
            return {"role": role, "tool_call_id": line["tool_call_id"], "content": text}
        out: dict[str, Any] = {"role": role, "content": text}
        if role != "assistant":
            return out
        if calls := line.get("calls"):
            out["content"] = text or None
            out["tool_calls"] = [self.call(call, offer.sent) for call in calls]
        if thought := line.get("reasoning"):
            out[self.reasoning_key] = thought
        return out

    def call(self, call: ToolCall, sent: Mapping[str, str]) -> dict[str, Any]:
        """Write a past call. Servers refuse a history with unreadable arguments: those become {}
        (the line that answers the call says so to the model)."""
        name = sent.get(call.name) or (safe_name(call.name) if self.safe_names else call.name)
        arguments = encode(call.arguments) if call.raw is None else "{}"
        function = {"name": name, "arguments": arguments}
        return {"id": call.id, "type": "function", "function": function}

    def read(self, data: Any, offer: Offer, position: int) -> Message:
        """Read a response object; `position` (the chat's length) names calls without an id.

        Raises Undecodable where it is no chat completion at all.
        """
        choice = first_choice(data)
        message = choice["message"]
        thought, text = split_reasoning(text_of(message))
        prefix = f"call_{position}"
        if self.form is None:
            calls = read_calls(message.get("tool_calls"), offer.meant, prefix)
        else:
            text, bare = self.form.decode(text, offer.tools)
            calls = with_ids(bare, prefix)
        given = message.get("reasoning_content") or message.get("reasoning")
        return Message(
            "agent",
            text,
            calls,
            reasoning=given if isinstance(given, str) else thought,
            finish=finish_of(choice.get("finish_reason"), bool(calls)),
        )


def first_choice(data: Any) -> dict[str, Any]:
    """Return choices[0], which holds a message object; raises Undecodable otherwise."""
    choices = data.get("choices") if isinstance(data, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict) or not isinstance(choice.get("message"), dict):
        raise Undecodable("the response has no choices[0].message")
    return choice


def text_of(message: Mapping[str, Any]) -> str:
    """Return the text of a message: content, the text parts of a list, or a refusal."""
    content = message.get("content")
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        content = "".join(part for part in parts if isinstance(part, str))
    if isinstance(content, str) and content:
        return content
    refusal = message.get("refusal")
    return refusal if isinstance(refusal, str) else ""


def read_calls(given: Any, meant: Mapping[str, str], prefix: str) -> tuple[ToolCall, ...]:
    """Read native calls; missing, empty or repeated ids are replaced."""
    calls: list[ToolCall] = []
    seen: set[str] = set()
    for position, item in enumerate(given if isinstance(given, list) else ()):
        if not isinstance(item, dict):
            continue
        function = item.get("function")
        function = function if isinstance(function, dict) else item
        name = function.get("name")
        name = name if isinstance(name, str) else ""
        arguments, raw = read_arguments(function.get("arguments"))
        call_id = item.get("id")
        if not isinstance(call_id, str) or not call_id or call_id in seen:
            call_id = f"{prefix}_{position}"
        seen.add(call_id)
        calls.append(ToolCall(call_id, meant.get(name, name), arguments, raw))
    return tuple(calls)


def finish_of(reason: Any, called: bool) -> Finish:
    """Translate finish_reason; anything unknown counts as a stop."""
    if reason == "length":
        return "length"
    return "tool" if called else "stop"
