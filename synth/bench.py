"""Speed of synthesis without a model: worlds, tool calls in both languages, graphs, tasks, mutants.

`run(argv)` yields one dict per measurement, in CPU time of one core; limits stand beside.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.bench.meter import Meter
from harness.types import Task, ToolCall
from synth.generate import Maker
from synth.graph import build_graph
from synth.mutation import mutation_test
from synth.package import load_package, save_package
from synth.random import random_world
from synth.sandbox.bench import measure
from synth.survey import Survey, Touch
from synth.views import View
from synth.witness import confirmed_share
from synth.world import SqlWorld

OPEN_MS, LOAD_MS, WORLD_MS, GRAPH_S = 2.0, 20.0, 50.0, 5.0
CALLS_PER_S, TASKS_PER_S, KILL_RATE = 30_000, 150, 0.95
TASKS = 20


def run(argv: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield every measurement; sizes are options."""
    parser = argparse.ArgumentParser(prog="python -m harness.bench synth")
    parser.add_argument("--worlds", type=int, default=50, help="random worlds")
    parser.add_argument("--tools", type=int, default=2000, help="tools of the one big graph")
    parser.add_argument("--mutated", type=int, default=100, help="tasks to mutate")
    parser.add_argument("--sandboxed", type=int, default=50, help="worlds with tools in Python")
    options = parser.parse_args(argv)
    random_world(0)
    yield opening(options.worlds)
    yield calling(20_000)
    yield from measure(options.sandboxed, 40 * options.sandboxed)
    yield joining(options.tools)
    yield witnessing(max(1, options.worlds // 3))
    yield making(options.worlds)
    yield mutating(options.mutated)


def opening(worlds: int) -> dict[str, Any]:
    """Measure loading a stored package and opening a world of it."""
    with tempfile.TemporaryDirectory() as folder:
        stored = [save_package(random_world(seed), Path(folder)) for seed in range(worlds)]
        meter = Meter()
        packages = [load_package(path) for path in stored]
        load = meter.read()["cpu_s"]
        blueprints = [package.blueprint("s00000") for package in packages]
        meter = Meter()
        for blueprint in blueprints * 20:
            SqlWorld(blueprint)
        cost = meter.read()
    opened = 1000 * cost["cpu_s"] / (20 * worlds)
    loaded = 1000 * load / worlds
    return {"case": "open_world", "limit_ms": OPEN_MS, "ms": round(opened, 4), "load_ms": loaded}


def calling(calls: int) -> dict[str, Any]:
    """Measure tool calls through Environment.call: reads and writes by turns."""
    package = random_world(0)
    world = SqlWorld(package.blueprint("s00000"))
    find = next(r for r in package.records if r.annotations["archetype"] == "find")
    update = next(r for r in package.records if r.annotations["archetype"] == "update")
    table = str(update.annotations["entity"])
    key = next(p for p, c in update.annotations["params"].items() if c == f"{table}.id")
    number = next(
        p for p, s in update.spec.parameters["properties"].items() if s["type"] == "number"
    )
    rows = [row[0] for row in package.states["s00000"][table]]

    async def play() -> None:
        for i in range(calls // 2):
            await world.call("agent", ToolCall("r", find.spec.name, {}))
            args = {key: rows[i % len(rows)], number: float(i)}
            await world.call("agent", ToolCall("w", update.spec.name, args))

    meter = Meter()
    asyncio.run(play())
    cost = meter.read()
    rate = round(calls / cost["cpu_s"])
    return {"case": "calls", "limit_per_s": CALLS_PER_S, "per_s": rate, **cost}


def joining(tools: int) -> dict[str, Any]:
    """Measure the candidate graph of many tools: several worlds side by side in one."""
    views: dict[str, View] = {}
    touches: dict[str, Touch] = {}
    meter = Meter()
    seed = 0
    while len(views) < tools:
        survey = Survey(random_world(seed))
        for name, view in survey.views.items():
            views[f"e{seed}_{name}"] = renamed(view, f"e{seed}_")
        for name, touch in survey.touches.items():
            parts = (touch.guards, touch.reads, touch.writes)
            touches[f"e{seed}_{name}"] = Touch(
                *(frozenset(f"e{seed}_{column}" for column in part) for part in parts)
            )
        seed += 1
    graph = build_graph(views, touches)
    counts = {"tools": len(views), "edges": len(graph.edges), "cycles": len(graph.cycles)}
    return {"case": "graph", "limit_s": GRAPH_S, **counts, **meter.read()}


def renamed(view: View, prefix: str) -> View:
    """Put a view's tool and columns into a namespace."""
    return replace(
        view,
        name=prefix + view.name,
        entity=prefix + view.entity,
        params=tuple(replace(p, column=p.column and prefix + p.column) for p in view.params),
        outputs={path: prefix + column for path, column in view.outputs.items()},
        keys=frozenset(prefix + key for key in view.keys),
    )


def witnessing(worlds: int) -> dict[str, Any]:
    """Measure how many edges a second executions confirm or refute."""
    meter = Meter()
    sampled = confirmed = 0
    for seed in range(worlds):
        maker = Maker(random_world(seed))
        report = confirmed_share(maker.survey, maker.graph, random.Random(seed))
        sampled += report["sampled"]
        confirmed += sum(kind["confirmed"] for kind in report["kinds"].values())
    cost = meter.read()
    share = round(confirmed / max(1, sampled), 4)
    return {"case": "witnesses", "sampled": sampled, "confirmed_share": share, **cost}


def making(worlds: int) -> dict[str, Any]:
    """Measure fresh random worlds with their verified tasks."""
    meter = Meter()
    tasks = [task for seed in range(worlds) for task in Maker(random_world(seed)).tasks(TASKS)]
    cost = meter.read()
    kinds: dict[str, int] = {}
    for task in tasks:
        kinds[task.domain] = kinds.get(task.domain, 0) + 1
    return {
        "case": "tasks",
        "limit_ms_per_world": WORLD_MS,
        "ms_per_world": round(1000 * cost["cpu_s"] / worlds, 2),
        "limit_per_s": TASKS_PER_S,
        "per_s": round(len(tasks) / cost["cpu_s"], 1),
        "tasks": len(tasks),
        "distinct": len({task.id for task in tasks}),
        "kinds": kinds,
        **cost,
    }


def mutating(count: int) -> dict[str, Any]:
    """Measure the verifier: how many mutants of reference episodes it kills."""
    pairs: list[tuple[Task, Survey]] = []
    seed = 0
    while len(pairs) < count:
        maker = Maker(random_world(seed))
        pairs += [(task, maker.survey) for task in maker.tasks(TASKS)]
        seed += 1
    meter = Meter()
    score = asyncio.run(mutation_test(pairs[:count], random.Random(0)))
    found: Mapping[str, Any] = score.to_json()
    return {"case": "mutants", "limit_kill_rate": KILL_RATE, **found, **meter.read()}
