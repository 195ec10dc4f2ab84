"""Calls at the bank, as short as a test wants them."""

from __future__ import annotations

import json
from typing import Any

from evaluators.tau2.worlds.domain import domain
from evaluators.tau2.worlds.world import World
from harness.types import Role


def world(data: dict[str, Any] | None = None) -> World:
    """Build the bank with some records of one's own."""
    state = {"initialization_data": {"agent_data": data}} if data is not None else None
    return domain("banking_knowledge").world({"initial_state": state})


def answer(place: World, role: Role, tool: str, arguments: dict[str, Any]) -> tuple[str, bool]:
    return place.respond(role, tool, arguments)


def agent(place: World, tool: str, **arguments: Any) -> str:
    """Call one of the agent's tools, which must not fail."""
    text, error = place.respond("agent", tool, arguments)
    assert not error, text
    return text


def unlock(place: World, tool: str) -> str:
    return agent(place, "unlock_discoverable_agent_tool", agent_tool_name=tool)


def call(place: World, tool: str, arguments: Any, *, unlocked: bool = True) -> str:
    """Call an unlisted tool with JSON arguments (a text is taken as it is)."""
    if unlocked:
        unlock(place, tool)
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return agent(place, "call_discoverable_agent_tool", agent_tool_name=tool, arguments=text)


def give(place: World, tool: str, arguments: str = "{}") -> str:
    """Give the customer a tool."""
    given = {"discoverable_tool_name": tool, "arguments": arguments}
    return agent(place, "give_discoverable_user_tool", **given)


def customer(place: World, tool: str, arguments: dict[str, Any]) -> str:
    """Let the customer call a tool that was given."""
    given = {"discoverable_tool_name": tool, "arguments": json.dumps(arguments)}
    text, error = place.respond("user", "call_discoverable_user_tool", given)
    assert not error, text
    return text
