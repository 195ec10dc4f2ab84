"""Programs of guarded SQL for the archetypes that most tools are: find, get, list, create, …

Each function takes a table, the columns that parameters mean and the fields of the result, and
returns a program; guards come first, so that every refusal can be met on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synth.program import Program, Step
from synth.rows import quote

Columns = Mapping[str, str]
"""Parameter or result field -> column of the table."""


@dataclass(frozen=True)
class Guard:
    """A precondition on the row that a call is about, or on the whole state."""

    sql: str
    otherwise: str


def json_row(fields: Columns, flags: Sequence[str] = ()) -> str:
    """Render the SELECT expression of one result object; `flags` are boolean columns."""
    parts = []
    for name, column in fields.items():
        value = quote(column)
        if column in flags:
            value = f"json(iif({value}, 'true', 'false'))"
        parts.append(f"'{name}', {value}")
    return f"json_object({', '.join(parts)})"


def exists(table: str, keys: Columns, noun: str) -> Step:
    """Require the row that the keys name."""
    shown = ", ".join(f"{{{name}}}" for name in keys)
    sql = f"select 1 from {quote(table)} where {where(keys)}"
    return Step("require", sql, otherwise=f"no {noun} {shown}")


def where(keys: Columns) -> str:
    return " and ".join(f"{quote(column)} = :{name}" for name, column in keys.items())


def refuse(guards: Sequence[Guard]) -> list[Step]:
    return [Step("require", guard.sql, otherwise=guard.otherwise) for guard in guards]


def get(table: str, noun: str, keys: Columns, row: str, guards: Sequence[Guard] = ()) -> Program:
    """Return one row by its key."""
    sql = f"select {row} from {quote(table)} where {where(keys)}"
    return Program((*refuse(guards), exists(table, keys, noun), Step("return", sql)))


def find(table: str, filters: Columns, row: str, guards: Sequence[Guard] = ()) -> Program:
    """Return the rows that match every filter that is given; text matches without case."""
    tests = [
        f"(:{name} is null or lower({quote(column)}) = lower(:{name}))"
        for name, column in filters.items()
    ]
    where_ = f" where {' and '.join(tests)}" if tests else ""
    inner = f"select {row} as r from {quote(table)}{where_} order by rowid"
    return Program(
        (*refuse(guards), Step("return", f"select json_group_array(json(r)) from ({inner})"))
    )


@dataclass(frozen=True)
class NewKey:
    """How a new row gets its key: the next number, behind a prefix where keys are codes."""

    column: str
    prefix: str = ""

    def sql(self, table: str) -> str:
        number = quote(self.column)
        if self.prefix:
            number = f"cast(substr({number}, {len(self.prefix) + 1}) as integer)"
        following = f"coalesce(max({number}), 0) + 1"
        lead = f"'{self.prefix}' || " if self.prefix else ""
        return f"select {lead}({following}) from {quote(table)}"


def create(
    table: str,
    values: Columns,
    key: NewKey,
    row: str,
    guards: Sequence[Guard] = (),
    fixed: Mapping[str, str] | None = None,
) -> Program:
    """Insert a row under the next key and return it. `fixed` are literal column values in SQL."""
    columns = {key.column: ":new_key", **{c: f":{name}" for name, c in values.items()}}
    columns |= dict(fixed or {})
    names, marks = ", ".join(map(quote, columns)), ", ".join(columns.values())
    insert = f"insert into {quote(table)} ({names}) values ({marks})"
    result = f"select {row} from {quote(table)} where {quote(key.column)} = :new_key"
    return Program(
        (
            *refuse(guards),
            Step("let", key.sql(table), name="new_key"),
            Step("run", insert),
            Step("return", result),
        )
    )


def update(
    table: str,
    noun: str,
    keys: Columns,
    values: Columns,
    row: str,
    guards: Sequence[Guard] = (),
) -> Program:
    """Set columns of one row to the parameters that are given and return the row."""
    sets = ", ".join(f"{quote(c)} = coalesce(:{name}, {quote(c)})" for name, c in values.items())
    return change(table, noun, keys, sets, row, guards)


def transition(
    table: str,
    noun: str,
    keys: Columns,
    field: tuple[str, str],
    row: str,
    guards: Sequence[Guard] = (),
) -> Program:
    """Set one column, `field` = (column, literal value), of one row and return the row."""
    column, value = field
    literal = value.replace("'", "''")
    return change(table, noun, keys, f"{quote(column)} = '{literal}'", row, guards)


def change(
    table: str, noun: str, keys: Columns, sets: str, row: str, guards: Sequence[Guard]
) -> Program:
    run = Step("run", f"update {quote(table)} set {sets} where {where(keys)}")
    result = Step("return", f"select {row} from {quote(table)} where {where(keys)}")
    return Program((exists(table, keys, noun), *refuse(guards), run, result))


def delete(
    table: str, noun: str, keys: Columns, guards: Sequence[Guard] = (), row: str = ""
) -> Program:
    """Delete one row and return it as it was (or `row`, an expression over it)."""
    shown = row or f"json_object('deleted', {quote(next(iter(keys.values())))})"
    let = Step("let", f"select {shown} from {quote(table)} where {where(keys)}", name="gone")
    run = Step("run", f"delete from {quote(table)} where {where(keys)}")
    return Program(
        (exists(table, keys, noun), *refuse(guards), let, run, Step("return", "select :gone"))
    )
