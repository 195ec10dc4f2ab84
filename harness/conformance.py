"""What every world must obey: shipped, so that whoever writes a world can call it in a test."""

from __future__ import annotations

import json
from collections.abc import Sequence

from harness.faults import EpisodeEnd, ToolFault
from harness.protocols import Environment
from harness.types import Role, ToolCall, ToolSpec

ROLES: tuple[Role, ...] = ("agent", "user")
UNKNOWN = "no_such_tool_in_any_world"


async def check_environment(env: Environment, reads: Sequence[ToolCall] = ()) -> None:
    """Raise AssertionError, saying what is wrong, unless a fresh `env` keeps the contract.

    `reads` are agent calls that must succeed and change nothing. Uses the world up.
    """
    before = _stable_state(env)
    for role in ROLES:
        for turn in (0, 1, 2):
            _check_tools(env, role, turn)
    await _check_unknown(env)
    for call in reads:
        text = await env.call("agent", call)
        assert isinstance(text, str), f"{call.name} returned {type(text).__name__}, not text"
    assert _stable_state(env) == before, "asking, a wrong call or a read changed the state"


def _stable_state(env: Environment) -> str:
    first, second = (json.dumps(dict(env.state()), sort_keys=True) for _ in range(2))
    assert first == second, "state() differs between two readings"
    return first


def _check_tools(env: Environment, role: Role, turn: int) -> None:
    tools = env.tools(role, turn)
    assert list(tools) == list(env.tools(role, turn)), (
        f"tools({role}, {turn}) is not a pure question"
    )
    names = [tool.name for tool in tools]
    assert len(set(names)) == len(names), f"tools({role}, {turn}) names one tool twice: {names}"
    for tool in tools:
        _check_spec(tool)


def _check_spec(tool: ToolSpec) -> None:
    assert tool.name, "a tool has no name"
    json.dumps(dict(tool.parameters))
    properties = tool.parameters.get("properties", {})
    for name in tool.parameters.get("required", ()):
        assert name in properties, f"{tool.name} requires {name}, which it does not describe"


async def _check_unknown(env: Environment) -> None:
    try:
        await env.call("agent", ToolCall("c0", UNKNOWN, {}))
    except (ToolFault, EpisodeEnd):
        return
    raise AssertionError("a call of an unknown tool must raise ToolFault (or end the episode)")
