"""One episode's world: two toolkits, their synchronisation, initialisation and replay."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.tau2.worlds.store import Store
from evaluators.tau2.worlds.toolkit import (
    TOOL_ERRORS,
    Toolkit,
    error_text,
    reject_reserved,
    to_text,
)
from harness.faults import ModelFault, ToolFault
from harness.types import Role, ToolCall, ToolSpec

Specs = Mapping[str, Sequence[ToolSpec]]


class World:
    """A tau2 environment for the loop (harness.protocols.Environment).

    `agent` and `user` are the toolkits of the two sides. In solo mode the agent holds both and
    the user may call nothing. Subclasses override `sync` where the sides share a state.
    """

    def __init__(
        self, agent: Toolkit, user: Toolkit | None = None, *, specs: Specs, solo: bool = False
    ) -> None:
        self.agent = agent
        self.user = user
        self.specs = specs
        self.solo = solo

    def sync(self) -> None:
        """Carry changes from one side's state to the other's; may raise TOOL_ERRORS."""

    # --- the loop's questions -------------------------------------------------------------

    def tools(self, role: Role, turn: int) -> Sequence[ToolSpec]:
        """Return the same list object every time: tau2's tools never change within an episode."""
        return self.specs.get(role, ())

    def offer_user_only(self, names: Sequence[str]) -> None:
        """Offer the user these tools only (a task's `user_tools`); an unknown name means none."""
        offered = {tool.name: tool for tool in self.specs["user"]}
        known = all(name in offered for name in names)
        kept = tuple(t for t in self.specs["user"] if t.name in names) if known else ()
        self.specs = {**self.specs, "user": kept}

    async def call(self, role: Role, call: ToolCall) -> str:
        text, error = self.respond(role, call.name, call.arguments)
        if error:
            raise ToolFault(text)
        return text

    def state(self) -> Mapping[str, Any]:
        """Return each side's change from the task's initial database."""
        stores = zip(("agent", "user"), self.stores(), strict=False)
        return {side: delta for side, store in stores if (delta := store.delta())}

    def stores(self) -> Sequence[Store]:
        """Return the agent's store, and the user's where it is another."""
        kits = (self.agent,) if self.user is None else (self.agent, self.user)
        return list({id(kit.store): kit.store for kit in kits}.values())

    # --- calls ----------------------------------------------------------------------------

    def use(self, role: Role, name: str, arguments: Mapping[str, Any]) -> Any:
        """Run one tool without synchronising; raises one of TOOL_ERRORS."""
        reject_reserved(arguments)
        if role == "agent":
            if self.solo and self.user is not None and name in self.user.declared:
                return self.user.use(name, arguments)
            return self.agent.use(name, arguments)
        if self.solo:
            raise ValueError("User tool calls are not allowed in solo mode")
        if self.user is None:
            raise ValueError("User tools not available")
        return self.user.use(name, arguments)

    def respond(self, role: Role, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        """Run one tool, synchronise, and return the text and whether it is an error."""
        try:
            result = self.use(role, name, arguments)
            self.sync()
        except TOOL_ERRORS as error:
            return error_text(error), True
        return to_text(result), False

    def knows(self, name: str) -> bool:
        """Say whether either side has a tool of that name (hidden ones included)."""
        return self.kit_of(name) is not None

    def kit_of(self, name: str) -> Toolkit | None:
        """Find the side whose tool this is, the agent's first."""
        for kit in (self.agent, self.user):
            if kit is not None and name in kit.declared:
                return kit
        return None

    def mutates(self, name: str) -> bool:
        kit = self.kit_of(name)
        return kit is None or kit.declared[name].mutates

    # --- initialisation and assertions ----------------------------------------------------

    def initialise(self, state: Mapping[str, Any] | None) -> World:
        """Apply a task's initialization_data and initialization_actions, then synchronise.

        Raises ModelFault on an initial state that does not fit the domain.
        """
        try:
            self.load(state)
            for action in (state or {}).get("initialization_actions") or ():
                self.run_function(action)
            self.sync()
        except TOOL_ERRORS as error:
            raise ModelFault(f"initial state: {error}", kind="initial_state", seat="env") from error
        return self

    def load(self, state: Mapping[str, Any] | None) -> World:
        """Apply initialization_data: this is the database that `state()` is a change from."""
        data = (state or {}).get("initialization_data") or {}
        if data.get("agent_data") is not None:
            self.update(self.agent, self.user, data["agent_data"])
        if data.get("user_data") is not None and self.user is not None:
            self.update(self.user, self.agent, data["user_data"])
        return self

    def update(self, kit: Toolkit, other: Toolkit | None, data: Mapping[str, Any]) -> None:
        """Merge data into one side's database. The other side then shares it (official alias)."""
        store = type(kit.store)(kit.store.base.merged(data))
        kit.store = store
        if other is not None:
            other.store = store

    def run_function(self, call: Mapping[str, Any]) -> Any:
        """Run an environment function (an initialization action) of either side, and sync."""
        kit = self.user if call["env_type"] == "user" else self.agent
        result = getattr(kit, call["func_name"])(**(call.get("arguments") or {}))
        self.sync()
        return result

    def check(self, assertion: Mapping[str, Any]) -> bool:
        """Run one environment assertion. Raises ModelFault where the official code raises."""
        try:
            met = self.run_function(assertion)
        except TOOL_ERRORS as error:
            raise ModelFault(
                f"{assertion['func_name']}: {error}", kind="assertion", seat="env"
            ) from error
        if not isinstance(met, bool):
            raise ModelFault(
                f"{assertion['func_name']} returned {met!r}", kind="assertion", seat="env"
            )
        return bool(met == assertion.get("assert_value", True))

    def replay(
        self, role: Role, name: str, arguments: Mapping[str, Any], expected: str | None = None
    ) -> None:
        """Run a recorded call again if it changes state; unknown tools and reads are skipped.

        Raises ModelFault when the text differs from `expected` as JSON.
        """
        if not self.knows(name) or not self.mutates(name):
            return
        text, _ = self.respond(role, name, arguments)
        if expected is not None and parsed(text) != parsed(expected):
            raise ModelFault(
                f"{name} returned {text[:200]!r} in the replay, {expected[:200]!r} in the record",
                kind="replay",
                seat="env",
            )

    def digests(self) -> tuple[str, str | None]:
        """Return the official hashes of the agent's and the user's database (64 hex digits)."""
        user = None if self.user is None else self.user.store.digest()
        return self.agent.store.digest(), user

    def restore(self, delta: Mapping[str, Any]) -> World:
        """Apply what `state` returned to a world that was only loaded, not initialised."""
        self.agent.store.restore(delta.get("agent", {}))
        if self.user is not None and "user" in delta:
            self.user.store.restore(delta["user"])
        return self


def parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
