"""Short runs written down: turns of a request, batches of calls with answers, and a reply."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.judge.case import Case, GoldCall, Tool, tool_of
from evaluators.judge.findings import Judgement
from evaluators.judge.rules import judge
from harness.types import Message, ToolCall, ToolSpec

Call = tuple[str, Mapping[str, Any], Any]
"""Name, arguments, answer (an object, or a text; an Exception's text is an error)."""
OK = {"ok": True}


def tool(name: str, *required: str, write: bool | None = False, auth: bool = False) -> Tool:
    properties = {key: {"type": "string", "description": f"The {key}."} for key in required}
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return tool_of(ToolSpec(name, f"Tool {name}.", schema), write=write, auth=auth)


TOOLS = {
    t.name: t
    for t in (
        tool("sign_in", "name", "pin", write=True, auth=True),
        tool("find_items", "kind"),
        tool("get_item", "item_id"),
        tool("get_weather", "city"),
        tool("order_item", "item_id", "count", write=True),
        tool("cancel_order", "order_id", write=True),
        tool("list_orders"),
    )
}


def gold(name: str, /, **arguments: Any) -> GoldCall:
    return GoldCall(name, arguments)


def turn(request: str, *steps: Sequence[Call] | str) -> list[Message]:
    """A request, then batches of calls (lists) and replies (texts)."""
    log = [Message("user", request)]
    for step in steps:
        if isinstance(step, str):
            log.append(Message("agent", step))
            continue
        calls = tuple(
            ToolCall(f"{len(request)}.{len(log)}.{n}", name, dict(given))
            for n, (name, given, _) in enumerate(step)
        )
        log.append(Message("agent", calls=calls))
        for call, (_, _, answer) in zip(calls, step, strict=True):
            error = isinstance(answer, Exception)
            text = str(answer) if error or isinstance(answer, str) else json.dumps(answer)
            log.append(Message("tool", text, owner="agent", call_id=call.id, error=error))
    return log


def case(
    turns: Sequence[Sequence[Message]], plan: Sequence[Sequence[GoldCall]] | None, **about: Any
) -> Case:
    log = tuple(line for lines in turns for line in lines)
    known = None if plan is None else tuple(tuple(calls) for calls in plan)
    return Case("t", log, **{"tools": TOOLS, "gold": known, **about})


def labels(
    turns: Sequence[Sequence[Message]], plan: Sequence[Sequence[GoldCall]] | None, **about: Any
) -> tuple[list[str], list[str]]:
    """Return the categories of Table 9 and of Table 8, each sorted."""
    found = judgement(turns, plan, **about)
    return sorted(found.categories(9)), sorted(found.categories(8))


def judgement(
    turns: Sequence[Sequence[Message]], plan: Sequence[Sequence[GoldCall]] | None, **about: Any
) -> Judgement:
    return judge(case(turns, plan, **about), guess=True)
