"""One of our worlds beside an official one: opened on its state, called, shown in its form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from evaluators.bfcl.delta import plain
from harness.faults import ToolFault
from synth.environments import World, build_world
from synth.fidelity import compare
from synth.fidelity.loading import Loading, load_state, render_state
from synth.guard import build_image
from synth.model import STATE
from synth.package import fill
from synth.rows import quote
from synth.sources import bfcl_domain
from synth.world import Blueprint, SqlWorld, Tool

State = dict[str, Any]


@cache
def synthesised(class_name: str, root: Path) -> World:
    """Return the world of one class, made from its docs alone."""
    return build_world(bfcl_domain(class_name, root))


class Side:
    """One of our worlds in a task: loaded with the official initial state of its class."""

    def __init__(self, world: World, initial: State) -> None:
        self.world = world
        self.shown = initial
        self.loading: Loading = load_state(world.model, initial)
        image = build_image(world.schema_sql, lambda c: fill(c, self.loading.rows))
        tools = {r.spec.name: Tool(r.spec, world.programs[r.spec.name]) for r in world.records}
        self.open = SqlWorld(Blueprint(image, tools))

    def take(self, official: State) -> None:
        """Take over the official state; what it does not show stays as it is in our world."""
        self.shown = official
        self.loading = load_state(self.world.model, official)
        for name, rows in self.loading.rows.items():
            if name == STATE:
                self.take_row(rows[0])
            elif rows or name in self.loading.tables():
                self.open.own(f"delete from {quote(name)}")
                for row in rows:
                    marks = ", ".join("?" * len(row))
                    self.open.own(f"insert into {quote(name)} values ({marks})", row)

    def take_row(self, row: Sequence[Any]) -> None:
        """Take over the columns of the one row that the official state shows."""
        known = self.loading.columns(self.world.model)
        pairs = zip(self.world.model.state.columns, row, strict=True)
        values = {name: value for name, value in pairs if name in known}
        if values:
            sets = ", ".join(f"{quote(name)} = ?" for name in values)
            self.open.own(f"update state set {sets}", list(values.values()))

    def state(self) -> State:
        """Return our state in the official form; what has no place in it is as last taken."""
        return render_state(self.world.model, self.loading.links, self.shown, self.open)

    def call(self, name: str, arguments: Mapping[str, Any]) -> tuple[bool, Any]:
        """Return (refused, result)."""
        if name not in self.open.allowed:
            return True, {"error": f"{name} has no program"}
        try:
            return False, compare.parsed(self.open.run(name, arguments))
        except ToolFault as fault:
            return True, json.loads(str(fault))

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
    """Return what an official instance shows: its attributes without a leading underscore."""
    return {k: plain(v) for k, v in vars(instance).items() if not k.startswith("_")}
