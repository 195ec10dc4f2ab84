"""Drills as a benchmark: a training split, and held-out ones at three levels reported apart."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from harness.benchmark import Benchmark
from harness.faults import ToolFault, UserMistake
from harness.limits import Limits
from harness.parties import ModelParty, Script
from harness.protocols import Model, Party
from harness.types import Episode, Task, Verdict
from synth.drills.levels import LEVELS, DrillTasks, Split
from synth.drills.oracle import Careless, Oracle, gold_of, require_slip
from synth.drills.tasks import resolve
from synth.drills.worlds import STATE, Place, drill_world
from synth.world import SqlWorld

VERSION = "3"


def drills(
    split: str = "test",
    count: int = 100,
    seed: int = 0,
    oracle: bool = False,
    slip: float = 0.0,
    **shape: Any,
) -> Benchmark:
    """Bundle `count` drills: of the training split, or of each held-out level.

    An oracle makes the gold calls itself: that is how training episodes come about; `slip` is the
    share of them at which it goes wrong (`Careless`). `shape` are the fields of `Split`; both
    splits must be given the same number of homes.
    """
    if split not in ("train", "test"):
        raise UserMistake(f"drills have no split {split!r}: use train or test")
    require_slip(slip, oracle)
    levels = ("train",) if split == "train" else LEVELS
    return Benchmark(
        name="drills",
        version=VERSION,
        tasks=DrillTasks(levels, count, seed, Split(**shape)),
        environment=world_of,
        user=lambda task, trial, model: Script("user", [task.payload["text"]]),
        agent=oracle_agent(slip) if oracle else model_agent,
        limits=lambda task: Limits(steps=20),
        replies=lambda task: len(task.payload["calls"]) + 1,
        notes={"split": split, "trainable": split == "train"},
    )


def model_agent(task: Task, trial: int, model: Model) -> Party:
    return ModelParty("agent", model)


def oracle_agent(slip: float) -> Callable[[Task, int, Model], Party]:
    """Seat the oracle, or a careless one."""

    def seat(task: Task, trial: int, model: Model) -> Party:
        oracle = Oracle(task)
        return Careless(oracle, task, task.payload["text"], slip) if slip else oracle

    return seat


def world_of(task: Task, past: Mapping[str, Any]) -> SqlWorld:
    world = drill_world(Place(**task.payload["place"]))
    return SqlWorld(world.package.blueprint(STATE), task.payload["offered"], past)


class DrillEvaluator:
    """Compare the world with what the gold calls make of it; a drill that only reads must make
    its last call."""

    def __init__(self, judge: object = None) -> None:
        pass

    async def __call__(self, task: Task, episode: Episode) -> Verdict:
        state, last = expected(json.dumps(task.payload, default=dict, sort_keys=True))
        right_state = json.dumps(episode.state, sort_keys=True) == state
        made = [c for m in episode.log if m.author == "agent" for c in m.calls if c.raw is None]
        read = state != "{}" or any(
            c.name == last[0] and same(c.arguments, json.loads(last[1])) for c in made
        )
        passed = right_state and read
        parts = {"state": right_state, "read": read}
        return Verdict(float(passed), passed, parts)


def same(arguments: Mapping[str, Any], gold: Mapping[str, Any]) -> bool:
    return json.dumps(arguments, sort_keys=True) == json.dumps(gold, sort_keys=True)


@lru_cache(maxsize=4096)
def expected(payload: str) -> tuple[str, tuple[str, str]]:
    """Replay the gold calls in a fresh world: its change, and the last call."""
    task = Task("gold", "drills", json.loads(payload))
    world, results = world_of(task, {}), list[Any]()
    name, args = "", dict[str, Any]()
    for call in gold_of(task):
        name, args = call.tool, resolve(call, results)
        try:
            results.append(json.loads(world.run(name, args)))
        except ToolFault as fault:
            raise RuntimeError(f"a gold call was refused: {fault}") from None
    return json.dumps(world.state(), sort_keys=True), (name, json.dumps(args))
