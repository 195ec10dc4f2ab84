"""tau-bench v1 as a benchmark of the harness: its tasks, worlds, users and limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from evaluators.tau2.history import STOP_TEXTS
from evaluators.tau2.parties import Checked
from evaluators.tau2.scripted_user import LABEL, ScriptedUser
from evaluators.tau2.v1 import source
from evaluators.tau2.v1.airline import AirlineV1
from evaluators.tau2.v1.parties import Greeted, OneAtATime
from evaluators.tau2.v1.retail import RetailV1
from evaluators.tau2.v1.toolkit import TRANSFER, V1Toolkit, V1World
from evaluators.tau2.worlds.store import Base, Store
from harness.benchmark import Benchmark
from harness.faults import UserMistake
from harness.limits import Limits
from harness.parties import ModelParty
from harness.protocols import Model, Party
from harness.types import Task, ToolSpec

NAME = "tau_bench"
KITS: Mapping[str, type[V1Toolkit]] = {"airline": AirlineV1, "retail": RetailV1}
USERS = ("llm", "scripted")


@dataclass(frozen=True, eq=False)
class V1Domain:
    """A domain's parsed data, shared by all its worlds."""

    name: str
    base: Base
    specs: tuple[ToolSpec, ...]
    policy: str

    def world(self) -> V1World:
        """Build a fresh world in microseconds."""
        return V1World(KITS[self.name](Store(self.base)), self.specs)

    def gold(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the change of the database that a task's actions make; a transfer makes none."""
        world = self.world()
        for action in row["actions"]:
            if action["name"] != TRANSFER:
                world.respond("agent", action["name"], action["kwargs"])
        return dict(world.state())


@lru_cache(maxsize=8)
def domain(name: str, root: Path) -> V1Domain:
    """Read a domain once per process; raises UserMistake where a tool is not known here."""
    specs = tuple(source.read_tools(root, name))
    if unknown := {spec.name for spec in specs} - KITS[name].declared.keys():
        raise UserMistake(f"tau-bench {name} has unknown tools {sorted(unknown)}: other revision?")
    data = source.read_data(root, name)
    return V1Domain(name, Base(data), specs, source.read_policy(root, name))


def benchmark(
    domains: Sequence[str] = ("airline", "retail"),
    split: str = "test",
    user: str = "llm",
    *,
    folder: str | None = None,
    max_actions: int = 30,
) -> Benchmark:
    """Build tau-bench v1: a split of each domain, against one kind of user.

    `folder` is a local copy of the repository in its own layout, else the pack is used.
    `max_actions`: an agent that has not ended by then has failed. Its tasks are known to hold
    errors that tau2 repairs: for comparisons with published v1 figures only.
    """
    if user not in USERS:
        raise UserMistake(f"unknown tau-bench user {user!r}: choose among {', '.join(USERS)}")
    if strange := sorted(set(domains) - KITS.keys()):
        raise UserMistake(
            f"unknown tau-bench domain {strange[0]!r}: choose among {', '.join(KITS)}"
        )
    found = source.pack(folder)
    root, setup = found.root, Setup(found.root, user, max_actions)
    return Benchmark(
        name=NAME,
        version=found.spec.version,
        tasks=[task for name in domains for task in load_tasks(root, name, split)],
        environment=lambda task, past: domain(task.domain, root).world(),
        user=setup.make_user,
        agent=setup.make_agent,
        limits=lambda task: Limits(steps=None, errors=None),
        data_sha256={
            path: sha
            for name in domains
            for path, sha in source.used_files(found, name, split).items()
        },
        notes={
            "split": split,
            "trainable": split != "test",
            "grading": f"tau-bench {found.spec.version}",
            "reward_basis": "database and outputs",
            **({"user": LABEL} if user == "scripted" else {"mode": user}),
        },
    )


def load_tasks(root: Path, name: str, split: str) -> list[Task]:
    """Return a split's tasks, numbered as officially."""
    rows = source.read_tasks(root, name, split)
    front = name if split == "test" else f"{name}-{split}"
    return [Task(f"{front}/{n}", NAME, row, domain=name) for n, row in enumerate(rows)]


@dataclass(frozen=True)
class Setup:
    """How episodes are played."""

    root: Path
    user: str
    max_actions: int

    def make_agent(self, task: Task, trial: int, model: Model) -> Party:
        """Put a model in the agent's seat; the policy is its whole system text."""
        party = ModelParty("agent", model, domain(task.domain, self.root).policy)
        return OneAtATime(Checked(party, "agent"), self.max_actions)

    def make_user(self, task: Task, trial: int, model: Model | None) -> Party:
        """Put the chosen kind of user in its seat."""
        instruction = task.payload["instruction"]
        if self.user == "scripted":
            return ScriptedUser({"user_scenario": {"instructions": instruction}})
        if model is None:
            raise UserMistake(
                "tau-bench's user is a model: set model@user_model=…, or "
                "benchmark.tau_bench.build.user=scripted"
            )
        told = f"\n\nInstruction: {instruction}\n"
        system = source.user_template(self.root).replace("{instruction_display}", told)
        return Checked(Greeted(ModelParty("user", model, system, STOP_TEXTS[:1])), "user")
