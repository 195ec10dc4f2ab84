"""Tasks as records to draw rollouts from: the first prompt, the tools, the world, the checker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from harness.benchmark import Benchmark
from harness.chat import to_chat
from harness.models.formats import function_of
from harness.models.wire import Dialect, Offer
from harness.protocols import Model
from harness.types import Task
from synth.dataset.facts import facts_of
from synth.dataset.rows import text_of

CHECKER = ("reward_basis", "required", "forbidden", "communicate", "created")


def rl_rows(benchmark: Benchmark, model: Model) -> Iterator[dict[str, Any]]:
    """Yield one record per synthesised task. `model` sits in the agent's seat and is not asked.

    `group` is shared by the twins of one plan; `pass_rate` is empty until somebody measured it.
    """
    for task in benchmark.tasks:
        yield rl_row(benchmark, task, model)


def rl_row(benchmark: Benchmark, task: Task, model: Model) -> dict[str, Any]:
    """Put what a rollout and its checker need into one flat record."""
    payload = task.payload
    system = getattr(benchmark.agent(task, 0, model), "system", "")
    dialect = Dialect(safe_names=False)
    chat = [dialect.line(line, Offer((), "")) for line in to_chat(task.opening, "agent", system)]
    said = payload["queries"][:1] or [payload["scenario"]["subtasks"][0]["text"]]
    tools = benchmark.environment(task, {}).tools("agent", 1)
    checker = {
        "type": "synth.verify",
        "state": payload["plan"]["state_diff"],
        **{name: payload[name] for name in CHECKER},
    }
    return {
        "id": task.id,
        **facts_of(benchmark, task).columns(),
        "state_id": payload["state_id"],
        "mode": payload["mode"],
        "split": payload["split"],
        "messages": text_of([*chat, {"role": "user", "content": said[0]}]),
        "tools": text_of([{"type": "function", "function": function_of(tool)} for tool in tools]),
        "user": text_of({"queries": payload["queries"], "scenario": payload["scenario"]}),
        "checker": text_of(checker),
        "reward_basis": json.dumps(payload["reward_basis"]),
        "group": task.cluster,
        "difficulty": json.dumps(payload["difficulty"]),
        "pass_rate": None,
        "max_steps": benchmark.limits(task).steps,
    }
