"""What the loop costs, store and scoring included: short episodes, long ones, and memory.

The model runs in this process and does nothing but count, so that what is left is the harness:
runner, `run_episode`, parties, tool answers, evaluator, journals.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.bench.meter import Meter, peak_rss_mib
from harness.benchmark import Benchmark
from harness.limits import Limits
from harness.outcomes import Outcome
from harness.parties import ModelParty, Script
from harness.runner import Job, Runner
from harness.store import RunStore
from harness.types import Episode, Message, Role, Task, ToolCall, ToolSpec, Verdict

LIMIT_SHORT_MS, LIMIT_LONG_MS, LIMIT_RSS_MIB = 0.3, 0.5, 150
COUNT = ToolSpec(
    "count",
    "Count one further.",
    {"type": "object", "properties": {"by": {"type": "integer"}}, "required": ["by"]},
)


class Counter:
    """A world with one number in it."""

    def __init__(self) -> None:
        self.number = 0
        self.offered = (COUNT,)

    def tools(self, role: Role, turn: int) -> Sequence[ToolSpec]:
        return self.offered if role == "agent" else ()

    async def call(self, role: Role, call: ToolCall) -> str:
        self.number += call.arguments["by"]
        return str(self.number)

    def state(self) -> Mapping[str, Any]:
        return {"number": self.number}


class CountingModel:
    """Call the tool until the world has counted to `goal`, then say so: `goal` + 1 model calls."""

    def __init__(self, goal: int) -> None:
        self.goal = goal

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message:
        last = chat[-1]
        if last["role"] == "tool" and int(last["content"]) >= self.goal:
            return Message("agent", "done", finish="stop")
        call = ToolCall(f"call_{len(chat)}", "count", {"by": 1})
        return Message("agent", calls=(call,), finish="tool")


async def judge(task: Task, episode: Episode) -> Verdict:
    """Pass an episode that counted to its goal."""
    passed = episode.state["number"] == task.payload["goal"]
    return Verdict(float(passed), passed)


def make_job(episodes: int, goal: int) -> Job:
    """Build `episodes` tasks of `goal` tool calls each."""
    tasks = [Task(f"t{number}", "bench", {"goal": goal}) for number in range(episodes)]
    benchmark = Benchmark(
        "bench",
        "1",
        tasks,
        environment=lambda task, past: Counter(),
        user=lambda task, trial, model: Script("user", ["Count, please."]),
        agent=lambda task, trial, model: ModelParty("agent", model, "You can count."),
        limits=lambda task: Limits(steps=None),
    )
    return Job(benchmark, judge, CountingModel(goal))


def play(episodes: int, goal: int) -> dict[str, Any]:
    """Run a job into a store of its own and return its costs, per model call as well.

    `growth_mib` is how far the peak of memory rose after the first fifth of the episodes.
    """
    passed, early = 0, 0.0

    def watch(outcome: Outcome) -> None:
        nonlocal passed, early
        passed += outcome.status == "pass"
        if passed == episodes // 5:
            early = peak_rss_mib()

    with tempfile.TemporaryDirectory() as folder:
        job = make_job(episodes, goal)
        store = RunStore(Path(folder) / "run", {"bench": "loop"})
        meter = Meter()
        asyncio.run(Runner(job, store, watch).run())
        cost = meter.read()
        store.close()
    if passed != episodes:
        raise RuntimeError(f"{episodes - passed} of {episodes} episodes did not pass")
    calls = episodes * (goal + 1)
    per_call = round(1000 * cost["cpu_s"] / calls, 4)
    growth = round(max(0.0, peak_rss_mib() - early), 1)
    counts = {"episodes": episodes, "model_calls": calls, "cpu_ms_per_call": per_call}
    return {**counts, **cost, "growth_mib": growth}


def run(argv: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the cost of short and of long episodes, and what finished episodes leave behind."""
    parser = argparse.ArgumentParser(prog="python -m harness.bench loop")
    parser.add_argument("--episodes", type=int, default=1000, help="episodes of two model calls")
    parser.add_argument("--long_calls", type=int, default=300, help="model calls of a long one")
    options = parser.parse_args(argv)
    play(50, 1)
    yield {"case": "two_calls", "limit": LIMIT_SHORT_MS, **play(options.episodes, 1)}
    yield {"case": "memory", "limit": LIMIT_RSS_MIB, **play(10 * options.episodes, 1)}
    third = play(30, max(1, options.long_calls // 3 - 1))["cpu_ms_per_call"]
    whole = play(10, options.long_calls - 1)
    ratio = round(whole["cpu_ms_per_call"] / third, 3)  # 1 is linear, 3 is quadratic
    yield {"case": "long", "limit": LIMIT_LONG_MS, "ratio_to_a_third": ratio, **whole}
