"""Tools and worlds as tau-bench v1 has them: one side, no error flags in the protocol."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from evaluators.tau2.worlds import arithmetic
from evaluators.tau2.worlds.store import Json, Store
from evaluators.tau2.worlds.toolkit import (
    TOOL_ERRORS,
    Toolkit,
    error_text,
    require_exactly,
    to_text,
    tool,
)
from evaluators.tau2.worlds.world import World
from harness.faults import EpisodeEnd, ToolFault
from harness.types import Role, ToolCall, ToolSpec

TRANSFER = "transfer_to_human_agents"


class V1Toolkit(Toolkit):
    """The tools both domains have. `domain` is what the official module path says."""

    domain = ""

    def use(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Run a tool; raises one of TOOL_ERRORS with the official words."""
        method = getattr(self, name)
        who = f"{''.join(word.capitalize() for word in name.split('_'))}.invoke()"
        if "data" in arguments:
            path = f"tau_bench.envs.{self.domain}.tools.{name}.{who}"
            raise TypeError(f"{path} got multiple values for keyword argument 'data'")
        takes = self.declared[name].takes
        require_exactly(who, takes or parameters(method.__func__), arguments)
        return method(arguments) if takes else method(**arguments)

    @tool("generic")
    def calculate(self, expression: str) -> str:
        if not all(char in arithmetic.ALLOWED for char in expression):
            raise ValueError("invalid characters in expression")
        return arithmetic.calculate(expression)

    @tool("think")
    def think(self, thought: str) -> str:
        return ""

    @tool("generic")
    def transfer_to_human_agents(self, summary: str) -> str:
        return "Transfer successful"


@lru_cache(maxsize=64)
def parameters(method: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(method).parameters)[1:]


def find(store: Store, section: str, key: str, label: str) -> Json:
    """Return a record for reading; an absent one is the caller's mistake."""
    if key not in store[section]:
        raise ValueError(f"{label} not found")
    record: Json = store[section][key]
    return record


class V1World(World):
    """The agent's tools over one database. The call of a transfer ends the episode."""

    def __init__(self, agent: Toolkit, specs: Sequence[ToolSpec]) -> None:
        super().__init__(agent, specs={"agent": specs})

    async def call(self, role: Role, call: ToolCall) -> str:
        text, error = self.respond(role, call.name, call.arguments)
        if call.name == TRANSFER:
            raise EpisodeEnd("agent_stop")
        if error:
            raise ToolFault(text)
        return text

    def respond(self, role: Role, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        """Return a call's text and whether it is an error."""
        if name not in self.agent.declared:
            return f"Unknown action {name}", True
        try:
            return to_text(self.agent.use(name, arguments)), False
        except TOOL_ERRORS as error:
            return error_text(error), True
