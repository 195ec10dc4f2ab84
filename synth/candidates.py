"""A synthesised task as the filters see it, and which tasks cannot be passed without acting."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from harness.types import Task
from synth.filters import Candidate
from synth.footprints import footprint_of
from synth.package import EnvPackage


def candidate_of(task: Task, package: EnvPackage) -> Candidate:
    """Return what filters look at: all that the user may say, the plan's calls and their effect."""
    payload = task.payload
    steps = payload["plan"]["steps"]
    return Candidate(
        id=task.id,
        env=payload["env"]["env_id"],
        family=payload["family"],
        texts=tuple(texts_of(payload)),
        calls=[(step["tool"], literals(step)) for step in steps],
        shape=tuple(shape(step) for step in steps),
        left=footprint_of(task, package),
    )


def texts_of(payload: Mapping[str, Any]) -> Iterator[str]:
    """Yield the queries, or the messages, answers and changes of mind of the scenario."""
    yield from payload["queries"]
    for subtask in (payload["scenario"] or {}).get("subtasks", ()):
        yield subtask["text"]
        yield from (slot["answer"] for slot in subtask["slots"])
        if subtask.get("drift"):
            yield subtask["drift"]["text"]


def literals(step: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a plan's step that are values, not references."""
    return {name: arg["literal"] for name, arg in step["args"].items() if "literal" in arg}


def shape(step: Mapping[str, Any]) -> Hashable:
    """Return a step without its values: turn, tool, and whence each argument comes."""
    args = sorted((name, arg.get("ref", "")) for name, arg in step["args"].items())
    return (step["turn"], step["tool"], tuple(args))


def needs_action(task: Task) -> bool:
    """Say whether a task asks for calls: its plan has some, or some are required."""
    return bool(task.payload["plan"]["steps"] or task.payload["required"])
