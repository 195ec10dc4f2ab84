"""Who shows how drills are done: an oracle that is always right, and one that slips."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

from harness.types import Message, Task, ToolCall, ToolSpec
from synth.drills.tasks import Call, column, resolve
from synth.drills.worlds import Place, drill_world

DONE = "Done."


def gold_of(task: Task) -> list[Call]:
    return [Call(call["tool"], call["args"]) for call in task.payload["calls"]]


class Oracle:
    """Make the gold calls one by one, each from what the earlier ones returned, then say so."""

    system = ""

    def __init__(self, task: Task) -> None:
        self.calls = gold_of(task)

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        answers = [line for line in log if line.author == "tool" and not line.error]
        results = [json.loads(line.text) for line in answers]
        if len(results) == len(self.calls):
            return Message("agent", DONE)
        call = self.calls[len(results)]
        made = ToolCall(f"call_{len(log)}_0", call.tool, resolve(call, results))
        return Message("agent", calls=(made,))


class Fallible(Oracle):
    """An oracle that stumbles and slips.

    Before `stumble` of its calls it garbles a name or a key, is refused, and then does it right:
    that shows how to go on after an error. At `slip` of its calls it goes wrong, notices nothing
    and mends nothing: it stops there as if all were done, or writes another row's value into one
    argument, half and half. Kept unfiltered, slips make a policy that is able but not reliable.
    """

    def __init__(self, task: Task, stumble: float, slip: float) -> None:
        super().__init__(task)
        self.stumble, self.slip = stumble, slip
        self.place = Place(**task.payload["place"])
        self.rng = random.Random(f"fallible {task.id} {task.payload['text']}")
        self.slipped = False

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        refused = bool(log) and log[-1].error
        if self.slipped and refused:
            return Message("agent", DONE)
        try:
            line = await super().reply(log, tools)
        except IndexError:  # a slip found no row, so there is nothing to go on with
            return Message("agent", DONE)
        if not line.calls or refused:
            return line
        made = line.calls[0]
        if self.rng.random() < self.stumble:
            return with_call(made, *self.garbled(made, tools))
        return self.slipping(made) if self.rng.random() < self.slip else line

    def slipping(self, made: ToolCall) -> Message:
        self.slipped = True
        name = self.rng.choice(sorted(made.arguments))
        held = column(drill_world(self.place), made.name, name)
        others = sorted({value for value in held if value != made.arguments[name]}, key=str)
        if not others or self.rng.random() < 0.5:
            return Message("agent", DONE)
        return with_call(made, made.name, {**made.arguments, name: self.rng.choice(others)})

    def garbled(self, made: ToolCall, tools: Sequence[ToolSpec]) -> tuple[str, dict[str, Any]]:
        """Garble the tool's name or that of an argument: the world refuses both."""
        if self.rng.random() < 0.5:
            return self.mixed(made.name, [tool.name for tool in tools]), dict(made.arguments)
        wrong = self.rng.choice(sorted(made.arguments))
        known = [name for tool in tools for name in tool.parameters.get("properties", {})]
        other = self.mixed(wrong, known)
        return made.name, {other if n == wrong else n: v for n, v in made.arguments.items()}

    def mixed(self, word: str, others: Sequence[str]) -> str:
        """Write the beginning of a word and the end of another, as who copies badly does."""
        other = self.rng.choice(others)
        made = word[: self.rng.randrange(1, len(word))] + other[self.rng.randrange(len(other)) :]
        return made if made not in others else f"{made}{other}"


def with_call(made: ToolCall, name: str, arguments: Mapping[str, Any]) -> Message:
    return Message("agent", calls=(ToolCall(made.id, name, arguments),))
