"""Where these tests find the tau2 pack and the recorded official verdicts; tasks to play with."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from evaluators.tau2.pack import root
from evaluators.tau2.tasks import make_task
from evaluators.tau2.verdict import Tau2Evaluator
from harness.faults import UserMistake
from harness.protocols import Model
from harness.types import Episode, Message, Task, ToolCall, Verdict


def has_pack() -> bool:
    try:
        return root().is_dir()
    except UserMistake:
        return False


needs_pack = pytest.mark.skipif(not has_pack(), reason="the tau2 pack is not on this machine")


def oracle(name: str) -> Path:
    """Return a file of recorded official verdicts, or skip."""
    default = Path(__file__).parents[2].parent / "shared" / "oracles"
    path = Path(os.environ.get("HARNESS_ORACLES") or default) / name
    if not path.is_file():
        pytest.skip(f"no oracle file {path}: set HARNESS_ORACLES")
    return path


def row(**criteria: Any) -> dict[str, Any]:
    """A mock task row with these evaluation criteria (none at all where none are given)."""
    scenario = {"instructions": "Ask for a task.", "persona": None}
    return {"id": "t", "user_scenario": scenario, "evaluation_criteria": criteria or None}


def call(name: str, result: str, *, by: str = "agent", **arguments: Any) -> tuple[Message, Message]:
    """A call and its recorded answer."""
    made = ToolCall(f"{name}-{sorted(arguments.items())}", name, arguments)
    return (
        Message(by, calls=(made,)),  # type: ignore[arg-type]
        Message("tool", result, owner=by, call_id=made.id),  # type: ignore[arg-type]
    )


def verdict(
    given: dict[str, Any], *log: Message, end: str = "user_stop", judge: Model | None = None
) -> Verdict:
    """Score a log of the mock domain."""
    task: Task = make_task("mock", given)
    return asyncio.run(Tau2Evaluator(judge)(task, Episode(task.id, log, end)))
