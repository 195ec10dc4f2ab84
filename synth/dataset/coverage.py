"""How much of the worlds the tasks of a data set touch: edges, tables, archetypes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from harness.types import Task

Edges = Mapping[str, frozenset[tuple[str, str]]]


def graph_edges(graph: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """Return the pairs of tools that a `graph.json` joins."""
    return frozenset((edge["src"], edge["dst"]) for edge in graph["edges"])


def edges_used(tasks: Iterable[Task], edges: Edges) -> tuple[int, int]:
    """Return how many pairs of tools that the graphs join are joined in a plan, and of how many."""
    used: set[tuple[str, str, str]] = set()
    for task in tasks:
        env = task.payload["env"]["env_id"]
        tools = {step["id"]: step["tool"] for step in task.payload["plan"]["steps"]}
        for step in task.payload["plan"]["steps"]:
            pairs = {(tools[other], step["tool"]) for other in step["depends"] if other in tools}
            used |= {(env, *pair) for pair in pairs & edges.get(env, frozenset())}
    return len(used), sum(len(pairs) for pairs in edges.values())


def tables_changed(tasks: Iterable[Task], tables: Mapping[str, Iterable[str]]) -> tuple[int, int]:
    """Return how many tables the plans change, and of how many that the worlds have."""
    changed = {
        (task.payload["env"]["env_id"], table)
        for task in tasks
        for table in task.payload["plan"]["state_diff"]
    }
    return len(changed), sum(len(list(names)) for names in tables.values())


def kind_grid(
    tasks: Iterable[Task], archetypes: Mapping[tuple[str, str], str]
) -> dict[str, dict[str, int]]:
    """Count the calls of plans by archetype of the tool and kind of the task."""
    grid: dict[str, Counter[str]] = {}
    for task in tasks:
        env = task.payload["env"]["env_id"]
        for step in task.payload["plan"]["steps"]:
            archetype = archetypes.get((env, step["tool"]), "other")
            grid.setdefault(archetype, Counter())[task.payload["kind"]] += 1
    return {name: dict(sorted(counts.items())) for name, counts in sorted(grid.items())}
