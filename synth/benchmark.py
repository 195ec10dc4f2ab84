"""Synthesised tasks as a benchmark: from a folder, or made on the fly in random worlds."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.benchmark import Benchmark
from harness.faults import UserMistake
from harness.limits import Limits
from harness.parties import ModelParty, Script
from harness.protocols import Model, Party
from harness.seeds import seed_for
from harness.types import Task
from synth.agents import Idle, Oracle, Refuser
from synth.generate import Maker, Wishes
from synth.package import EnvPackage, load_package
from synth.random import random_world
from synth.tasks import GENERATOR, NAME, load_tasks
from synth.users import LABEL, STOP_TEXT, ScriptedUser, brief
from synth.world import SqlWorld

TASKS_FILE = "tasks.jsonl"
SPLITS = ("train", "valid", "test")
USERS = ("scripted", "llm")
AGENTS = ("model", "oracle", "noisy", "idle", "refuser")
NOISE = 0.3
STEPS, ERRORS = 120, 10
INSTRUCTIONS = (
    "You are an agent who serves a user. Work with the tools; they alone show and change the data. "
    "Ask the user for what you need and cannot look up. Do what the user asks, all of it and "
    "nothing else. Answer questions with what the tools show. Where something cannot be done, say "
    "so and why. Follow this policy:"
)


@dataclass
class Stage:
    """Plays tasks: opens their worlds and seats their parties."""

    root: Path | None
    user: str
    agent: str
    seed: int
    folders: Mapping[str, Path] = field(default_factory=dict)

    def world(self, task: Task, past: Mapping[str, Any]) -> SqlWorld:
        """Open a fresh world with the tools that the task offers."""
        package = self.package(task)
        blueprint = package.blueprint(task.payload["state_id"])
        return SqlWorld(blueprint, task.payload["tools_offered"], past or None)

    def package(self, task: Task) -> EnvPackage:
        env = task.payload["env"]
        if self.root is not None:
            return package_in(self.root / "envs" / env["env_id"] / env["hash"])
        return world_of(**{k: env["generator"][k] for k in ("seed", "breadth", "states", "size")})

    def make_user(self, task: Task, trial: int, model: Model | None) -> Party:
        """Seat the user: a script of queries, the scenario's rules, or a model."""
        if task.payload["queries"]:
            return Script("user", task.payload["queries"])
        if self.user == "scripted":
            return ScriptedUser(task.payload["scenario"])
        if model is None:
            raise UserMistake(
                "the user is a model: set model@user_model=…, or "
                "benchmark.synthesized.build.user=scripted"
            )
        return ModelParty("user", model, brief(task.payload["scenario"]), (STOP_TEXT,))

    def make_agent(self, task: Task, trial: int, model: Model) -> Party:
        """Seat the agent: the model, or one without a model."""
        if self.agent == "model":
            policy = self.package(task).policy
            return ModelParty("agent", model, f"{INSTRUCTIONS}\n\n{policy}".strip())
        if self.agent == "idle":
            return Idle()
        if self.agent == "refuser":
            return Refuser()
        rng = random.Random(seed_for(self.seed, task.id, trial))
        noise = NOISE if self.agent == "noisy" else 0.0
        return Oracle(task.payload, rng, noise=noise, parallel=rng.random() < 0.5)


def benchmark(
    path: str | None = None,
    worlds: int = 20,
    tasks_per_world: int = 10,
    split: str = "test",
    seed: int = 0,
    *,
    user: str = "scripted",
    agent: str = "model",
    breadth: int = 2,
    size: int = 1,
    **wishes: Any,
) -> Benchmark:
    """Build the benchmark: the tasks of a folder, or of `worlds` random worlds of a split.

    A folder holds `tasks.jsonl` and the packages below `envs/`. `split` keeps whole worlds apart
    ("" takes all). `agent` replaces the model by an oracle, a noisy one or one that does nothing.
    `breadth` and `size` shape random worlds, `wishes` are fields of `Wishes`.
    """
    for name, value, known in (("user", user, USERS), ("agent", agent, AGENTS)):
        if value not in known:
            raise UserMistake(f"unknown {name} {value!r}: choose among {', '.join(known)}")
    if split and split not in SPLITS:
        raise UserMistake(f"unknown split {split!r}: choose among {', '.join(SPLITS)}")
    root = Path(path) if path else None
    if root is not None:
        tasks = [t for t in load_tasks(root / TASKS_FILE) if split in ("", t.payload["split"])]
    else:
        shape = {"breadth": breadth, "size": size}
        tasks = list(random_tasks(worlds, tasks_per_world, split, seed, shape, **wishes))
    stage = Stage(root, user, agent, seed)
    return Benchmark(
        name=NAME,
        version=str(GENERATOR["version"]),
        tasks=tasks,
        environment=stage.world,
        user=stage.make_user,
        agent=stage.make_agent,
        limits=lambda task: Limits(steps=STEPS, errors=ERRORS),
        data_sha256={"tasks": fingerprint(tasks)},
        notes={
            "split": split or "all",
            "trainable": split == "train",
            "reward_basis": "of each task",
            "worlds": len({task.payload["env"]["env_id"] for task in tasks}),
            **({"user": LABEL} if user == "scripted" else {}),
            **({"agent": f"{agent}: no model"} if agent != "model" else {}),
        },
    )


def random_tasks(
    worlds: int,
    tasks_per_world: int,
    split: str,
    seed: int,
    shape: Mapping[str, int],
    **wishes: Any,
) -> Iterator[Task]:
    """Yield tasks of the first `worlds` random worlds of a split, streamed by seed."""
    chosen = Wishes(**wishes)
    for number in world_seeds(worlds, split, seed):
        package = world_of(seed=number, states=2, **shape)
        yield from Maker(package, seed, split_of(number), chosen).tasks(tasks_per_world)


def world_seeds(worlds: int, split: str, seed: int) -> Iterator[int]:
    """Yield the seeds of a split's worlds; streams of different seeds do not meet."""
    number = seed * 1_000_000
    while worlds > 0:
        if split in ("", split_of(number)):
            worlds -= 1
            yield number
        number += 1


def split_of(world_seed: int) -> str:
    """Say which split a random world belongs to: 80 % train, 10 % valid, 10 % test."""
    digit = hashlib.sha256(f"split {world_seed}".encode()).digest()[0] % 10
    return SPLITS[max(0, digit - 7)]


@lru_cache(maxsize=64)
def world_of(seed: int, breadth: int, states: int, size: int) -> EnvPackage:
    return random_world(seed, breadth, states, size)


@lru_cache(maxsize=64)
def package_in(folder: Path) -> EnvPackage:
    return load_package(folder)


def fingerprint(tasks: Sequence[Task]) -> str:
    """Return the sha256 over all task ids, which are hashes of the tasks' content."""
    return hashlib.sha256("\n".join(task.id for task in tasks).encode()).hexdigest()
