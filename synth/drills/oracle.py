"""Who shows how drills are done: an oracle that is always right, and one that slips."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace

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
        results = [json.loads(line.text) for line in log if line.author == "tool"]
        if len(results) == len(self.calls):
            return Message("agent", DONE)
        call = self.calls[len(results)]
        made = ToolCall(f"call_{len(log)}_0", call.tool, resolve(call, results))
        return Message("agent", calls=(made,))


class Careless(Oracle):
    """An oracle that goes wrong at `slip` of its calls, notices nothing and mends nothing.

    A slip is to stop there as if all were done, or to write another row's value into one argument,
    half and half; refused or empty-handed after it, it stops. Kept unfiltered, its episodes make a
    policy that is able but not reliable.
    """

    def __init__(self, task: Task, slip: float) -> None:
        super().__init__(task)
        self.slip = slip
        self.place = Place(**task.payload["place"])
        self.rng = random.Random(f"slip {task.id} {task.payload['text']}")

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        stop = Message("agent", DONE)
        if log and log[-1].error:
            return stop
        try:
            line = await super().reply(log, tools)
        except IndexError:  # the wrong value was held by no row, so there is nothing to go on with
            return stop
        if not line.calls or self.rng.random() >= self.slip:
            return line
        made = line.calls[0]
        wrong = self.mistaken(made) if self.rng.random() < 0.5 else None
        return stop if wrong is None else Message("agent", calls=(wrong,))

    def mistaken(self, made: ToolCall) -> ToolCall | None:
        """Give one argument another row's value; None where no row has another."""
        name = self.rng.choice(sorted(made.arguments))
        held = column(drill_world(self.place), made.name, name)
        others = sorted({value for value in held if value != made.arguments[name]}, key=str)
        if not others:
            return None
        return replace(made, arguments={**made.arguments, name: self.rng.choice(others)})
