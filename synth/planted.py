"""Synthesised plans as verified runs to plant errors into (see `evaluators.judge.quality`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from evaluators.judge.case import GoldCall
from evaluators.judge.quality.bases import Ask, Base, Respond
from harness.faults import ToolFault
from harness.types import Task
from synth.benchmark import random_tasks
from synth.cases import gold_of, package_of, tools_of, where
from synth.world import SqlWorld

SHAPE = {"breadth": 2, "size": 1}
PER_WORLD = 8


def bases(count: int, seed: int = 0) -> Iterator[Base]:
    """Yield up to `count` general tasks with fixed queries, from random worlds of every split."""
    tasks = random_tasks(4 * count, PER_WORLD, "", seed, SHAPE)
    usable = (task for task in tasks if is_usable(task.payload))
    for _, task in zip(range(count), usable, strict=False):
        yield base_of(task)


def is_usable(row: Mapping[str, Any]) -> bool:
    """Say whether a task's queries and the turns of its plan go together."""
    turns = {step["turn"] for step in row["plan"]["steps"]}
    return row["kind"] == "general" and bool(turns) and len(row["queries"]) > max(turns)


def base_of(task: Task) -> Base:
    row = task.payload
    place = json.dumps(where(row))
    package = package_of(place)
    assert package is not None
    calls = gold_of(json.dumps(row["plan"]["steps"]), place)
    turns = [step["turn"] for step in row["plan"]["steps"]]
    asks = tuple(
        Ask(
            text,
            tuple(
                GoldCall(c.name, c.arguments) for c, t in zip(calls, turns, strict=True) if t == n
            ),
        )
        for n, text in enumerate(row["queries"])
    )
    offered = {n: t for n, t in tools_of(package).items() if n in row["tools_offered"]}
    return Base(task.id, offered, asks, opener(task), package.policy)


def opener(task: Task) -> Callable[[], Respond]:
    row = task.payload
    package = package_of(json.dumps(where(row)))
    assert package is not None
    blueprint = package.blueprint(row["state_id"])

    def open_world() -> Respond:
        world = SqlWorld(blueprint, row["tools_offered"])

        def respond(name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
            if name not in world.allowed:
                return json.dumps({"error": f"unknown tool {name}"}), True
            try:
                return world.run(name, arguments), False
            except ToolFault as fault:
                return str(fault), True

        return respond

    return open_world
