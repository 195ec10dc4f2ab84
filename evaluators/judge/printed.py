"""Runs in a neutral message form, as printed in papers: rows of JSON and a file of tools.

A row has `messages` (OpenAI roles; tool contents may be objects), `gold_plan_by_turn` (or a flat
`gold_plan`), and optionally id, outcome, user_mode, policy, expected_behaviour, missing,
required_actions, forbidden_actions, communicate_info, scenario, termination_reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evaluators.judge.case import UNKNOWN, Action, Case, GoldCall, Tool
from harness.faults import UserMistake
from harness.types import Message, Role, ToolCall

_TYPES = {"float": "number", "dict": "object", "tuple": "array", "list": "array", "any": None}
_OUTCOMES = {"pass": True, "fail": False, "success": True, "failure": False, True: True,
             False: False}  # fmt: skip
_BEHAVIOURS = ("call", "no_call", "explain")


def read_tools(data: Any) -> dict[str, Tool]:
    """Read {name: {properties, required, write, auth, spec_text, example}}, or a list of such.

    Properties are types by name or JSON Schemas. Raises UserMistake where it is neither.
    """
    if isinstance(data, list):
        data = {item.get("name"): item for item in data if isinstance(item, Mapping)}
    if not isinstance(data, Mapping):
        raise UserMistake("the tools file must be an object of tools by name")
    return {
        str(n): read_tool(str(n), item) for n, item in data.items() if isinstance(item, Mapping)
    }


def read_tool(name: str, item: Mapping[str, Any]) -> Tool:
    schema = item.get("parameters") if isinstance(item.get("parameters"), Mapping) else item
    assert isinstance(schema, Mapping)
    listed = schema.get("properties")
    listed = listed if isinstance(listed, Mapping) else {}
    properties = {str(k): as_schema(v) for k, v in listed.items()}
    required = schema.get("required")
    text = " ".join(str(item[k]) for k in ("spec_text", "description") if item.get(k))
    prose = json.dumps(properties, default=str, ensure_ascii=False)
    write = item.get("write")
    example = next((item[k] for k in ("example", "output_example") if k in item), UNKNOWN)
    return Tool(
        name,
        f"{text} {prose}",
        properties,
        tuple(r for r in required if isinstance(r, str)) if isinstance(required, list) else (),
        write if isinstance(write, bool) else None,
        bool(item.get("auth")),
        example,
    )


def is_map(value: Any) -> bool:
    return isinstance(value, Mapping)


def as_schema(value: Any) -> dict[str, Any]:
    """Turn "float" into {"type": "number"}; a schema stays as it is."""
    if isinstance(value, Mapping):
        return dict(value)
    kind = _TYPES.get(str(value), str(value))
    return {} if kind is None else {"type": kind}


def read_case(row: Mapping[str, Any], tools: Mapping[str, Tool] | None, name: str = "") -> Case:
    """Build a case from a row. Whatever it lacks stays unknown; raises UserMistake without
    messages that can be read."""
    messages = row.get("messages")
    if not isinstance(messages, Sequence) or isinstance(messages, str):
        raise UserMistake("the row has no list of messages")
    gold, flat, reason = read_gold(row)
    behaviour = row.get("expected_behaviour", row.get("expected_behavior"))
    if behaviour is None and gold is not None and not any(gold):
        behaviour = "no_call"
    systems = [
        text_of(m.get("content")) for m in messages if is_map(m) and m.get("role") == "system"
    ]
    return Case(
        id=str(row.get("id", name)),
        log=read_log(messages),
        tools=tools,
        gold=gold,
        flat=flat,
        reason=reason,
        behaviour=behaviour if behaviour in _BEHAVIOURS else None,
        missing=texts(row.get("missing")),
        required=actions(row.get("required_actions")),
        forbidden=actions(row.get("forbidden_actions")),
        communicate=texts(row.get("communicate_info")),
        policy="\n".join([*systems, str(row.get("policy") or "")]).strip(),
        scenario=str(row.get("scenario") or ""),
        user_mode=row.get("user_mode") or "",
        single_turn=bool(row.get("single_turn")),
        end=str(row.get("termination_reason") or ""),
        passed=outcome_of(row.get("outcome")),
    )


def outcome_of(value: Any) -> bool | None:
    return _OUTCOMES.get(value) if isinstance(value, str | bool) else None


def texts(value: Any) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    return tuple(str(item) for item in items) if isinstance(items, list | tuple) else ()


def actions(value: Any) -> tuple[Action, ...]:
    items = value if isinstance(value, list) else []
    return tuple(
        Action(str(a.get("name")), arguments_of(a)) if is_map(a) else Action(str(a)) for a in items
    )


def read_gold(row: Mapping[str, Any]) -> tuple[tuple[tuple[GoldCall, ...], ...] | None, bool, str]:
    """Return the plan, whether it is flat, and why there is none."""
    by_turn = row.get("gold_plan_by_turn")
    flat = row.get("gold_plan", row.get("gold"))
    if isinstance(by_turn, list) and all(isinstance(turn, list) for turn in by_turn):
        return tuple(calls_of(turn) for turn in by_turn), False, ""
    if isinstance(flat, list):
        return (calls_of(flat),), True, ""
    return None, False, "the row has no gold_plan_by_turn"


def calls_of(items: Iterable[Any]) -> tuple[GoldCall, ...]:
    return tuple(
        GoldCall(
            str(item.get("name")),
            arguments_of(item),
            "user" if item.get("requestor") == "user" else "agent",
            next((item[k] for k in ("result", "output") if k in item), UNKNOWN),
            item["error"] if isinstance(item.get("error"), bool) else None,
        )
        for item in items
        if is_map(item)
    )


def arguments_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call's arguments; JSON text is decoded, anything else is no argument."""
    given = item.get("arguments", item.get("args"))
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return {}
    return dict(given) if isinstance(given, Mapping) else {}


def read_log(messages: Iterable[Any]) -> tuple[Message, ...]:
    """Turn chat messages into log lines. System messages and unreadable items are left out."""
    return tuple(line for m in messages if is_map(m) and (line := read_line(m)) is not None)


def read_line(message: Mapping[str, Any]) -> Message | None:
    role, text = message.get("role"), text_of(message.get("content"))
    if role == "tool":
        owner: Role = "user" if message.get("requestor") == "user" else "agent"
        called = str(message.get("tool_call_id") or message.get("id") or "")
        failed = message.get("error") is True
        return Message("tool", text, owner=owner, call_id=called, error=failed)
    if role not in ("assistant", "agent", "user"):
        return None
    listed = message.get("tool_calls")
    calls = tuple(
        call_of(item, number)
        for number, item in enumerate(listed if isinstance(listed, list) else ())
        if is_map(item)
    )
    return Message("user" if role == "user" else "agent", text, calls)


def call_of(item: Mapping[str, Any], number: int) -> ToolCall:
    inner = item.get("function") if is_map(item.get("function")) else item
    assert isinstance(inner, Mapping)
    arguments = arguments_of(inner)
    given = inner.get("arguments")
    raw = given if isinstance(given, str) and given.strip() and not decodes(given) else None
    return ToolCall(str(item.get("id") or f"call_{number}"), str(inner.get("name")), arguments, raw)


def decodes(text: str) -> bool:
    try:
        return isinstance(json.loads(text), Mapping)
    except (ValueError, RecursionError):
        return False


def text_of(content: Any) -> str:
    """Return a message's content as text: parts are joined, objects are written as JSON."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(is_map(p) and "text" in p for p in content) and content:
        return "\n".join(str(part["text"]) for part in content)
    return json.dumps(content, ensure_ascii=False, default=str)
