"""Agents without a model: an oracle that plays a task's reference moves, and one that does nothing.

The oracle can make mistakes on purpose and recover from them: calls that fail or find nothing,
followed by the right ones. Its log is training data of verified episodes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

from harness.types import Message, ToolCall, ToolSpec
from synth.plans import Step, resolve, step_of

SLIPS = ("missing_argument", "unknown_tool", "wrong_key", "wrong_type")
NOWHERE = "ZZ-0"


class Oracle:
    """Plays the moves of a task: calls whose references it resolves from what tools answered.

    `noise` is the chance of a slip before a call; `parallel` puts calls that do not build on one
    another into one message. A call that cannot be made, because what it needs never came, is
    left out.
    """

    system = ""

    def __init__(
        self,
        payload: Mapping[str, Any],
        rng: random.Random | None = None,
        *,
        noise: float = 0.0,
        parallel: bool = False,
    ) -> None:
        steps = [step_of(data) for data in payload.get("path") or payload["plan"]["steps"]]
        self.steps = {step.id: step for step in steps}
        self.moves: list[Mapping[str, Any]] = list(payload["moves"])
        self.queue: list[Step] = []
        self.say = ""
        self.results: dict[str, Any] = {}
        self.rng = rng or random.Random(0)
        self.noise = noise
        self.parallel = parallel
        self.slipped: set[str] = set()
        self.seen = 0

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        self.listen(log)
        if log and log[-1].author == "user":
            if not self.moves:
                return Message("agent", "Is there anything else that I can help you with?")
            move = self.moves.pop(0)
            self.queue = [self.steps[number] for number in move["steps"]]
            self.say = move["say"]
        while self.queue:
            slip = self.slip(self.queue[0], tools)
            if slip is not None:
                return Message("agent", calls=(slip,))
            calls = self.next_calls()
            if calls:
                return Message("agent", calls=calls)
        return Message("agent", self.say)

    def listen(self, log: Sequence[Message]) -> None:
        """Read the results of own calls that are new in the log."""
        for line in log[self.seen :]:
            if line.author == "tool" and line.owner == "agent" and not line.error:
                number = str(line.call_id).rpartition(":")[2]
                if number in self.steps:
                    self.results[number] = json.loads(line.text)
        self.seen = len(log)

    def next_calls(self) -> tuple[ToolCall, ...]:
        """Take the next call off the queue, with those beside it that need no result of it."""
        batch: list[ToolCall] = []
        taken: set[str] = set()
        while self.queue and not taken & set(self.queue[0].depends):
            step = self.queue.pop(0)
            try:
                arguments = resolve(step, self.results)
            except KeyError:
                continue
            batch.append(ToolCall(f"call:{step.id}", step.tool, arguments))
            taken.add(step.id)
            if not self.parallel:
                break
        return tuple(batch)

    def slip(self, step: Step, tools: Sequence[ToolSpec]) -> ToolCall | None:
        """Make a wrong call that changes nothing, at most one per step."""
        if not self.noise or step.id in self.slipped or self.rng.random() >= self.noise:
            return None
        self.slipped.add(step.id)
        spec = next((tool for tool in tools if tool.name == step.tool), None)
        try:
            arguments = resolve(step, self.results)
        except KeyError:
            return None
        kinds = list(SLIPS)
        self.rng.shuffle(kinds)
        for kind in kinds:
            call = slipped_call(kind, step, arguments, spec, self.rng)
            if call is not None:
                return call
        return None


def slipped_call(
    kind: str, step: Step, arguments: dict[str, Any], spec: ToolSpec | None, rng: random.Random
) -> ToolCall | None:
    """Return a call that the world refuses, or that finds nothing; None where the kind fits not."""
    required = list(spec.parameters.get("required", ())) if spec else []
    name = f"slip:{kind}"
    if kind == "unknown_tool":
        return ToolCall(name, f"{step.tool}_now", arguments)
    if kind == "missing_argument" and required:
        gone = rng.choice(required)
        return ToolCall(name, step.tool, {k: v for k, v in arguments.items() if k != gone})
    references = [k for k, arg in step.args.items() if "ref" in arg]
    if kind == "wrong_key" and references:
        key = rng.choice(references)
        wrong = NOWHERE if isinstance(arguments[key], str) else 987_654
        return ToolCall(name, step.tool, arguments | {key: wrong})
    if kind == "wrong_type" and arguments:
        key = rng.choice(list(arguments))
        return ToolCall(name, step.tool, arguments | {key: {"value": arguments[key]}})
    return None


class Idle:
    """An agent that does nothing but be polite: what it passes needs no agent."""

    system = ""

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        return Message("agent", "All right.")


class Refuser:
    """An agent that refuses everything: what it passes rewards refusals alone."""

    system = ""

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        return Message("agent", "I'm sorry, I cannot help you with that.")
