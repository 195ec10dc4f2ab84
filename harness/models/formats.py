"""Ways to speak of tools in plain text, for models or servers without native tool calling.

Every function here is pure. A reply that cannot be decoded stays text with no calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from harness.models.pycalls import read_calls, write_calls
from harness.models.values import Undecodable, encode, loads, read_arguments
from harness.types import ToolCall, ToolSpec

Reply = tuple[str, tuple[ToolCall, ...]]
OPEN, CLOSE = "<tool_call>", "</tool_call>"


@dataclass(frozen=True)
class Format:
    """How tools, calls and results look in text.

    `describe` writes the system text that offers tools, `encode` an assistant line, `results` the
    user line that carries (call name, result) pairs; `decode` reads a reply, giving calls no ids.
    """

    name: str
    describe: Callable[[Sequence[ToolSpec]], str]
    encode: Callable[[str, Sequence[ToolCall]], str]
    decode: Callable[[str, Sequence[ToolSpec]], Reply]
    results: Callable[[Sequence[tuple[str, str]]], str]


def list_tools(tools: Sequence[ToolSpec]) -> str:
    """Write one JSON object per line and tool, as OpenAI-style function descriptions."""
    return "\n".join(encode(function_of(tool)) for tool in tools)


def function_of(tool: ToolSpec) -> dict[str, Any]:
    """Describe one tool as a function object with a JSON Schema."""
    parameters = dict(tool.parameters) or {"type": "object", "properties": {}}
    return {"name": tool.name, "description": tool.description, "parameters": parameters}


def describe_hermes(tools: Sequence[ToolSpec]) -> str:
    return f"""# Tools

These functions are available, one JSON description per line:
<tools>
{list_tools(tools)}
</tools>

To use a function, write its name and arguments as a JSON object inside {OPEN} tags:
{OPEN}
{{"name": "function_name", "arguments": {{"parameter": "value"}}}}
{CLOSE}
Write one such block per call; several calls may follow each other. Results come back inside \
<tool_response> tags. Answer in plain text, without tags, when no function is needed."""


def encode_hermes(text: str, calls: Sequence[ToolCall]) -> str:
    blocks = [f"{OPEN}\n{hermes_payload(call)}\n{CLOSE}" for call in calls]
    return "\n".join([text, *blocks] if text else blocks)


def hermes_payload(call: ToolCall) -> str:
    arguments = dict(call.arguments) if call.raw is None else call.raw
    # An argument that itself holds a closing tag must not end the block.
    return encode({"name": call.name, "arguments": arguments}).replace("</", "<\\/")


def decode_hermes(text: str, tools: Sequence[ToolSpec]) -> Reply:
    """Read tagged calls; the text around them stays. One unreadable block: no calls at all."""
    outside, calls = [], []
    end = 0
    while (start := text.find(OPEN, end)) >= 0:
        outside.append(text[end:start])
        close = text.find(CLOSE, start)
        payload = text[start + len(OPEN) : close if close >= 0 else len(text)]
        end = close + len(CLOSE) if close >= 0 else len(text)
        try:
            calls.append(read_hermes(payload))
        except Undecodable:
            return text, ()
    if not calls:
        return text, ()
    return "".join([*outside, text[end:]]).strip(), tuple(calls)


def read_hermes(payload: str) -> ToolCall:
    """Read `{"name": …, "arguments": {…}}`; arguments of another kind are kept raw."""
    value = loads(payload.strip())
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise Undecodable("a call needs a name")
    arguments, raw = read_arguments(value.get("arguments"))
    return ToolCall("", value["name"], arguments, raw)


def results_hermes(results: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"<tool_response>\n{text}\n</tool_response>" for _, text in results)


def describe_python(tools: Sequence[ToolSpec]) -> str:
    return f"""You can call the functions below. Each line describes one in JSON:
{list_tools(tools)}

When functions are needed, reply with nothing but a Python list of calls with named arguments:
[first_function(parameter="value", other=3), second_function(flag=True)]
Their results are then shown to you, and you may call again. When no function fits, or a value \
you need is missing, reply in plain text instead."""


def encode_python(text: str, calls: Sequence[ToolCall]) -> str:
    if not calls:
        return text
    return f"{text}\n{write_calls(calls)}" if text else write_calls(calls)


def decode_python(text: str, tools: Sequence[ToolSpec]) -> Reply:
    try:
        calls = tuple(ToolCall("", *parsed) for parsed in read_calls(text, tools))
    except Undecodable:
        return text, ()
    return ("", calls) if calls else (text, ())


def results_python(results: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"Result of {name}: {text}" for name, text in results)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "hermes": Format("hermes", describe_hermes, encode_hermes, decode_hermes, results_hermes),
        "python_list": Format(
            "python_list", describe_python, encode_python, decode_python, results_python
        ),
    }
)


def split_reasoning(text: str) -> tuple[str, str]:
    """Split a leading <think> block off: (reasoning, text). An unclosed one is all reasoning."""
    if not text.startswith("<think>"):
        return "", text
    thought, _, answer = text.removeprefix("<think>").partition("</think>")
    return thought.strip(), answer.lstrip("\n")


def with_ids(calls: Sequence[ToolCall], prefix: str) -> tuple[ToolCall, ...]:
    """Number calls that came without ids; `prefix` must be unique within the chat."""
    return tuple(
        ToolCall(f"{prefix}_{i}", call.name, call.arguments, call.raw)
        for i, call in enumerate(calls)
    )


def to_text_chat(
    chat: Sequence[Mapping[str, Any]], form: Format, offer: str
) -> list[dict[str, str]]:
    """Turn a chat with calls and tool lines into plain system, user and assistant texts.

    `offer` (the description of the tools, or "") is added to the system text; results that
    answer one message are put into one user line.
    """
    lines: list[dict[str, str]] = []
    names: dict[str, str] = {}
    waiting: list[tuple[str, str]] = []
    if offer:
        head = chat[0]["content"] if chat and chat[0]["role"] == "system" else ""
        lines.append({"role": "system", "content": f"{head}\n\n{offer}" if head else offer})
    for line in chat[1:] if lines and chat and chat[0]["role"] == "system" else chat:
        role, text = line["role"], line["content"]
        if role == "tool":
            waiting.append((names.get(line["tool_call_id"], "tool"), text))
            continue
        if waiting:
            lines.append({"role": "user", "content": form.results(waiting)})
            waiting = []
        if role == "assistant":
            calls = line.get("calls", ())
            names.update((call.id, call.name) for call in calls)
            text = form.encode(text, calls)
        lines.append({"role": role, "content": text})
    if waiting:
        lines.append({"role": "user", "content": form.results(waiting)})
    return lines
