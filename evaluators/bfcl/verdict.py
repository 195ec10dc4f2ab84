"""The one evaluator of BFCL: every category, with the checkers that parity is proved on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaluators.bfcl.categories import MULTI_TURN, is_agentic
from evaluators.bfcl.data import BfclData
from evaluators.bfcl.multi_turn import Finding, checker_of
from evaluators.bfcl.single_turn import Kind
from evaluators.bfcl.single_turn import judge as judge_answer
from evaluators.bfcl.tasks import data_of
from evaluators.bfcl.worlds import Call, carried_out
from harness.types import Category, Episode, Message, Task, Verdict

_NO_RESULT = frozenset({"agent_error", "invalid_agent_message", "timeout", "env_error"})


class BfclEvaluator:
    """Judge an episode by the rule of its category. BFCL needs no judge model."""

    def __init__(self, judge: Any = None) -> None:
        self.judge = judge

    async def __call__(self, task: Task, episode: Episode) -> Verdict:
        """Return reward 1.0 or 0.0; `parts` holds `error_type` and, where known, `error_turn`."""
        return to_verdict(judge(data_of(Path(task.payload["root"])), task, episode))


def judge(data: BfclData, task: Task, episode: Episode) -> Finding:
    """Apply the official rule. An agent that gave no usable reply fails: `…inference_error`."""
    said = episode.log[len(task.opening) :]
    prompting = task.payload["mode"] == "prompt"
    if task.domain in MULTI_TURN:
        if episode.end in _NO_RESULT:
            return Finding("multi_turn:inference_error")
        turns = executed_turns(said, prompting=prompting)
        return checker_of(data).check(task.id, turns)
    if is_agentic(task.domain):
        _, error = judge_answer(task.id, [recorded_steps(said)], "fc", data)
        return Finding(error if episode.end not in _NO_RESULT else "agentic:inference_error")
    reply = next((message for message in said if message.author == "agent"), None)
    if reply is None or episode.end in _NO_RESULT:
        return Finding("inference_error")
    prediction, kind = answer_of(reply, prompting=prompting)
    _, error = judge_answer(task.id, prediction, kind, data, underscore_to_dot=not prompting)
    return Finding(error)


def answer_of(reply: Message, *, prompting: bool) -> tuple[Any, Kind]:
    """Return a single-turn reply as the official result it would have been, and its kind."""
    if not reply.calls:
        return reply.text, "text" if prompting else "fc"
    if all(call.raw is None for call in reply.calls):
        return [{call.name: dict(call.arguments)} for call in reply.calls], "decoded"
    texts = (
        (c.name, json.dumps(dict(c.arguments)) if c.raw is None else c.raw) for c in reply.calls
    )
    return [{name: text} for name, text in texts], "fc"


def executed_turns(said: Sequence[Message], *, prompting: bool) -> list[list[list[Call]]]:
    """Return the batches of calls that ran, turn by turn."""
    turns: list[list[list[Call]]] = []
    for message in said:
        if message.author == "user" and not message.stop:
            turns.append([])
        elif message.author == "agent" and message.calls:
            turns[-1].append([carried_out(call, from_text=prompting) for call in message.calls])
    return turns


def recorded_steps(said: Sequence[Message]) -> list[Any]:
    """Return the agent's replies as the official result holds them: call lists and texts."""
    return [
        [{call.name: dict(call.arguments)} for call in message.calls] or message.text
        for message in said
        if message.author == "agent"
    ]


def to_verdict(finding: Finding) -> Verdict:
    """Turn a finding into a verdict; the error type is also its category."""
    if finding.error_type is None:
        return Verdict(1.0, True)
    parts: dict[str, Any] = {"error_type": finding.error_type}
    if finding.turn is not None:
        parts["error_turn"] = finding.turn
    return Verdict(0.0, False, parts, (Category(finding.error_type),))
