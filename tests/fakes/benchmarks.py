"""A benchmark of shelves: put the right name on the shelf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.benchmark import Benchmark
from harness.faults import ModelFault
from harness.limits import Limits
from harness.parties import ModelParty, Script
from harness.protocols import Environment, Model, Party
from harness.types import Message, Task, ToolSpec
from tests.fakes.worlds import Shelf, Shelved, call

__all__ = ["Porter", "Shelved", "shelves"]


class Porter:
    """A model that puts the asked name on the shelf, except names in `drops`; faults on demand."""

    def __init__(self, drops: Sequence[str] = (), faults: Sequence[str] = ()) -> None:
        self.drops = set(drops)
        self.faults = list(faults)
        self.asked: list[str] = []

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message:
        name = chat[0]["content"]
        if chat[-1]["role"] == "tool":
            return Message("agent", "done")
        self.asked.append(name)
        if name in self.faults:
            self.faults.remove(name)
            raise ModelFault("503", kind="http")
        if name in self.drops:
            return Message("agent", "no")
        return Message("agent", calls=(call("put", name=name),))


def shelves(
    names: Sequence[str] = ("a", "b", "c"), chain: bool = False, scored: bool = True
) -> Benchmark:
    """Build one task per name. In a chain, each needs the one before and inherits its shelf."""
    tasks = [
        Task(
            name,
            "shelves",
            {"name": name},
            domain=f"d{number % 2}",
            needs=(names[number - 1],) if chain and number else (),
            scored=scored or number == len(names) - 1,
        )
        for number, name in enumerate(names)
    ]

    def environment(task: Task, past: Mapping[str, Any]) -> Environment:
        shelf = Shelf()
        shelf.names |= set(past.get("added", ()))
        return shelf

    def agent(task: Task, trial: int, model: Model) -> Party:
        return ModelParty("agent", model)

    def user(task: Task, trial: int, model: Model | None) -> Party:
        return Script("user", [task.payload["name"]])

    return Benchmark("shelves", "1", tasks, environment, user, agent, lambda task: Limits())
