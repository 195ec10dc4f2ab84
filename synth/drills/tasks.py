"""Drills: a request in words, the tools on the table, and the calls that fulfil it."""

from __future__ import annotations

import random
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synth.drills.worlds import STATE, DrillWorld
from synth.package import ToolRecord
from synth.random.domains import Attribute, Entity
from synth.random.states import value

BY_KEY = ("{verb} {noun} {key}", "please {verb} the {noun} {key}", "can you {verb} {noun} {key}?",
          "{noun} {key}: {verb} it", "I want to {verb} the {noun} {key}")  # fmt: skip
BY_LABEL = ("{verb} the {noun} {label}", "please {verb} {noun} {label}",
            "can you {verb} the {noun} called {label}?", "the {noun} {label}: {verb} it",
            "I need to {verb} the {noun} {label}")  # fmt: skip
OF_OWNER = ("{verb} the {noun} of {owner} {label}", "{owner} {label}: {verb} the {noun}",
            "please {verb} the {noun} that belongs to {owner} {label}")  # fmt: skip
SETTING = ("set the {field} of {which} to {value}", "{which}: change the {field} to {value}",
           "please make {value} the {field} of {which}")  # fmt: skip
OPENING = ("{verb} a {noun} for {which} with {fields}", "a new {noun} for {which}, {fields}",
           "please {verb} a {noun}: {which}, {fields}")  # fmt: skip


@dataclass(frozen=True)
class Call:
    """A gold call. `{"from": n, "field": f}` takes a field of the first row that call n found."""

    tool: str
    args: Mapping[str, Any]


@dataclass(frozen=True)
class Drill:
    """A request and its gold calls; `chain` names those by verb and noun, whatever the style.

    `asked` are the names and keys of rows that the request gives.
    """

    text: str
    calls: tuple[Call, ...]
    chain: str
    asked: tuple[Any, ...]

    @property
    def unseen_chain(self) -> bool:
        """Say whether training leaves this chain out: about one in five."""
        return zlib.crc32(f"chain {self.chain}".encode()) % 5 == 0

    @property
    def unseen_value(self) -> bool:
        """Say whether a name or key is among those, about one in five, that training never asks."""
        return any(zlib.crc32(f"value {value}".encode()) % 5 == 0 for value in self.asked)


class Drawer:
    """Draws drills in one world."""

    def __init__(self, world: DrillWorld, rng: random.Random) -> None:
        self.world, self.rng = world, rng
        self.state = world.package.states[STATE]
        self.records = world.package.records

    def draw(self) -> Drill | None:
        """Draw one drill; None where this world has no row for the kind that was drawn."""
        kinds = (self.look, self.act, self.change, self.change_found, self.act_of_owner, self.open)
        return self.rng.choice(kinds)()

    def tool(self, archetype: str, noun: str, verb: str = "") -> ToolRecord | None:
        found = [
            record
            for record in self.records
            if record.annotations["archetype"] == archetype
            and record.annotations["entity"] == noun
            and verb in ("", record.annotations["verb"])
        ]
        return found[0] if found else None

    def spoken(self, verb: str) -> str:
        """Say a verb as the tools do, or by its plain name."""
        named = self.world.naming.verbs.get(verb, verb)
        return (named if self.rng.random() < 0.7 else verb).replace("_", " ")

    def entity(self, *kinds: str) -> Entity:
        return self.rng.choice([e for e in self.world.domain.entities if e.kind in kinds])

    def row(self, entity: Entity) -> Mapping[str, Any]:
        return self.named(entity, self.rng.choice(self.state[entity.noun]))

    def named(self, entity: Entity, row: Sequence[Any]) -> dict[str, Any]:
        columns = ["id", *(f"{ref}_id" for ref in entity.refs)]
        columns += [a.name for a in entity.attributes] + (["status"] if entity.moves else [])
        return dict(zip(columns, row, strict=True))

    def say(self, forms: Sequence[str], **words: Any) -> str:
        return self.rng.choice(forms).format(**words)

    def find(self, entity: Entity, column: str, wanted: Any) -> Call:
        """Write the search for rows whose column holds a value."""
        record = self.tool("find", entity.noun)
        assert record is not None
        params: Mapping[str, str] = record.annotations["params"]
        home = f"{column.removesuffix('_id')}.id" if column.endswith("_id") else ""
        target = home or f"{entity.noun}.{column}"
        name = next(p for p, c in params.items() if c == target)
        return Call(record.spec.name, {name: wanted})

    def key(self, entity: Entity) -> str:
        return self.world.naming.key_of(entity.noun)

    def look(self) -> Drill | None:
        """Show one row: by its key, or found by its label."""
        entity = self.entity("person", "thing", "event")
        row = self.row(entity)
        if entity.label and self.rng.random() < 0.5:
            verb, label = self.spoken("find"), row[entity.label]
            text = self.say(BY_LABEL, verb=verb, noun=entity.noun, label=label)
            call = self.find(entity, entity.label, label)
            return Drill(text, (call,), f"find {entity.noun}", (label,))
        record = self.tool("get", entity.noun)
        assert record is not None
        text = self.say(BY_KEY, verb=self.spoken("get"), noun=entity.noun, key=row["id"])
        call = Call(record.spec.name, {self.key(entity): row["id"]})
        return Drill(text, (call,), f"get {entity.noun}", (row["id"],))

    def moves(self, entity: Entity, row: Mapping[str, Any]) -> list[tuple[str, ToolRecord]]:
        """List what may be done with an event as it stands."""
        open_ = [move.verb for move in entity.moves if row["status"] in move.sources]
        found = [(verb, self.tool("transition", entity.noun, verb)) for verb in open_]
        found.append(("delete", self.tool("delete", entity.noun)))
        return [(verb, record) for verb, record in found if record is not None]

    def act(self) -> Drill | None:
        """Move an event on, its key being given."""
        entity = self.entity("event")
        row = self.row(entity)
        if not (moves := self.moves(entity, row)):
            return None
        verb, record = self.rng.choice(moves)
        text = self.say(BY_KEY, verb=self.spoken(verb), noun=entity.noun, key=row["id"])
        call = Call(record.spec.name, {self.key(entity): row["id"]})
        return Drill(text, (call,), f"{verb} {entity.noun}", (row["id"],))

    def act_of_owner(self) -> Drill | None:
        """Move on the only event of an owner: found by the owner's key, or by way of its label."""
        entity = self.entity("event")
        owner = self.world.domain.entity(self.rng.choice(entity.refs))
        held = self.row(owner)
        events = [self.named(entity, row) for row in self.state[entity.noun]]
        mine = [event for event in events if event[f"{owner.noun}_id"] == held["id"]]
        if len(mine) != 1 or not (moves := self.moves(entity, mine[0])):
            return None
        verb, record = self.rng.choice(moves)
        words = {"verb": self.spoken(verb), "noun": entity.noun, "owner": owner.noun}
        last = f"{verb} {entity.noun}"
        if self.rng.random() < 0.6:
            calls = [self.find(entity, f"{owner.noun}_id", held["id"])]
            shown, chain = held["id"], f"find {entity.noun} > {last}"
        else:
            calls = [self.find(owner, owner.label, held[owner.label])]
            reference = {"from": 0, "field": self.key(owner)}
            calls.append(self.find(entity, f"{owner.noun}_id", reference))
            shown, chain = held[owner.label], f"find {owner.noun} > find {entity.noun} > {last}"
        found = {"from": len(calls) - 1, "field": self.key(entity)}
        calls.append(Call(record.spec.name, {self.key(entity): found}))
        return Drill(self.say(OF_OWNER, **words, label=shown), tuple(calls), chain, (shown,))

    def setting(self, entity: Entity, row: Mapping[str, Any]) -> tuple[Attribute, Any] | None:
        """Choose a field that may be changed, and another value for it."""
        record = self.tool("update", entity.noun)
        fields = [a for a in entity.attributes if a.name != entity.label and a.type != "text"]
        if record is None or not fields:
            return None
        attribute = self.rng.choice(fields)
        drawn = [value(attribute, self.rng) for _ in range(4)]
        other = next((v for v in drawn if v != row[attribute.name]), None)
        return None if other is None else (attribute, other)

    def change(self) -> Drill | None:
        """Set a field of a row whose key is given."""
        entity = self.entity("person", "thing", "event")
        row = self.row(entity)
        return self.update(entity, row, row["id"], row["id"], ())

    def change_found(self) -> Drill | None:
        """Set a field of a row that must be found by its label."""
        entity = self.entity("person", "thing")
        row = self.row(entity)
        label = row[entity.label]
        found = {"from": 0, "field": self.key(entity)}
        search = (self.find(entity, entity.label, label),)
        return self.update(entity, row, label, found, search)

    def update(
        self, entity: Entity, row: Mapping[str, Any], shown: Any, key: Any, before: Sequence[Call]
    ) -> Drill | None:
        """Set a field of the row that the request calls `shown`, and the call `key`."""
        setting = self.setting(entity, row)
        record = self.tool("update", entity.noun)
        if setting is None or record is None:
            return None
        attribute, new = setting
        field = self.world.naming.parameter(attribute.name)
        call = Call(record.spec.name, {self.key(entity): key, field: new})
        which = f"{entity.noun} {shown}"
        words = {"field": attribute.name.replace("_", " "), "which": which, "value": new}
        chain = (f"find {entity.noun} > " if before else "") + f"update {entity.noun}"
        return Drill(self.say(SETTING, **words), (*before, call), chain, (shown,))

    def open(self) -> Drill | None:
        """Open a new event for rows whose keys are given."""
        entity = self.entity("event")
        record = self.tool("create", entity.noun)
        assert record is not None
        naming = self.world.naming
        owners = {ref: self.rng.choice(self.state[ref])[0] for ref in entity.refs}
        fields = {a.name: value(a, self.rng) for a in entity.attributes}
        args = {naming.reference(ref): key for ref, key in owners.items()}
        args |= {naming.parameter(name): v for name, v in fields.items()}
        which = " and ".join(f"{ref} {key}" for ref, key in owners.items())
        said = ", ".join(f"{name.replace('_', ' ')} {v}" for name, v in fields.items())
        words = {"verb": self.spoken("create"), "noun": entity.noun, "which": which, "fields": said}
        call = Call(record.spec.name, args)
        asked = tuple(owners.values())
        return Drill(self.say(OPENING, **words), (call,), f"create {entity.noun}", asked)


def resolve(call: Call, results: Sequence[Any]) -> dict[str, Any]:
    """Fill a gold call's arguments from what earlier calls returned."""
    return {
        name: results[arg["from"]][0][arg["field"]] if isinstance(arg, Mapping) else arg
        for name, arg in call.args.items()
    }


def column(world: DrillWorld, tool: str, parameter: str) -> list[Any]:
    """List what the rows of a world hold where a tool's parameter points to."""
    record = next(r for r in world.package.records if r.spec.name == tool)
    noun, _, name = record.annotations["params"][parameter].partition(".")
    drawer = Drawer(world, random.Random(0))
    entity = world.domain.entity(noun)
    return [drawer.named(entity, row)[name] for row in drawer.state[noun]]
