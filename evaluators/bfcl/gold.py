"""A scripted model that answers with the gold, to test the way from task to verdict.

It is no language model: its numbers say how many entries a right answer passes, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evaluators.bfcl.categories import MULTI_TURN, is_agentic, is_relevance
from evaluators.bfcl.data import BfclData
from evaluators.bfcl.decode import Format, format_of
from evaluators.bfcl.gold_calls import Call, multi_turn_calls, single_turn_calls
from evaluators.bfcl.gold_text import write_calls
from evaluators.bfcl.multi_turn import checker_of
from evaluators.bfcl.tasks import benchmark, data_of
from harness.benchmark import Benchmark
from harness.faults import ModelFault
from harness.protocols import Model, Party
from harness.types import Message, Task, ToolCall, ToolSpec

LABEL = "agent: gold replay"
_REFUSAL = "None of these functions can do that."
_CLOSING = "Done."


class GoldModel:
    """Give prepared replies in order; ModelFault when asked once too often."""

    show_reasoning = False

    def __init__(self, replies: Iterator[Message]) -> None:
        self.replies = replies

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message:
        reply = next(self.replies, None)
        if reply is None:
            raise ModelFault("the gold has no more replies", "script_end")
        return reply


def gold_replies(data: BfclData, task: Task) -> Iterator[Message]:
    """Yield the replies of a perfect agent: a turn's calls in one step, then its closing text."""
    prompting = task.payload["mode"] == "prompt"
    form = format_of(task.id) if prompting else None
    if task.domain in MULTI_TURN:
        for turn in multi_turn_calls(data, checker_of(data).classes, task.id):
            yield from (_said(turn, form),) if turn else ()
            yield Message("agent", _CLOSING)
    elif is_agentic(task.domain):
        answers = [data.answer(task.id)[0]] if task.scored else [_CLOSING] * _turns(task)
        yield from (Message("agent", text) for text in answers)
    else:
        calls = _single_turn(data, task, prompting=prompting)
        yield _said(calls, form) if calls else Message("agent", _REFUSAL)


def gold_replay(**options: Any) -> Benchmark:
    """Build BFCL (options as for `benchmark`) whose agent is given the gold instead of a model."""
    played = benchmark(**options)

    def agent(task: Task, trial: int, model: Model) -> Party:
        replies = gold_replies(data_of(Path(task.payload["root"])), task)
        return played.agent(task, trial, GoldModel(replies))

    return replace(played, agent=agent, notes={**played.notes, "scripted": LABEL})


def _single_turn(data: BfclData, task: Task, *, prompting: bool) -> list[Call]:
    if is_relevance(task.domain):
        wanted = [] if "irrelevance" in task.domain else data.functions(task.id)[:1]
        calls: list[Call] = [(doc["name"], {}) for doc in wanted]
    else:
        calls = single_turn_calls(data, task.id, as_text=prompting)
    return calls if prompting else [(name.replace(".", "_"), given) for name, given in calls]


def _said(calls: Sequence[Call], form: Format | None) -> Message:
    if form is not None:
        return Message("agent", write_calls(calls, form))
    made = (ToolCall(f"gold_{i}", name, given) for i, (name, given) in enumerate(calls))
    return Message("agent", calls=tuple(made))


def _turns(task: Task) -> int:
    return len(task.payload["row"]["question"])
