"""Small worlds and parties that tests play with."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from harness.faults import ModelFault, ToolFault
from harness.types import Message, Role, Task, ToolCall, ToolSpec, Verdict


class Shelf:
    """A set of names. `put` and `take` write, `look` reads; `take` is offered from turn 2 on."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self.initial = frozenset(names)
        self.names = set(names)
        self.early = (ToolSpec("put"), ToolSpec("look"))
        self.late = (*self.early, ToolSpec("take"))

    def tools(self, role: Role, turn: int) -> Sequence[ToolSpec]:
        if role == "user":
            return ()
        return self.late if turn >= 2 else self.early

    async def call(self, role: Role, call: ToolCall) -> str:
        name = call.arguments.get("name", "")
        if call.name == "put":
            self.names.add(name)
            return "ok"
        if call.name == "look":
            return ", ".join(sorted(self.names))
        if call.name == "take" and name in self.names:
            self.names.discard(name)
            return "ok"
        if call.name == "break":
            raise ModelFault("the shelf fell", kind="world")
        raise ToolFault(f"Error: cannot {call.name} {name}")

    def state(self) -> Mapping[str, Any]:
        added, removed = self.names - self.initial, self.initial - self.names
        return {"added": sorted(added), "removed": sorted(removed)} if added or removed else {}


class Sleeper:
    """A party that never answers in time."""

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        await asyncio.sleep(30)
        return Message("agent", "too late")


class Faulty:
    """A party whose model cannot be reached."""

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        raise ModelFault("connection refused", kind="unreachable")


class Shelved:
    """Passes when the task's name stands on the shelf at the end."""

    async def __call__(self, task: Task, episode: Any) -> Verdict:
        met = task.payload["name"] in episode.state.get("added", ())
        return Verdict(float(met), met, {"shelved": met})


def call(name: str, /, **arguments: Any) -> ToolCall:
    return ToolCall(f"call_{name}", name, arguments)
