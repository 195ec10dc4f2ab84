"""Single-turn tasks: one question, one reply, and what it calls is compared with the gold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluators.bfcl.categories import FORMAT_SENSITIVITY
from evaluators.bfcl.data import BfclData, Row
from evaluators.bfcl.official import writer_of
from evaluators.bfcl.parties import OneReply
from harness.faults import EpisodeEnd
from harness.limits import Limits
from harness.parties import ModelParty, Script
from harness.protocols import Environment, Model, Party
from harness.types import Message, Role, Task, ToolCall, ToolSpec


class SchemaOnly:
    """Tools that exist only on paper: the first call ends the episode."""

    def __init__(self, offered: Sequence[ToolSpec]) -> None:
        self._offered = offered

    def tools(self, role: Role, turn: int) -> Sequence[ToolSpec]:
        return self._offered if role == "agent" else ()

    async def call(self, role: Role, call: ToolCall) -> str:
        raise EpisodeEnd("called")

    def state(self) -> Mapping[str, object]:
        return {}


class SingleTurn:
    """How single-turn tasks are played. `mode` is "native" or "prompt"."""

    def __init__(self, data: BfclData, mode: str) -> None:
        self.data = data
        self.mode = mode

    def tasks(self, category: str) -> list[Task]:
        payload = {"root": str(self.data.root), "mode": self.mode}
        return [
            Task(
                row["id"],
                "bfcl",
                {**payload, "row": row},
                opening=_opening(row),
                domain=category,
                cluster=row["id"].split(":")[-1] if category == FORMAT_SENSITIVITY else "",
            )
            for row in self.data.entries(category)
        ]

    def environment(self, task: Task) -> Environment:
        if self.mode == "prompt":
            return SchemaOnly(())
        functions = self.data.functions(task.id, shown=True)
        return SchemaOnly(writer_of(self.data).tool_specs(functions))

    def agent(self, task: Task, model: Model) -> Party:
        return OneReply(ModelParty("agent", model, self.system(task)))

    def system(self, task: Task) -> str:
        """Return the entry's own system text, in prompting mode after the one about tools."""
        first = task.payload["row"]["question"][0][0]
        own = first["content"] if first["role"] == "system" else ""
        if self.mode == "native":
            return str(own)
        configuration = task.id.split(":")[1] if ":" in task.id else ""
        functions = self.data.functions(task.id, shown=True)
        offer = writer_of(self.data).system_prompt(functions, configuration)
        return f"{offer}\n\n{own}" if first["role"] == "system" else offer

    def user(self, task: Task) -> Party:
        return Script("user", ())

    def limits(self, task: Task) -> Limits:
        return Limits(steps=None, errors=None)

    def replies(self, task: Task) -> int:
        return 1


def _opening(row: Row) -> tuple[Message, ...]:
    """Return the entry's conversation so far; it ends with what the model must answer."""
    return tuple(
        Message("agent" if message["role"] == "assistant" else "user", message["content"])
        for message in row["question"][0]
        if message["role"] != "system"
    )
