"""A clinic small enough to know by heart: patients, their visits, and what may be done to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from harness.types import ToolSpec
from synth import archetypes
from synth.archetypes import Guard, NewKey, json_row
from synth.package import EnvPackage, ToolRecord
from synth.program import Program, parse_program

SCHEMA = """
create table patient (id text primary key not null, name text not null, city text not null,
                      tier text not null);
create table visit (id integer primary key not null, patient_id text not null references patient,
                    day text not null, room integer not null,
                    status text not null default 'planned');
"""
STATE = {
    "patient": [
        ["P1", "Ada Brandt", "Oslo", "gold"],
        ["P2", "Kofi Brandt", "Riga", "basic"],
        ["P3", "Lena Costa", "Oslo", "basic"],
    ],
    "visit": [
        [11, "P1", "2026-03-01", 4, "planned"],
        [12, "P1", "2026-04-02", 7, "done"],
        [13, "P2", "2026-05-03", 9, "planned"],
    ],
}
TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
TIER = {"type": "string", "enum": ["basic", "silver", "gold"]}
PATIENT = {"id": "id", "name": "name", "city": "city", "tier": "tier"}
VISIT = {"id": "id", "patient_id": "patient_id", "day": "day", "room": "room", "status": "status"}
HOMES = {"visit.patient_id": "patient.id"}


def tool(
    name: str, archetype: str, params: dict[str, Any], shown: dict[str, str], **more: Any
) -> ToolRecord:
    """Describe a tool: `params` maps a name to (column, schema, required)."""
    table = "visit" if "visit" in name else "patient"
    root = "$[*]" if archetype == "find" else "$"
    homes = {c: HOMES.get(f"{table}.{c}", f"{table}.{c}") for c in shown.values()}
    schema = {
        "type": "object",
        "properties": {n: part for n, (_, part, _) in params.items()},
        "required": [n for n, (_, _, needed) in params.items() if needed],
    }
    notes = {
        "archetype": archetype,
        "entity": table,
        "effect": "read" if archetype in ("find", "get") else "write",
        "params": {n: column for n, (column, _, _) in params.items()},
        "outputs": {f"{root}.{field}": homes[column] for field, column in shown.items()},
        "verb": archetype,
        "kind": "event" if table == "visit" else "person",
        "label": "" if table == "visit" else "name",
        **more,
    }
    return ToolRecord(ToolSpec(name, f"{name}.", schema), None, "given", notes)


PLANNED = Guard(
    "select status = 'planned' from visit where id = :visit",
    "visit {visit} can only be cancelled when planned",
)
TOOLS: list[tuple[ToolRecord, Program]] = [
    (
        tool("find_patients", "find", {"name": ("patient.name", TEXT, False)}, PATIENT),
        archetypes.find("patient", {"name": "name"}, json_row(PATIENT)),
    ),
    (
        tool("get_patient", "get", {"patient": ("patient.id", TEXT, True)}, PATIENT),
        archetypes.get("patient", "patient", {"patient": "id"}, json_row(PATIENT)),
    ),
    (
        tool(
            "change_patient",
            "update",
            {"patient": ("patient.id", TEXT, True), "tier": ("patient.tier", TIER, False)},
            PATIENT,
        ),
        archetypes.update(
            "patient", "patient", {"patient": "id"}, {"tier": "tier"}, json_row(PATIENT)
        ),
    ),
    (
        tool("find_visits", "find", {"patient": ("patient.id", TEXT, False)}, VISIT),
        archetypes.find("visit", {"patient": "patient_id"}, json_row(VISIT)),
    ),
    (
        tool(
            "cancel_visit", "transition", {"visit": ("visit.id", WHOLE, True)}, VISIT, verb="cancel"
        ),
        archetypes.transition(
            "visit", "visit", {"visit": "id"}, ("status", "cancelled"), json_row(VISIT), [PLANNED]
        ),
    ),
    (
        tool(
            "book_visit",
            "create",
            {
                "patient": ("patient.id", TEXT, True),
                "day": ("visit.day", TEXT, True),
                "room": ("visit.room", WHOLE, True),
            },
            VISIT,
        ),
        archetypes.create(
            "visit",
            {"patient": "patient_id", "day": "day", "room": "room"},
            NewKey("id"),
            json_row(VISIT),
        ),
    ),
    (
        tool(
            "move_visit",
            "update",
            {"visit": ("visit.id", WHOLE, True), "day": ("visit.day", TEXT, False)},
            VISIT,
        ),
        archetypes.update("visit", "visit", {"visit": "id"}, {"day": "day"}, json_row(VISIT)),
    ),
]


def clinic(**changes: Any) -> EnvPackage:
    """Build the package; `changes` replace its fields."""
    package = EnvPackage(
        env_id="clinic",
        records=tuple(record for record, _ in TOOLS),
        schema_sql=SCHEMA,
        programs={record.spec.name: program for record, program in TOOLS},
        states={"s0": STATE},
        policy="A visit can be cancelled only when it is planned.",
        about={"licences": ["Apache-2.0"]},
    )
    return replace(package, **changes)


def abacus() -> EnvPackage:
    """Build a package without state: tools that add and multiply, with sampled inputs."""
    number = {"type": "number"}
    parameters = {
        "type": "object",
        "properties": {"first": number, "second": number},
        "required": ["first", "second"],
    }
    notes = {"archetype": "compute", "entity": "state", "effect": "compute", "params": {}}
    records, programs = [], {}
    for name, about, sign in (("add", "Adds", "+"), ("times", "Multiplies", "*")):
        spec = ToolSpec(name, f"{about} two numbers.", parameters)
        records.append(ToolRecord(spec, annotations={**notes, "outputs": {}, "verb": name}))
        steps = [{"return": f"select json_object('result', :first {sign} :second)"}]
        programs[name] = parse_program(steps, ["first", "second"])
    rows = [{"args": {"first": a, "second": b}, "expect": "ok"} for a, b in ((2.5, 4.25), (7, 31))]
    return EnvPackage(
        env_id="abacus",
        records=tuple(records),
        schema_sql="create table state (id integer primary key not null);",
        programs=programs,
        states={"s0": {"state": [[1]]}},
        inputs={"add": rows, "times": rows},
    )


def without_notes(package: EnvPackage) -> EnvPackage:
    """Take away what tools say of their columns; the results' schemas are all that is left."""
    records = []
    for record in package.records:
        fields = record.annotations["outputs"]
        one = {"type": "object", "properties": {p.rpartition(".")[2]: TEXT for p in fields}}
        many = {"type": "array", "items": one}
        kept = {k: v for k, v in record.annotations.items() if k not in ("params", "outputs")}
        response = many if record.annotations["archetype"] == "find" else one
        records.append(replace(record, response=response, annotations=kept))
    return replace(package, records=tuple(records))
