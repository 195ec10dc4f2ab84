"""What a benchmark is: one frozen bundle that a function named in YAML returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from harness.faults import UserMistake
from harness.limits import Limits
from harness.protocols import Environment, Model, Party
from harness.types import Task


class UserFactory(Protocol):
    def __call__(self, task: Task, trial: int, model: Model | None) -> Party: ...


class AgentFactory(Protocol):
    def __call__(self, task: Task, trial: int, model: Model) -> Party: ...


class WorldFactory(Protocol):
    def __call__(self, task: Task, past: Mapping[str, Any]) -> Environment:
        """Build a fresh world; `past` is the final state of the task named last in `needs`."""
        ...


@dataclass(frozen=True)
class Benchmark:
    """Tasks with everything that plays them. Scoring is the evaluator's business.

    `data_sha256` stamps every result with the files it used. `totals` turns pass^1 per domain into
    the benchmark's own named figures (BFCL's Overall): mappings with name, formula, value,
    categories, missing. `replies` estimates how often the agent's model is asked in one episode;
    `asks_judge` says whether a task can only be scored by a judge model.
    `inherit` returns the task as its parties see it once the final state of the task named last in
    `needs` is known. `notes` carries what must stand beside the numbers (a rule-based user's
    label, the split). Some are read by name: `split`, `grading`, `reward_basis`, `trainable` and
    `train_on_test` (see `forbid_training`).
    """

    name: str
    version: str
    tasks: Sequence[Task]
    environment: WorldFactory
    user: UserFactory
    agent: AgentFactory
    limits: Callable[[Task], Limits] = lambda task: Limits()
    data_sha256: Mapping[str, str] = field(default_factory=dict)
    totals: Callable[[Mapping[str, float]], Sequence[Mapping[str, Any]]] | None = None
    replies: Callable[[Task], int] = lambda task: 1
    asks_judge: Callable[[Task], bool] = lambda task: False
    inherit: Callable[[Task, Mapping[str, Any]], Task] = lambda task, past: task
    notes: Mapping[str, Any] = field(default_factory=dict)


def forbid_training(benchmark: Benchmark, *, allowed: bool = False) -> None:
    """Raise UserMistake before training on tasks that are kept for testing.

    A benchmark says with the note `trainable` that none of its tasks are; one that says nothing
    is a test set. `allowed`, or the note `train_on_test`, says that it is wanted all the same.
    """
    notes = benchmark.notes
    if notes.get("trainable") is True or notes.get("train_on_test") or allowed:
        return
    split = f" split {notes['split']!r}" if notes.get("split") else ""
    raise UserMistake(
        f"{benchmark.name}{split} holds test tasks: train on another split (split=train where "
        "there is one), or allow it with train_on_test=true, which every result will say"
    )
