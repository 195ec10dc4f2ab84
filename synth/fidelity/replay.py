"""Replay the official gold calls of BFCL's multi-turn tasks beside worlds made from the docs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from evaluators.bfcl.data import BfclData
from evaluators.bfcl.gold_calls import multi_turn_calls
from evaluators.bfcl.multi_turn import MultiTurnChecker
from evaluators.bfcl.worlds import Instances
from synth.fidelity import compare
from synth.fidelity.side import Side, dig, public, synthesised

FILE_SYSTEM = "GorillaFileSystem"
Way = Literal["each", "strict", "matched"]
WAYS: tuple[Way, ...] = ("each", "strict", "matched")
"""Our state is the official one before each call; runs by itself; and its new keys are matched."""


@dataclass(frozen=True)
class CallResult:
    """How one call compares. `fields` and `values` are None where the official state stays."""

    task: str
    domain: str
    tool: str
    arguments: Mapping[str, Any]
    official: Any
    ours: Any
    status: bool
    shape: bool
    data: bool
    exact: bool
    fields: bool | None
    values: bool | None
    official_changes: Mapping[str, Any] = field(default_factory=dict)
    our_changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TaskResult:
    """How a task ends: whether all states equal the official ones, and whether any changed."""

    task: str
    domains: tuple[str, ...]
    ends_equal: bool
    changed: bool
    calls: tuple[CallResult, ...]
    unmapped: Mapping[str, int]
    leaves: int


class Replay:
    """Replays tasks in one of three ways.

    each: our world takes over the official state before every call, so that every call is judged
    alone. strict: both run by themselves from the initial state. matched: so too, and identifiers
    that both sides generate at one place are taken to be the same.
    """

    def __init__(self, root: Path, way: Way = "each") -> None:
        self.root = root
        self.way = way
        self.data = BfclData(root)
        self.checker = MultiTurnChecker(self.data)

    def tasks(self, category: str = "multi_turn_base") -> Iterator[TaskResult]:
        for row in self.data.entries(category):
            yield self.task(row["id"])

    def task(self, task_id: str) -> TaskResult:
        """Replay one task call by call."""
        blueprint = self.checker.blueprint(task_id)
        official = blueprint.world()
        initial = {name: public(instance) for name, instance in official.objects.items()}
        sides = {n: Side(synthesised(n, self.root), state) for n, state in initial.items()}
        owners = {m: entry.owner for m, entry in blueprint.methods.items()}
        names: dict[Any, Any] = {}
        calls = []
        for turn in multi_turn_calls(self.data, self.checker.classes, task_id):
            for name, arguments in turn:
                owner = owners[name]
                calls.append(
                    self.compare(task_id, official, sides[owner], (owner, name, arguments), names)
                )
        back = {v: k for k, v in names.items()}
        final = {name: public(instance) for name, instance in official.objects.items()}
        ours = {name: compare.renamed(side.state(), back) for name, side in sides.items()}
        return TaskResult(
            task_id,
            tuple(initial),
            all(compare.same(final[name], ours[name]) for name in final),
            any(compare.changes(initial[name], final[name]) for name in final),
            tuple(calls),
            {f"{n}.{k}": v for n, s in sides.items() for k, v in s.loading.unmapped.items()},
            sum(side.loading.leaves for side in sides.values()),
        )

    def compare(
        self,
        task_id: str,
        official: Instances,
        side: Side,
        call: tuple[str, str, Mapping[str, Any]],
        names: dict[Any, Any],
    ) -> CallResult:
        """Run a call on both sides. `names` maps official identifiers to ours."""
        owner, name, arguments = call
        before = public(official.objects[owner])
        if self.way == "each":
            side.take(before)
        ours_before = side.state()
        known = frozenset(compare.texts_in([arguments, before]))
        theirs = compare.parsed(official.respond((name, arguments)))
        text_error = isinstance(theirs, str) and theirs.startswith("Error during execution")
        refused = compare.is_error(theirs) or text_error
        our_refusal, ours = side.call(name, compare.renamed(dict(arguments), names))
        if self.way == "matched" and not refused and not our_refusal:
            self.learn(side, name, theirs, ours, names)
        back = {v: k for k, v in names.items()}
        ours = compare.renamed(ours, back)
        changed = compare.changes(before, public(official.objects[owner]))
        our_changes = compare.changes(
            compare.renamed(ours_before, back), compare.renamed(side.state(), back)
        )
        status = refused == our_refusal
        both = status and not refused
        return CallResult(
            task_id, owner, name, arguments, theirs, ours, status,
            shape=status and (refused or compare.shape_agrees(theirs, ours)),
            data=status and (refused or compare.data_agrees(theirs, ours, known)),
            exact=status and type(theirs) is type(ours) and theirs == ours if both else
            status and theirs == ours,
            fields=changed.keys() == our_changes.keys() if changed else None,
            values=compare.values_agree(changed, our_changes) if changed else None,
            official_changes=changed, our_changes=our_changes,
        )  # fmt: skip

    def learn(self, side: Side, name: str, theirs: Any, ours: Any, names: dict[Any, Any]) -> None:
        """Note new identifiers that stand at the same place on both sides."""
        for path, value in side.keys_in(name, ours):
            other = dig(theirs, path.split(".")[1:])
            texts = isinstance(other, str) and isinstance(value, str)
            if texts and other != value and other not in names and value not in names.values():
                names[other] = value
