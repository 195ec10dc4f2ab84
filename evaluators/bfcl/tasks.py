"""BFCL v4 as one benchmark: which categories are played, and how each kind is."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from evaluators.bfcl.categories import (
    CATEGORIES,
    FORMAT_SENSITIVITY,
    LIVE,
    MEMORY,
    MULTI_TURN,
    NON_LIVE,
    SCORED,
    WEB_SEARCH,
    language_of,
)
from evaluators.bfcl.conversations import Conversations
from evaluators.bfcl.data import BfclData
from evaluators.bfcl.memory.chains import MemoryChains
from evaluators.bfcl.scores import totals
from evaluators.bfcl.single import SingleTurn
from harness.benchmark import Benchmark
from harness.faults import UserMistake
from harness.limits import Limits
from harness.packs import locate
from harness.protocols import Environment, Model, Party
from harness.types import Task

VERSION = "v4 (bfcl-eval 2026.3.23)"
MODES = ("native", "prompt")
GROUPS: Mapping[str, tuple[str, ...]] = {
    "all": CATEGORIES,
    "all_scoring": SCORED,
    "single_turn": NON_LIVE + LIVE,
    "non_live": NON_LIVE,
    "live": LIVE,
    "python": tuple(c for c in NON_LIVE + LIVE if language_of(c) == "python"),
    "non_python": ("simple_java", "simple_javascript"),
    "multi_turn": MULTI_TURN,
    "memory": MEMORY,
    "web_search": WEB_SEARCH,
    "agentic": MEMORY + WEB_SEARCH,
}


class Kind(Protocol):
    """How the tasks of some categories are played."""

    def tasks(self, category: str) -> Sequence[Task]: ...
    def environment(self, task: Task) -> Environment: ...
    def agent(self, task: Task, model: Model) -> Party: ...
    def user(self, task: Task) -> Party: ...
    def limits(self, task: Task) -> Limits: ...
    def replies(self, task: Task) -> int: ...


def benchmark(
    categories: Sequence[str] | str = "all_scoring",
    mode: str = "native",
    pack: str | None = None,
) -> Benchmark:
    """Build BFCL v4. `categories` are official categories or groups (`GROUPS`).

    `mode` "native" offers tools to the model's own function calling, "prompt" describes them in
    the official system prompt and reads calls from text. Categories that cannot be played here
    are left out of groups, and said in `notes`; naming one raises UserMistake.
    """
    if mode not in MODES:
        raise UserMistake(f"BFCL mode {mode!r} is unknown: use one of {', '.join(MODES)}")
    found = locate("bfcl", pack, pull=True)
    data = data_of(found.root)
    names, left_out = playable(categories, mode)
    return Benchmark(
        name="bfcl",
        version=VERSION,
        tasks=[task for name in names for task in _kind(data, mode, name).tasks(name)],
        data_sha256=found.sha256,
        totals=totals,
        notes={"mode": mode, "left_out": left_out} if left_out else {"mode": mode},
        **_behaviour(data, mode),
    )


@lru_cache(maxsize=4)
def data_of(root: Path) -> BfclData:
    """Return the one data set of a pack's folder."""
    return BfclData(root)


def playable(
    categories: Sequence[str] | str, mode: str
) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Return the chosen categories in official order, and those left out with the reason."""
    asked = [categories] if isinstance(categories, str) else list(categories)
    for name in asked:
        if name not in GROUPS and name not in CATEGORIES:
            known = ", ".join((*GROUPS, *CATEGORIES))
            raise UserMistake(f"BFCL has no category {name!r}: choose from {known}")
        reason = _obstacle(name, mode) if name not in GROUPS else None
        if reason:
            raise UserMistake(f"BFCL {name} cannot be played: {reason}")
    wanted = {c for name in asked for c in GROUPS.get(name, (name,))}
    obstacles = {c: _obstacle(c, mode) for c in CATEGORIES if c in wanted}
    left_out = {name: reason for name, reason in obstacles.items() if reason}
    names = tuple(name for name, reason in obstacles.items() if not reason)
    if not names:
        raise UserMistake(f"BFCL: nothing of {', '.join(asked)} can be played: {left_out}")
    return names, left_out


def _obstacle(category: str, mode: str) -> str | None:
    """Say why a category cannot be played here, if so."""
    if category in WEB_SEARCH:
        return "its tools need the network (answers can be scored: evaluators.bfcl.parity)"
    if category == FORMAT_SENSITIVITY and mode == "native":
        return "it varies the system prompt: use mode=prompt"
    if category == "memory_vector" and not importlib.util.find_spec("sentence_transformers"):
        return "it needs an encoder: pip install sentence-transformers"
    return None


def _kind(data: BfclData, mode: str, category: str) -> Kind:
    name = "multi_turn" if category in MULTI_TURN else "memory" if category in MEMORY else "single"
    return _kinds(data, mode)[name]


@lru_cache(maxsize=8)
def _kinds(data: BfclData, mode: str) -> Mapping[str, Kind]:
    return {
        "single": SingleTurn(data, mode),
        "multi_turn": Conversations(data, mode),
        "memory": MemoryChains(data, mode),
    }


def _behaviour(data: BfclData, mode: str) -> dict[str, Callable[..., Any]]:
    """Return the callables of a Benchmark, each asking the kind that the task belongs to."""

    def kind(task: Task) -> Kind:
        return _kind(data, mode, task.domain)

    def inherit(task: Task, past: Mapping[str, Any]) -> Task:
        return replace(task, payload={**task.payload, "past": past}) if past else task

    return {
        "environment": lambda task, past: kind(task).environment(inherit(task, past)),
        "inherit": inherit,
        "agent": lambda task, trial, model: kind(task).agent(task, model),
        "user": lambda task, trial, model: kind(task).user(task),
        "limits": lambda task: kind(task).limits(task),
        "replies": lambda task: kind(task).replies(task),
    }
