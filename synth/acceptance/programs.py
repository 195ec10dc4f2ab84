"""Accept a guarded SQL program: it parses, prepares, binds every argument, and runs well."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.faults import UserMistake
from synth.acceptance.executions import Sample, check_executions, strata
from synth.acceptance.problems import Problem
from synth.guard import BadSchema, BadStatement, build_image, inspect
from synth.package import ToolRecord, fill
from synth.package_files import State
from synth.program import BadProgram, Program, names_in, parse_program
from synth.roles.implementation import accept
from synth.rows import Tables
from synth.validation import check_tool
from synth.world import Blueprint, SqlWorld, Tool

GROUPED = re.compile(r"json_group_(?:array|object)|group_concat|string_agg", re.IGNORECASE)
ORDERED = re.compile(r"order\s+by", re.IGNORECASE)


@dataclass(frozen=True)
class Bench:
    """What implementations are tried on: tables and several initial states."""

    schema_sql: str
    states: Sequence[State]

    @cached_property
    def images(self) -> list[bytes]:
        """Build every state's database. Raises BadSchema or UserMistake."""
        return [image_of(self.schema_sql, state) for state in self.states]

    @cached_property
    def tables(self) -> Tables:
        """Return the first state's rows as objects."""
        return SqlWorld(Blueprint(self.images[0], {})).rows()


def image_of(schema_sql: str, state: State) -> bytes:
    """Build the database of one state. Raises BadSchema or UserMistake."""
    return build_image(schema_sql, lambda connection: fill(connection, state))


def check_program(
    record: ToolRecord, data: object, bench: Bench, samples: Sequence[Sample]
) -> str | None:
    """Say what is wrong with a program given as plain data, or None."""
    properties = record.spec.parameters.get("properties", {})
    try:
        program = parse_program(data, properties)
        problem = check_statements(record, program, bench)
    except (BadProgram, BadStatement) as error:
        return str(error)
    if problem:
        return problem
    tool = Tool(record.spec, program)
    blueprints = [Blueprint(image, {record.spec.name: tool}) for image in bench.images]
    worlds = [lambda blueprint=blueprint: SqlWorld(blueprint) for blueprint in blueprints]
    problem = check_executions(record, worlds, samples)
    if problem:
        return problem
    check = check_tool(record, blueprints, [strata(samples)] * len(blueprints))
    return next((Problem(f"{mode}: {why}", mode) for mode, why in check.witness.items()), None)


def check_statements(record: ToolRecord, program: Program, bench: Bench) -> str | None:
    """Compile every step under the authorizer. Raises BadStatement."""
    statements = [(step.sql, names_in(step.sql)) for step in program.steps]
    access = inspect(bench.images[0], statements)
    used = {name for _, names in statements for name in names}
    for name in record.spec.parameters.get("properties", {}):
        if name not in used:
            return f"the argument {name!r} is never used"
    if record.annotations.get("effect") in ("read", "compute") and access.writes:
        return f"the tool only reads, yet the program writes {min(access.writes)}"
    wrong = accept(record.spec.name, program, record.spec.parameters, bench.images[0])
    if wrong:
        return wrong
    for step in program.steps:
        if GROUPED.search(step.sql) and not ORDERED.search(step.sql):
            return f"rows are collected without an ORDER BY: {step.sql[:200]}"
    return None


def check_tables(schema_sql: str) -> str | None:
    """Say what is wrong with a schema: it builds, tables are strict and have primary keys."""
    try:
        image = build_image(schema_sql)
    except BadSchema as error:
        return str(error)
    columns = Blueprint(image, {}).columns
    if not columns:
        return "the schema makes no table"
    for table, listed in columns.items():
        if not any(key for _, key in listed):
            return f"the table {table} has no primary key"
    if re.search(r"\)\s*(?:without\s+rowid\s*)?;", schema_sql.rstrip() + ";", re.IGNORECASE):
        return "every table must be STRICT"
    return None


def check_state(schema_sql: str, state: State) -> str | None:
    """Say what is wrong with an initial state: types, keys, foreign keys, empty tables."""
    try:
        image_of(schema_sql, state)
    except (BadSchema, UserMistake) as error:
        return str(error)
    empty = [table for table, rows in state.items() if not rows]
    return f"the table {empty[0]} has no rows" if empty else None
