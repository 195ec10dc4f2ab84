"""Domains by name: data read once per process, worlds built from it in microseconds.

A domain's module offers `load(folder, options) -> Domain`. It is imported when first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from evaluators.tau2.pack import read_json, root
from evaluators.tau2.worlds.world import Specs, World
from harness.faults import UserMistake
from harness.types import Task, ToolSpec

MODULES: Mapping[str, str] = {
    "airline": "airline",
    "retail": "retail",
    "mock": "mock",
    "telecom": "telecom",
    "banking_knowledge": "banking",
}


Row = Mapping[str, Any]  # a task as the official task file has it


@dataclass(frozen=True, eq=False)
class Domain:
    """A domain's data. `new(row, solo)` builds the bare world of a task in microseconds.

    `policy(solo)` is the text of the agent's policy; `solo` says whether that mode exists.
    """

    name: str
    new: Callable[[Row, bool], World]
    policy: Callable[[bool], str]
    solo: bool = False

    def world(self, row: Row, *, solo: bool = False) -> World:
        """Build the world of a task, its initial data and actions applied."""
        return self.bare(row, solo).initialise(row.get("initial_state"))

    def restored(self, row: Row, delta: Mapping[str, Any]) -> World:
        """Rebuild the world that an episode left behind from its state delta."""
        return self.bare(row, False).load(row.get("initial_state")).restore(delta)

    def bare(self, row: Row, solo: bool) -> World:
        """Build a task's world before its initial data and actions."""
        if solo and not self.solo:
            raise UserMistake(f"the {self.name} domain has no solo mode")
        world = self.new(row, solo)
        if row.get("user_tools") is not None:
            world.offer_user_only(row["user_tools"])
        return world


def domain(name: str, **options: str) -> Domain:
    """Return the domain called `name`, its data read once per process and pack."""
    return _domain(name, root(), tuple(sorted(options.items())))


@lru_cache(maxsize=32)
def _domain(name: str, folder: Path, options: tuple[tuple[str, str], ...]) -> Domain:
    if name not in MODULES:
        raise UserMistake(f"unknown tau2 domain {name!r}: choose among {', '.join(MODULES)}")
    module = import_module(f"evaluators.tau2.worlds.{MODULES[name]}")
    try:
        loaded: Domain = module.load(folder / "domains" / name, dict(options))
    except (AttributeError, KeyError, TypeError, ValueError, OSError) as error:
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        raise UserMistake(
            f"the {name} data in {folder} are not those of this tau2 version ({what}): pull the "
            "pack again"
        ) from error
    return loaded


def domain_of(task: Task) -> Domain:
    """Return the domain of a task of this benchmark, with the options in its payload."""
    return domain(task.domain, **task.payload.get("options", {}))


def specs_of(name: str, *, solo: bool = False) -> Specs:
    """Read the tools that each side of a domain is offered; in solo mode the agent gets all."""
    entries = _schemas(root())
    entry = entries.get(f"{name}_solo" if solo else name)
    if entry is None:
        raise UserMistake(f"tool_schemas.json of the tau2 pack has no entry for {name}, {solo=}")
    agent, user = (tuple(map(spec, entry.get(side) or ())) for side in ("agent", "user"))
    return {"agent": agent + user, "user": ()} if solo else {"agent": agent, "user": user}


def spec(tool: Mapping[str, Any]) -> ToolSpec:
    function = tool["function"]
    return ToolSpec(function["name"], function["description"], function["parameters"])


@lru_cache(maxsize=4)
def _schemas(folder: Path) -> dict[str, Any]:
    schemas: dict[str, Any] = read_json(folder / "tool_schemas.json")
    return schemas
