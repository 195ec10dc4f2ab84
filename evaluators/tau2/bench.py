"""Speed of tau2 without models: gold actions played through the loop, scored, per CPU-second.

`run(argv)` yields one dict per measurement; targets stand beside the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evaluators.tau2.benchmark import world_of
from evaluators.tau2.gold import gold_parties
from evaluators.tau2.tasks import load_tasks
from evaluators.tau2.verdict import Tau2Evaluator
from evaluators.tau2.worlds.domain import domain_of
from harness.bench.meter import Meter, peak_rss_mib
from harness.episode import run_episode
from harness.parties import Script
from harness.types import Message, Task, ToolSpec

TARGETS = {"airline": 200, "retail": 200, "telecom": 400}  # tasks per CPU-second
WORLD_MS, CROWD, CROWD_MIB = 2.0, 500, 600


class Yes:
    """A judge that finds every assertion met; it reads only how many there are."""

    def __init__(self, count: int) -> None:
        self.reply = json.dumps({"results": [{"metExpectation": True}] * count})

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message:
        return Message("agent", self.reply)


class Waiting:
    """Plays a script, but says its last line only when everybody has got that far."""

    system = ""

    def __init__(self, script: Script, barrier: asyncio.Barrier) -> None:
        self.script = script
        self.barrier = barrier

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        message = await self.script.reply(log, tools)
        if not message.calls and message.text.startswith("All done."):
            await self.barrier.wait()
        return message


async def play(task: Task, barrier: asyncio.Barrier | None = None) -> float:
    """Play one task's gold actions and score the episode."""
    agent, user = gold_parties(task)
    seat = agent if barrier is None else Waiting(agent, barrier)
    episode = await run_episode(task, world_of(task), seat, user)
    criteria = task.payload.get("evaluation_criteria") or {}
    judge = Yes(len(criteria.get("nl_assertions") or ()))
    return (await Tau2Evaluator(judge)(task, episode)).reward


async def play_all(tasks: Sequence[Task]) -> float:
    return sum([await play(task) for task in tasks])


async def play_crowd(tasks: Sequence[Task], size: int) -> float:
    """Play `size` episodes at once, all alive together before the first one ends."""
    barrier = asyncio.Barrier(size)
    crowd = (play(tasks[number % len(tasks)], barrier) for number in range(size))
    return sum(await asyncio.gather(*crowd))


def throughput(name: str, repeats: int) -> dict[str, Any]:
    """Play a domain's base split `repeats` times after one warm-up."""
    tasks = load_tasks(name)
    rewards = asyncio.run(play_all(tasks))
    meter = Meter()
    for _ in range(repeats):
        asyncio.run(play_all(tasks))
    figures = meter.read()
    return {
        "what": f"{name}: gold episodes, scored",
        "tasks_per_cpu_s": round(repeats * len(tasks) / figures["cpu_s"], 1),
        "target": TARGETS.get(name),
        "gold_reward": rewards / len(tasks),
        **figures,
    }


def construction(name: str) -> dict[str, Any]:
    """Build the world of every task of a domain, data already read."""
    tasks = load_tasks(name)
    domain_of(tasks[0])
    meter = Meter()
    for task in tasks:
        world_of(task)
    figures = meter.read()
    mean_ms = 1000 * figures["cpu_s"] / len(tasks)
    return {"what": f"{name}: world construction", "ms": round(mean_ms, 4), "target": WORLD_MS}


def crowd(name: str, size: int) -> dict[str, Any]:
    """Measure memory with `size` episodes alive at once."""
    rewards = asyncio.run(play_crowd(load_tasks(name), size))
    return {
        "what": f"{name}: {size} episodes at once",
        "peak_rss_mib": round(peak_rss_mib(), 1),
        "target": CROWD_MIB,
        "gold_reward": rewards / size,
    }


def run(argv: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Measure memory first (the peak only grows), then construction and throughput."""
    parser = argparse.ArgumentParser(prog="bench tau2", description=__doc__)
    parser.add_argument("--domains", nargs="+", default=list(TARGETS))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--crowd", type=int, default=CROWD)
    options = parser.parse_args(argv)
    yield crowd(options.domains[0], options.crowd)
    for name in options.domains:
        yield construction(name)
        yield throughput(name, options.repeats)
