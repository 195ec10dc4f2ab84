"""Replay the official gold calls of BFCL's multi-turn tasks beside worlds made from the docs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from evaluators.bfcl.data import BfclData
from evaluators.bfcl.delta import plain
from evaluators.bfcl.gold_calls import multi_turn_calls
from evaluators.bfcl.multi_turn import MultiTurnChecker
from evaluators.bfcl.worlds import Instances
from harness.faults import ToolFault
from synth.environments import World, build_world
from synth.fidelity import compare
from synth.fidelity.loading import Loading, load_state, render_state
from synth.guard import build_image
from synth.package import fill
from synth.sources import bfcl_domain
from synth.templates.amounts import RANGE
from synth.templates.switches import FORCE
from synth.world import Blueprint, SqlWorld, Tool

FILE_SYSTEM = "GorillaFileSystem"
State = dict[str, Any]
ASSUMED = (f"* {FORCE}", f"* {RANGE}")
"""Constants of templates, as they stand in programs: a pedal's force, miles to the gallon."""


@dataclass(frozen=True)
class CallResult:
    """How one call compares. `fields` and `values` are None where the official state stays.

    `assumed` marks tools whose program holds a constant of a template.
    """

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
    assumed: bool = False
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


@cache
def synthesised(class_name: str, root: Path) -> World:
    """Return the world of one class, made from its docs alone."""
    return build_world(bfcl_domain(class_name, root))


class Side:
    """One of our worlds in a task: loaded with the official initial state of its class."""

    def __init__(self, world: World, initial: State) -> None:
        self.world = world
        self.initial = initial
        self.loading: Loading = load_state(world.model, initial)
        image = build_image(world.schema_sql, lambda c: fill(c, self.loading.rows))
        tools = {r.spec.name: Tool(r.spec, world.programs[r.spec.name]) for r in world.records}
        self.open = SqlWorld(Blueprint(image, tools))

    def state(self) -> State:
        return render_state(self.world.model, self.loading.links, self.initial, self.open)

    def call(self, name: str, arguments: Mapping[str, Any]) -> tuple[bool, Any]:
        """Return (refused, result)."""
        if name not in self.open.allowed:
            return True, {"error": f"{name} has no program"}
        try:
            return False, compare.parsed(self.open.run(name, arguments))
        except ToolFault as fault:
            return True, json.loads(str(fault))

    def assumes(self, name: str) -> bool:
        """Tell whether a tool's program holds a constant that a template assumes."""
        program = self.world.programs.get(name)
        return program is not None and any(
            constant in step.sql for step in program.steps for constant in ASSUMED
        )

    def keys_in(self, name: str, result: Any) -> Iterator[tuple[str, Any]]:
        """Yield (path, value) of the keys of rows in a result, as the tool's notes say."""
        record = next((r for r in self.world.records if r.spec.name == name), None)
        outputs = record.annotations["outputs"] if record is not None else {}
        for path, home in outputs.items():
            parts = path.split(".")[1:]
            table = self.world.model.tables.get(home.split(".")[0])
            own = table is not None and home == f"{table.name}.{table.key}"
            if (own or path.endswith("_id")) and "[*]" not in path:
                yield path, dig(result, parts)


def dig(value: Any, parts: Sequence[str]) -> Any:
    for part in parts:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def public(instance: Any) -> State:
    return {k: plain(v) for k, v in vars(instance).items() if not k.startswith("_")}


class Replay:
    """Replays tasks. With `rename`, identifiers that both sides generate are matched by name."""

    def __init__(self, root: Path, *, rename: bool = False) -> None:
        self.root = root
        self.rename = rename
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
        before, ours_before = public(official.objects[owner]), side.state()
        known = frozenset(compare.texts_in([arguments, before]))
        theirs = compare.parsed(official.respond((name, arguments)))
        text_error = isinstance(theirs, str) and theirs.startswith("Error during execution")
        refused = compare.is_error(theirs) or text_error
        our_refusal, ours = side.call(name, compare.renamed(dict(arguments), names))
        if self.rename and not refused and not our_refusal:
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
            assumed=side.assumes(name), official_changes=changed, our_changes=our_changes,
        )  # fmt: skip

    def learn(self, side: Side, name: str, theirs: Any, ours: Any, names: dict[Any, Any]) -> None:
        """Note new identifiers that stand at the same place on both sides."""
        for path, value in side.keys_in(name, ours):
            other = dig(theirs, path.split(".")[1:])
            texts = isinstance(other, str) and isinstance(value, str)
            if texts and other != value and other not in names and value not in names.values():
                names[other] = value
