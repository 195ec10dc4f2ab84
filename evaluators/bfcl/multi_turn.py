"""The check of multi-turn tasks: replay the gold and the model's calls, compare what they did.

After each turn that has gold calls, the public state of every class must equal the gold's, and
the gold's responses of that turn must all be among the model's responses so far. Calls made in
turns without gold are carried out and judged only through their effects.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.bfcl.classes import OfficialClasses, clone
from evaluators.bfcl.data import BfclData
from evaluators.bfcl.worlds import Blueprint, Call, Instances

Turn = Sequence[Sequence[Call]]
"""The executed steps of one turn; a step is a batch of calls."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the check found. `turn` counts from 0."""

    error_type: str | None = None
    turn: int | None = None

    @property
    def valid(self) -> bool:
        return self.error_type is None


@dataclass(frozen=True, slots=True)
class GoldTurn:
    """What the gold calls of a turn answered, and the state after them; empty without calls."""

    responses: tuple[str, ...]
    state: Mapping[str, Any]


class MultiTurnChecker:
    """Check rollouts against gold replays, which are remembered per task."""

    def __init__(self, data: BfclData) -> None:
        self.data = data
        self.classes = OfficialClasses(data.root)
        self._blueprints: dict[str, Blueprint] = {}
        self._golds: dict[str, tuple[GoldTurn, ...] | None] = {}

    def blueprint(self, task_id: str) -> Blueprint:
        """Return what the worlds of a task are built from."""
        if task_id not in self._blueprints:
            row = self.data.prompt(task_id)
            self._blueprints[task_id] = Blueprint(task_id, row, self.classes)
        return self._blueprints[task_id]

    def check(self, task_id: str, turns: Sequence[Turn]) -> Finding:
        """Judge the executed calls of an episode, one item per turn that was begun."""
        golds: list[list[str]] = self.data.answer(task_id)
        if len(turns) != len(golds):
            return Finding("multi_turn:force_terminated")
        blueprint = self.blueprint(task_id)
        remembered = self._remembered_gold(task_id, golds)
        if remembered is not None:
            commons = blueprint.commons()
            world = blueprint.world("model", commons)
            finding = _compare(turns, world, iter(remembered))
            if not commons.touched():
                return finding
        # The official instances of one process share some objects: replay both sides together.
        commons = blueprint.commons()
        world = blueprint.world("model", commons)
        gold = blueprint.world("model_ground_truth", commons)
        return _compare(turns, world, _replayed(gold, golds))

    def _remembered_gold(
        self, task_id: str, golds: Sequence[Sequence[str]]
    ) -> tuple[GoldTurn, ...] | None:
        """Return the gold replay, or None where it touches what both sides share."""
        if task_id not in self._golds:
            blueprint = self.blueprint(task_id)
            commons = blueprint.commons()
            world = blueprint.world("model_ground_truth", commons)
            turns = tuple(
                GoldTurn(turn.responses, {k: clone(v, {}) for k, v in turn.state.items()})
                for turn in _replayed(world, golds)
            )
            self._golds[task_id] = None if commons.touched() else turns
        return self._golds[task_id]


@functools.lru_cache(maxsize=4)
def checker_of(data: BfclData) -> MultiTurnChecker:
    """Return the one checker of a data set."""
    return MultiTurnChecker(data)


def check_row(row: Mapping[str, Any], data: BfclData) -> tuple[bool, str | None]:
    """Judge a row of official results: turns of steps, or a text where inference failed."""
    prediction = row["prediction"]
    if type(prediction) is not list:
        return False, "multi_turn:inference_error"
    turns = [[step for item in turn if (step := decoded_step(item))] for turn in prediction]
    finding = checker_of(data).check(row["id"], turns)
    return finding.valid, finding.error_type


def decoded_step(item: Any) -> list[Call] | None:
    """Decode a recorded step of function calls; None where it is no call list at all.

    A step is lost as a whole when the arguments of one call are not a JSON object.
    """
    calls: list[Call] = []
    entries = [item] if isinstance(item, dict) else item
    if not isinstance(entries, list):
        return None
    for entry in entries:
        if not isinstance(entry, dict):
            return None
        for name, arguments in entry.items():
            if isinstance(arguments, str):
                try:
                    arguments = json.loads(arguments)
                except (ValueError, RecursionError):
                    return None
            if not isinstance(arguments, dict):
                return None
            calls.append((name, arguments))
    return calls


def _replayed(world: Instances, golds: Sequence[Sequence[str]]) -> Iterator[GoldTurn]:
    """Carry out the gold calls turn by turn, when the comparison asks for the turn."""
    for calls in golds:
        responses = tuple(world.respond(call) for call in calls)
        yield GoldTurn(responses, world.objects if calls else {})


def _compare(turns: Sequence[Turn], world: Instances, golds: Iterator[GoldTurn]) -> Finding:
    so_far: Counter[str] = Counter()
    for number, steps in enumerate(turns):
        so_far.update(world.respond(call) for step in steps for call in step)
        gold = next(golds)
        if not gold.state:
            continue
        if not steps:
            return Finding("multi_turn:empty_turn_model_response", number)
        if not all(_same_state(world.objects[name], gold.state[name]) for name in gold.state):
            return Finding("multi_turn:instance_state_mismatch", number)
        if not Counter(gold.responses) <= so_far:
            return Finding("multi_turn:execution_response_mismatch", number)
    return Finding()


def _same_state(instance: Any, gold: Any) -> bool:
    return all(
        getattr(instance, name) == value
        for name, value in vars(gold).items()
        if not name.startswith("_")
    )
