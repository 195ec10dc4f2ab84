"""The tools of a random world, written in one naming style: specs, annotations, programs."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

from harness.types import ToolSpec
from synth import archetypes
from synth.archetypes import Guard, NewKey, json_row
from synth.package import ToolRecord
from synth.program import Program
from synth.random.domains import Attribute, Domain, Entity, Move
from synth.random.naming import Naming, article, plural
from synth.rows import quote
from synth.vocabulary import past

GENERATOR = {"name": "synth.random", "version": 2}
JSON_TYPES = {"text": "string", "enum": "string", "date": "string"}
FINDABLE = ("enum", "text")
BRIEF, DELETABLE = 0.5, 0.3


class Writer:
    """Writes the tools of one domain in one naming style."""

    def __init__(self, domain: Domain, naming: Naming, rng: random.Random) -> None:
        self.domain = domain
        self.naming = naming
        self.rng = rng
        self.brief = rng.random() < BRIEF

    def tools(self) -> list[tuple[ToolRecord, Program]]:
        """Write every tool, in an order that says nothing."""
        made = []
        for entity in self.domain.entities:
            made += [self.find(entity), self.get(entity)]
            if entity.kind == "event":
                made += [self.create(entity), *(self.move(entity, m) for m in entity.moves)]
                made += [self.delete(entity)] if self.rng.random() < DELETABLE else []
            if changeable(entity):
                made.append(self.update(entity))
        self.rng.shuffle(made)
        return made

    def row(self, entity: Entity) -> dict[str, str]:
        """Map result fields to columns, keys and references named in the world's style."""
        fields = {self.naming.key_of(entity.noun): "id"}
        fields |= {self.naming.reference(ref): f"{ref}_id" for ref in entity.refs}
        fields |= {self.naming.parameter(a.name): a.name for a in entity.attributes}
        return fields | ({"status": "status"} if entity.moves else {})

    def found(self, entity: Entity) -> dict[str, str]:
        """Map the fields that a search shows: all, or what it takes to tell rows apart."""
        if not self.brief:
            return self.row(entity)
        hidden = {a.name for a in entity.attributes if a.name != entity.label and a.type != "date"}
        return {field: column for field, column in self.row(entity).items() if column not in hidden}

    def response(self, entity: Entity, row: Mapping[str, str]) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {
                field: self.column_schema(entity, column) for field, column in row.items()
            },
        }

    def column_schema(self, entity: Entity, column: str) -> dict[str, Any]:
        """Write the JSON Schema of one column."""
        if column == "id":
            return {"type": "string" if entity.prefix else "integer"}
        if column.removesuffix("_id") in entity.refs:
            return self.column_schema(self.domain.entity(column.removesuffix("_id")), "id")
        if column == "status":
            return {"type": "string"}
        attribute = next(a for a in entity.attributes if a.name == column)
        schema: dict[str, Any] = {"type": JSON_TYPES.get(attribute.type, attribute.type)}
        if attribute.options:
            schema["enum"] = list(attribute.options)
        if attribute.type == "date":
            schema["description"] = "YYYY-MM-DD"
        return schema

    def find(self, entity: Entity) -> tuple[ToolRecord, Program]:
        """Search by label, closed attributes and references: how keys come to be known."""
        columns = [a.name for a in entity.attributes if a.type in FINDABLE]
        columns += [f"{ref}_id" for ref in entity.refs]
        filters = {self.name_of(entity, column): column for column in columns}
        noun = plural(entity.noun) if self.naming.plural_find else entity.noun
        row = self.found(entity)
        program = archetypes.find(entity.noun, filters, json_row(row))
        about = f"Search {plural(entity.noun)} by any of the given fields."
        response = {"type": "array", "items": self.response(entity, row)}
        record = self.record(entity, "find", (self.naming.tool("find", noun), about), filters)
        return respond(record, response, outputs(entity, row, "$[*]")), program

    def get(self, entity: Entity) -> tuple[ToolRecord, Program]:
        keys = {self.naming.key_of(entity.noun): "id"}
        program = archetypes.get(entity.noun, entity.noun, keys, json_row(self.row(entity)))
        about = f"Show all details of one {entity.noun}."
        record = self.record(
            entity, "get", (self.naming.tool("get", entity.noun), about), keys, keys
        )
        return self.answered(record, entity), program

    def create(self, entity: Entity) -> tuple[ToolRecord, Program]:
        """Open a new event; whoever and whatever it refers to must exist."""
        columns = [f"{ref}_id" for ref in entity.refs] + [a.name for a in entity.attributes]
        values = {self.name_of(entity, column): column for column in columns}
        guards = [
            Guard(
                f"select 1 from {quote(ref)} where id = :{self.naming.reference(ref)}",
                f"no {ref} {{{self.naming.reference(ref)}}}",
            )
            for ref in entity.refs
        ]
        guards += [self.ban(entity)] if entity.ban else []
        key = NewKey("id", entity.prefix)
        program = archetypes.create(entity.noun, values, key, json_row(self.row(entity)), guards)
        about = f"Open a new {entity.noun} for {article(entity.refs[0])} {entity.refs[0]}."
        name = self.naming.tool("create", entity.noun)
        record = self.record(entity, "create", (name, about), values, values)
        return self.answered(record, entity), program

    def update(self, entity: Entity) -> tuple[ToolRecord, Program]:
        """Change any of the attributes that are not the label."""
        keys = {self.naming.key_of(entity.noun): "id"}
        values = {self.name_of(entity, a.name): a.name for a in changeable(entity)}
        row = json_row(self.row(entity))
        program = archetypes.update(entity.noun, entity.noun, keys, values, row)
        about = f"Change fields of one {entity.noun}; fields left out keep their value."
        name = self.naming.tool("update", entity.noun)
        record = self.record(entity, "update", (name, about), keys | values, keys)
        return self.answered(record, entity), program

    def ban(self, entity: Entity) -> Guard:
        """Refuse events for owners of the banned kind."""
        assert entity.ban is not None
        ban, key = entity.ban, self.naming.reference(entity.ban.noun)
        test = f"select {quote(ban.attribute)} <> '{ban.option}' from {quote(ban.noun)}"
        return Guard(f"{test} where id = :{key}", ban_text(entity))

    def delete(self, entity: Entity) -> tuple[ToolRecord, Program]:
        """Take an event out of the books."""
        keys = {self.naming.key_of(entity.noun): "id"}
        row = json_row(self.row(entity))
        program = archetypes.delete(entity.noun, entity.noun, keys, row=row)
        doc = (self.naming.tool("delete", entity.noun), f"Delete one {entity.noun} for good.")
        record = self.record(entity, "delete", doc, keys, keys)
        return self.answered(record, entity), program

    def move(self, entity: Entity, move: Move) -> tuple[ToolRecord, Program]:
        """Change an event's status where its life allows it."""
        key = self.naming.key_of(entity.noun)
        sources = ", ".join(f"'{source}'" for source in move.sources)
        refusal = f"{entity.noun} {{{key}}} can only be {past(move.verb)} when "
        guard = Guard(
            f"select status in ({sources}) from {quote(entity.noun)} where id = :{key}",
            refusal + " or ".join(move.sources),
        )
        row, field, noun = json_row(self.row(entity)), ("status", move.status), entity.noun
        program = archetypes.transition(noun, noun, {key: "id"}, field, row, [guard])
        about = f"{move.verb.capitalize()} one {entity.noun} (must be {' or '.join(move.sources)})."
        name = self.naming.tool(move.verb, entity.noun)
        keys = {key: "id"}
        record = self.record(entity, "transition", (name, about), keys, keys, move.verb)
        return self.answered(record, entity), program

    def name_of(self, entity: Entity, column: str) -> str:
        """Name the parameter that a column's value is given in."""
        if column.removesuffix("_id") in entity.refs and column.endswith("_id"):
            return self.naming.reference(column.removesuffix("_id"))
        return self.naming.parameter(column)

    def record(
        self,
        entity: Entity,
        archetype: str,
        doc: tuple[str, str],
        params: Mapping[str, str],
        required: Iterable[str] = (),
        verb: str = "",
    ) -> ToolRecord:
        """Assemble a record: `doc` = (name, description), `params` = parameter -> column."""
        schema = {
            "type": "object",
            "properties": {p: self.column_schema(entity, c) for p, c in params.items()},
            "required": list(required),
        }
        annotations = {
            "archetype": archetype,
            "entity": entity.noun,
            "effect": "read" if archetype in ("find", "get") else "write",
            "params": {p: home(entity, c) for p, c in params.items()},
            "verb": verb or archetype,
            "kind": entity.kind,
            "label": entity.label,
        }
        return ToolRecord(ToolSpec(*doc, schema), annotations=annotations, source=GENERATOR)

    def answered(self, record: ToolRecord, entity: Entity) -> ToolRecord:
        row = self.row(entity)
        return respond(record, self.response(entity, row), outputs(entity, row, "$"))

    def policy(self) -> str:
        """Write what the agent must know of the world's rules."""
        lines = ["Help the user with the tools. Look keys up; never guess them."]
        for entity in self.domain.entities:
            name = f"{article(entity.noun).capitalize()} {entity.noun}"
            lines += [
                f"{name} can be {past(m.verb)} only when it is {' or '.join(m.sources)}."
                for m in entity.moves
            ]
            lines += [f"{capital(ban_text(entity))}."] if entity.ban else []
        return "\n".join(lines)


def changeable(entity: Entity) -> list[Attribute]:
    """Return the attributes that may be changed: all but the label and what people are called."""
    return [a for a in entity.attributes if a.name != entity.label and a.type != "text"]


def ban_text(entity: Entity) -> str:
    """Word an event's ban: the refusal of the tool and a line of the policy."""
    assert entity.ban is not None
    ban = entity.ban
    owner = f"{article(ban.noun)} {ban.noun}"
    return f"no {entity.noun} can be opened for {owner} whose {ban.attribute} is {ban.option}"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def home(entity: Entity, column: str) -> str:
    """Say what column a value is of: a reference is a value of the other entity's key."""
    owner = column.removesuffix("_id")
    return f"{owner}.id" if owner in entity.refs else f"{entity.noun}.{column}"


def outputs(entity: Entity, row: Mapping[str, str], root: str) -> dict[str, str]:
    return {f"{root}.{field}": home(entity, column) for field, column in row.items()}


def respond(
    record: ToolRecord, response: Mapping[str, Any], found: Mapping[str, str]
) -> ToolRecord:
    annotations = {**record.annotations, "outputs": dict(found)}
    return ToolRecord(record.spec, response, "given", annotations, record.source)
