"""A scripted agent that answers with the gold, to test the way from task to verdict.

It is not a model: its numbers say how many entries a right answer passes, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evaluators.bfcl.categories import MULTI_TURN, is_agentic, is_relevance
from evaluators.bfcl.data import BfclData
from evaluators.bfcl.gold_calls import Call, multi_turn_calls, single_turn_calls
from evaluators.bfcl.multi_turn import checker_of
from evaluators.bfcl.tasks import benchmark, data_of
from harness.benchmark import Benchmark
from harness.protocols import Model, Party
from harness.types import Message, Task, ToolCall, ToolSpec

LABEL = "agent: gold replay"
_REFUSAL = "None of these functions can do that."
_CLOSING = "Done."


class GoldAgent:
    """Make the gold calls of each turn in one step, then close the turn with a text."""

    system = ""

    def __init__(self, turns: Sequence[Sequence[Call]], text: str, *, dots: bool = True) -> None:
        self.turns = turns
        self.text = text
        self.dots = dots

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        turn = sum(message.author == "user" for message in log) - 1
        fresh = bool(log) and log[-1].author == "user"
        calls = self.turns[turn] if fresh and turn < len(self.turns) else ()
        if not calls:
            return Message("agent", self.text)
        return Message("agent", calls=tuple(self._call(i, *call) for i, call in enumerate(calls)))

    def _call(self, number: int, name: str, arguments: dict[str, Any]) -> ToolCall:
        return ToolCall(f"gold_{number}", name if self.dots else name.replace(".", "_"), arguments)


def gold_agent(data: BfclData, task: Task) -> GoldAgent:
    """Return the agent that gives the gold answer of a task in native mode."""
    if task.domain in MULTI_TURN:
        return GoldAgent(multi_turn_calls(data, checker_of(data).classes, task.id), _CLOSING)
    if is_agentic(task.domain):
        return GoldAgent((), data.answer(task.id)[0] if task.scored else _CLOSING)
    if is_relevance(task.domain):
        functions = [] if "irrelevance" in task.domain else data.functions(task.id)[:1]
        calls: list[Call] = [(doc["name"], {}) for doc in functions]
    else:
        calls = single_turn_calls(data, task.id)
    users = sum(message.author == "user" for message in task.opening)
    return GoldAgent([*[()] * (users - 1), calls], _REFUSAL, dots=False)


def gold_replay(**options: Any) -> Benchmark:
    """Build BFCL (options as for `benchmark`, native mode) with the gold agent in every task."""
    played = benchmark(**{**options, "mode": "native"})

    def agent(task: Task, trial: int, model: Model) -> Party:
        return gold_agent(data_of(Path(task.payload["root"])), task)

    return replace(played, agent=agent, notes={**played.notes, "scripted": LABEL})
