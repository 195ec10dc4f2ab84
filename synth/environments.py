"""From tool specifications to an environment package, role by role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from synth.entities import build_model
from synth.expressions import first_type
from synth.model import Model
from synth.package import ToolRecord
from synth.package_files import AnyProgram
from synth.program import Program, names_in
from synth.reading import Reading, key_noun, leaves, read_tools
from synth.roles.implementation import Refused, accept, image_of, implement, unsupported
from synth.roles.output_schema import predict_outputs, returns_key
from synth.sources import Domain
from synth.templates import file_system, session
from synth.templates.drafts import Draft, require

GENERATOR = {"name": "synth.rules", "version": 1}


@dataclass
class World:
    """A domain's model and its accepted programs; `refused` are tools without one."""

    domain: Domain
    model: Model
    readings: tuple[Reading, ...]
    records: tuple[ToolRecord, ...]
    programs: Mapping[str, AnyProgram]
    refused: tuple[Refused, ...] = ()
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def schema_sql(self) -> str:
        return self.model.sql()


def build_world(domain: Domain, attempts: Mapping[str, int] | None = None) -> World:
    """Synthesise the tables and programs of a domain by rules, from its specifications alone.

    `attempts` asks for the draft of a later template where an earlier one's was refused.
    """
    readings = read_tools(domain.intake.records)
    model = build_model(readings)
    file_system.prepare(readings, model)
    session.prepare(readings, model)
    predict_outputs(readings, model)
    drafts = implement(readings, model, attempts)
    image = image_of(model)
    records: list[ToolRecord] = []
    programs: dict[str, Program] = {}
    refused: list[Refused] = []
    for reading in readings:
        draft = drafts.get(reading.name)
        if draft is None:
            refused.append(Refused(reading.name, unsupported(reading) or "no template fits it"))
            continue
        program = with_all_used(draft.program(), reading)
        wrong = accept(reading.name, program, reading.record.spec.parameters, image)
        if wrong:
            refused.append(Refused(reading.name, wrong))
            continue
        records.append(annotate(reading, draft, model))
        programs[reading.name] = program
    return World(domain, model, tuple(readings), tuple(records), programs, tuple(refused))


def with_all_used(program: Program, reading: Reading) -> Program:
    """Check at least that a required parameter says something, where a program ignores it."""
    used = {name for step in program.steps for name in names_in(step.sql)}
    steps = list(program.steps)
    for name in reading.required:
        if name in used:
            continue
        kind = first_type(reading.params[name])
        test = f"trim(:{name}) <> ''" if kind == "string" else f":{name} is not null"
        steps.insert(0, require(f"select {test}", f"{name} must not be empty"))
    return Program(tuple(steps))


def annotate(reading: Reading, draft: Draft, model: Model) -> ToolRecord:
    """Add what synthesis knows of a tool to its record."""
    annotations = {
        "archetype": draft.archetype,
        "entity": draft.entity or "state",
        "effect": draft.effect,
        "params": homes(reading, draft, model),
        "outputs": outputs_of(reading, model) | draft.outputs,
        "verb": reading.verb or draft.archetype,
    }
    record = reading.record
    return ToolRecord(
        record.spec, record.response, record.response_origin, annotations, record.source
    )


def homes(reading: Reading, draft: Draft, model: Model) -> dict[str, str]:
    """Say what column every parameter's value is of: a table's key, a field, the state's."""
    found = {}
    for name in reading.params:
        column = model.state.find(name)
        noun = reading.keys.get(name)
        if name in draft.params:
            found[name] = draft.params[name]
        elif noun is not None:
            found[name] = f"{noun}.{model.tables[noun].key}"
        elif column is not None and column.name != "id":
            found[name] = f"state.{column.name}"
        if noun is not None and not found[name].startswith("state."):
            found[name] = f"{noun}.{model.tables[noun].key}"
    return found


def outputs_of(reading: Reading, model: Model) -> dict[str, str]:
    """Say what column every result field is of: keys of tables, fields of the subject, state."""
    table = model.tables.get(reading.subject)
    found: dict[str, str] = {}
    root = "$[*]" if reading.response.get("type") == "array" else "$"
    schema = reading.response.get("items", {}) if root == "$[*]" else reading.response
    if table is not None and returns_key(reading, table):
        found[root] = f"{table.name}.{table.key}"
    for path, name, part in leaves(schema, root):
        noun = key_noun(name, str(part.get("description", "")))
        each = f"{path}[*]" if part.get("type") == "array" else path
        if noun in model.tables:
            found[each] = f"{noun}.{model.tables[noun].key}"
        elif table is not None and name == table.key:
            found[path] = f"{table.name}.{table.key}"
        elif table is not None and (column := table.find(name)) is not None:
            if refers := model.tables.get(column.refers):
                found[each] = f"{refers.name}.{refers.key}"
            else:
                found[path] = f"{table.name}.{column.name}"
        elif (column := model.state.find(name)) is not None:
            found[path] = f"state.{column.name}"
        elif part.get("type") == "array":
            key = keys_listed(name, part, model)
            if key:
                found[f"{path}[*]"] = key
    return found


def keys_listed(name: str, schema: Mapping[str, Any], model: Model) -> str:
    from synth.subjects import table_named
    from synth.vocabulary import nouns

    if (schema.get("items") or {}).get("properties"):
        return ""
    noun = table_named(model, (*nouns(name), *nouns(str(schema.get("description", "")))))
    return f"{noun}.{model.tables[noun].key}" if noun else ""
