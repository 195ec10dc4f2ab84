"""Drills as a benchmark: a training split, and held-out ones at three levels reported apart.

values   chains and words of the training split, values (names, keys) that it never asks about
chains   chains of verbs and nouns that it never asks for
worlds   worlds whose nouns, fields and closed values it never shows; verbs, dates, cities and the
         names of rows are shared
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, overload

from harness.benchmark import Benchmark
from harness.faults import ToolFault, UserMistake
from harness.limits import Limits
from harness.parties import ModelParty, Script
from harness.protocols import Model, Party
from harness.types import Episode, Message, Task, ToolCall, ToolSpec, Verdict
from synth.drills.tasks import Call, Drawer, Drill, resolve
from synth.drills.worlds import STATE, DrillWorld, drill_world
from synth.world import SqlWorld

LEVELS = ("values", "chains", "worlds")
VERSION = "1"
DONE = "Done."
FEWEST = 3
DRAWS = 4
LONGEST = 3


def drills(
    split: str = "test",
    count: int = 100,
    seed: int = 0,
    most_tools: int = 6,
    oracle: bool = False,
    growth: float = 0.0,
) -> Benchmark:
    """Bundle `count` drills: of the training split, or of each held-out level.

    An oracle makes the gold calls itself: that is how training episodes come about. Training
    drills grow over the first `growth` of them: from one call and few tools to all there is.
    """
    if split not in ("train", "test"):
        raise UserMistake(f"drills have no split {split!r}: use train or test")
    levels = ("train",) if split == "train" else LEVELS
    return Benchmark(
        name="drills",
        version=VERSION,
        tasks=DrillTasks(levels, count, seed, (most_tools, growth if split == "train" else 0.0)),
        environment=world_of,
        user=lambda task, trial, model: Script("user", [task.payload["text"]]),
        agent=oracle_agent if oracle else model_agent,
        limits=lambda task: Limits(steps=20),
        replies=lambda task: len(task.payload["calls"]) + 1,
        notes={"split": split, "trainable": split == "train"},
    )


def model_agent(task: Task, trial: int, model: Model) -> Party:
    return ModelParty("agent", model)


def oracle_agent(task: Task, trial: int, model: Model) -> Party:
    return Oracle(task)


class DrillTasks(Sequence[Task]):
    """Tasks made when they are asked for: task i of a level depends on the seed and i alone."""

    def __init__(
        self, levels: Sequence[str], size: int, seed: int, hardness: tuple[int, float]
    ) -> None:
        self.levels, self.size, self.seed = levels, size, seed
        self.most_tools, self.growth = hardness
        self.made: dict[int, Task] = {}

    def __len__(self) -> int:
        return self.size * len(self.levels)

    @overload
    def __getitem__(self, index: int) -> Task: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Task]: ...
    def __getitem__(self, index: int | slice) -> Task | Sequence[Task]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        if index not in self.made:
            level, number = self.levels[index // self.size], index % self.size
            self.made[index] = make_task(level, number, self.seed, self.bounds(number))
        return self.made[index]

    def bounds(self, number: int) -> tuple[int, int]:
        """Return the most tools and the most calls of drill `number`."""
        grown = min(1.0, number / (self.growth * self.size)) if self.growth else 1.0
        tools = round(FEWEST + (self.most_tools - FEWEST) * grown)
        return tools, 1 if grown < 0.4 else 2 if grown < 0.7 else LONGEST


def make_task(level: str, number: int, seed: int, bounds: tuple[int, int]) -> Task:
    """Draw worlds and drills until one belongs to the level and has no more calls than allowed."""
    rng = random.Random(f"{seed} {level} {number}")
    unseen = level == "worlds"
    drill: Drill | None = None
    while drill is None:
        world_seed = rng.randrange(10**8)
        world = drill_world(world_seed, unseen)
        drawn = (Drawer(world, rng).draw() for _ in range(DRAWS))
        fitting = (d for d in drawn if d is not None and len(d.calls) <= bounds[1])
        drill = next((d for d in fitting if belongs(d, level)), None)
    return Task(
        id=f"{level}-{number:06d}",
        benchmark="drills",
        domain=world.package.env_id if level == "train" else level,
        payload={
            "world": world_seed,
            "unseen": unseen,
            "text": drill.text,
            "calls": [{"tool": call.tool, "args": dict(call.args)} for call in drill.calls],
            "offered": offer(world, drill, rng, bounds[0]),
            "chain": drill.chain,
        },
    )


def belongs(drill: Drill, level: str) -> bool:
    if level == "worlds":
        return True
    return drill.unseen_chain == (level == "chains") and (
        level == "chains" or drill.unseen_value == (level == "values")
    )


def offer(world: DrillWorld, drill: Drill, rng: random.Random, most: int) -> list[str]:
    """Choose three to `most` tools: those that are needed among others of the world."""
    needed = list(dict.fromkeys(call.tool for call in drill.calls))
    others = [r.spec.name for r in world.package.records if r.spec.name not in needed]
    extra = max(0, rng.randint(FEWEST, most) - len(needed))
    offered = needed + rng.sample(others, min(extra, len(others)))
    rng.shuffle(offered)
    return offered


def world_of(task: Task, past: Mapping[str, Any]) -> SqlWorld:
    world = drill_world(task.payload["world"], task.payload["unseen"])
    return SqlWorld(world.package.blueprint(STATE), task.payload["offered"], past)


def gold_of(task: Task) -> list[Call]:
    return [Call(call["tool"], call["args"]) for call in task.payload["calls"]]


class Oracle:
    """Make the gold calls one by one, each from what the earlier ones returned, then say so."""

    system = ""

    def __init__(self, task: Task) -> None:
        self.calls = gold_of(task)

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        results = [json.loads(line.text) for line in log if line.author == "tool"]
        if len(results) == len(self.calls):
            return Message("agent", DONE)
        call = self.calls[len(results)]
        made = ToolCall(f"call_{len(log)}_0", call.tool, resolve(call, results))
        return Message("agent", calls=(made,))


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
