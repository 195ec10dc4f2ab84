"""Tables, initial states and calls by a model; the strata of the calls are cut by rule."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synth.acceptance.inputs import check_complete, stratify
from synth.acceptance.programs import check_state, check_tables
from synth.arguments import Arguments
from synth.guard import build_image
from synth.llm.ask import Asker, Request
from synth.llm.prompts import load_prompt
from synth.llm.specs import spec_json
from synth.package import ToolRecord
from synth.package_files import State
from synth.world import Blueprint

TABLES = {
    "type": "object",
    "properties": {"schema_sql": {"type": "string", "minLength": 1}},
    "required": ["schema_sql"],
}
ROWS = {
    "type": "object",
    "properties": {"tables": {"type": "object"}},
    "required": ["tables"],
}
CALLS = {
    "type": "object",
    "properties": {
        "calls": {"type": "array", "items": {"type": "object"}},
        "adversarial": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"args": {"type": "object"}, "why": {"type": "string"}},
                "required": ["args"],
            },
        },
    },
    "required": ["calls", "adversarial"],
}


@dataclass(frozen=True)
class StateSampler:
    """Design the tables of a system and fill them."""

    asker: Asker
    rounds: int = 3
    rows: int = 12
    most_tables: int = 20

    async def tables(self, records: Sequence[ToolRecord]) -> str:
        """Return CREATE TABLE statements for what the tools need. Raises Rejected."""
        values = {"most": self.most_tables, "specs": [spec_json(r) for r in records]}
        request = Request(
            load_prompt("tables"),
            values,
            TABLES,
            lambda reply: check_tables(reply["schema_sql"]),
            self.rounds,
        )
        return str((await self.asker.ask(request))["schema_sql"])

    async def states(self, schema_sql: str, count: int) -> list[State]:
        """Return up to `count` accepted states of a schema."""
        columns = columns_of(schema_sql)

        async def one(number: int) -> State:
            request = Request(
                load_prompt("initial_state"),
                {"rows": self.rows, "number": number, "schema_sql": schema_sql},
                ROWS,
                lambda reply: state_problem(schema_sql, columns, reply["tables"]),
                self.rounds,
                sample=number,
                item=f"state {number}",
            )
            return rows_of(columns, (await self.asker.ask(request))["tables"])

        return [state for _, state in await self.asker.each(range(1, count + 1), one)]


def columns_of(schema_sql: str) -> dict[str, list[str]]:
    found = Blueprint(build_image(schema_sql), {}).columns
    return {table: [name for name, _ in columns] for table, columns in found.items()}


def state_problem(
    schema_sql: str, columns: Mapping[str, Sequence[str]], tables: Mapping[str, Any]
) -> str | None:
    """Say what is wrong with rows given as objects, or None."""
    for table in columns:
        if table not in tables:
            return f"the table {table} is left out"
    for table, rows in tables.items():
        if table not in columns:
            return f"there is no table {table}"
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            return f"the rows of {table} are no list of objects"
        for row in rows:
            wrong = [name for name in row if name not in columns[table]]
            if wrong:
                return f"{table} has no column {wrong[0]}"
            nested = [name for name, v in row.items() if isinstance(v, (dict, list))]
            if nested:
                return f"{table}.{nested[0]} holds a list or an object: write it as JSON text"
    return check_state(schema_sql, rows_of(columns, tables))


def rows_of(columns: Mapping[str, Sequence[str]], tables: Mapping[str, Any]) -> State:
    """Turn rows given as objects into rows in column order."""
    return {
        table: [[plain(row.get(name)) for name in columns[table]] for row in rows]
        for table, rows in tables.items()
    }


def plain(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value


@dataclass(frozen=True)
class InputSampler:
    """Sample calls of a tool: complete ones and adversarial ones by a model, strata by rule."""

    asker: Asker
    values: int = 10
    least: int = 3
    adversarial: int = 4
    rounds: int = 3

    async def sample(
        self, record: ToolRecord, state: Any, count: int, rng: random.Random
    ) -> list[dict[str, Any]]:
        """Return `count` calls in exact strata, and the adversarial ones. Raises Rejected."""
        values = {"count": self.values, "adversarial": self.adversarial}
        request = Request(
            load_prompt("inputs"),
            {**values, "spec": spec_json(record), "state": state},
            CALLS,
            lambda reply: calls_problem(record, reply, self.least),
            self.rounds,
            item=record.spec.name,
        )
        reply = await self.asker.ask(request)
        rows = stratify(record.spec, reply["calls"], count, rng)
        hard = [
            {"args": row["args"], "stratum": "adversarial", "expect": "error"}
            for row in reply["adversarial"]
        ]
        return rows + hard


def calls_problem(record: ToolRecord, reply: Mapping[str, Any], least: int) -> str | None:
    """Say what is wrong with sampled calls: adversarial ones have right types too."""
    wrong = check_complete(record.spec, reply["calls"], least)
    if wrong is not None:
        return wrong
    check = Arguments(record.spec.parameters).check
    for row in reply["adversarial"]:
        problem = check(row["args"])
        if problem is not None:
            return f"the adversarial call {row['args']}: {problem}"
    return None
