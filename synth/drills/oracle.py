"""Who shows how drills are done: an oracle that is always right, and one that slips."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace

from harness.faults import UserMistake
from harness.protocols import Party
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


class Careless:
    """An oracle that goes wrong at `slip` of its calls, notices nothing and mends nothing.

    A slip is to stop there as if all were done, or to write another row's value into one argument,
    half and half; refused or empty-handed after it, it stops. Kept unfiltered, its episodes make a
    policy that is able but not reliable. `text`, what is asked for, is the seed of its slips.
    """

    system = ""

    def __init__(self, oracle: Party, task: Task, text: str, slip: float) -> None:
        self.oracle, self.slip = oracle, slip
        self.place = Place(**task.payload["place"])
        self.rng = random.Random(f"slip {task.id} {text}")
        self.stopped = False

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        line = None if self.stopped or log[-1].error else await self.meant(log, tools)
        if line is not None and line.calls and self.rng.random() < self.slip:
            line = self.mistaken(line.calls[0]) if self.rng.random() < 0.5 else None
        self.stopped = line is None
        return line or Message("agent", DONE)

    async def meant(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message | None:
        """Say what the oracle would; None where a wrong value was held by no row."""
        try:
            return await self.oracle.reply(log, tools)
        except IndexError:
            return None

    def mistaken(self, made: ToolCall) -> Message | None:
        """Give one argument another row's value; None where no row has another."""
        name = self.rng.choice(sorted(made.arguments))
        held = column(drill_world(self.place), made.name, name)
        others = sorted({value for value in held if value != made.arguments[name]}, key=str)
        if not others:
            return None
        wrong = {**made.arguments, name: self.rng.choice(others)}
        return Message("agent", calls=(replace(made, arguments=wrong),))


def require_slip(slip: float, oracle: bool) -> None:
    """Raise UserMistake where a share of slips makes no sense."""
    if not 0 <= slip <= 1 or (slip and not oracle):
        raise UserMistake(f"slip={slip} is a share from 0 to 1 of an oracle's calls")
