"""The rows of a world's tables as plain data: read, compared with what a tool left, written.

As data the tables are {table: [{column: value}, …]}, in order of the keys.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Tables = dict[str, list[dict[str, Any]]]
Columns = Mapping[str, Sequence[tuple[str, int]]]
"""Per table its columns as (name, position in the primary key or 0)."""
Key = tuple[Any, ...]
Run = Callable[..., list[Any]]
"""Runs one statement with values and returns its rows."""
INTEGERS = range(-(2**63), 2**63)


class BadRows(ValueError):
    """Rows that a tool left behind and no table can hold; the text says what is wrong."""


@dataclass(frozen=True)
class Change:
    """One row as a call left it: `values` are the columns that it gives or changes, None = gone."""

    table: str
    key: Key
    values: Mapping[str, Any] | None
    new: bool = False


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def read_tables(run: Run, columns: Columns) -> Tables:
    """Return every table's rows as objects."""
    found: Tables = {}
    for table, listed in columns.items():
        order = ", ".join(map(quote, key_names(listed))) or "rowid"
        rows = run(f"select * from {quote(table)} order by {order}")
        found[table] = [dict(zip([name for name, _ in listed], row, strict=True)) for row in rows]
    return found


def bring_in(run: Run, columns: Columns, found: Sequence[Change]) -> None:
    """Write changes, all or none."""
    run("savepoint rows")
    try:
        for change in found:
            write_change(run, columns, change)
    except BaseException:
        run("rollback to rows")
        raise
    finally:
        run("release rows")


def write_change(run: Run, columns: Columns, change: Change) -> None:
    """Delete, change or insert one row."""
    table, keys = quote(change.table), key_names(columns[change.table])
    where = " and ".join(f"{quote(name)} is ?" for name in keys)
    if change.values is None:
        run(f"delete from {table} where {where}", change.key)
        return
    names, values = list(map(quote, change.values)), list(change.values.values())
    if change.new:
        marks = ", ".join("?" * len(names))
        run(f"insert into {table} ({', '.join(names)}) values ({marks})", values)
    else:
        sets = ", ".join(f"{name} = ?" for name in names)
        run(f"update {table} set {sets} where {where}", [*values, *change.key])


def changes(before: Tables, after: Any, columns: Columns) -> list[Change]:
    """Compare tables with what a call left of them: deletions, changed rows, new rows.

    Raises BadRows for what no table can hold.
    """
    if not isinstance(after, dict) or set(after) != set(before):
        raise BadRows(f"the state must hold exactly the tables {', '.join(before)}")
    gone: list[Change] = []
    changed: list[Change] = []
    new: list[Change] = []
    for table, rows in before.items():
        keys = key_names(columns[table])
        old = {key_of(row, keys): row for row in rows}
        now = keyed(table, after[table], columns[table])
        gone += [Change(table, key, None) for key in old if key not in now]
        for key, row in now.items():
            if key not in old:
                new.append(Change(table, key, row, new=True))
            elif differing := difference(old[key], row):
                changed.append(Change(table, key, differing))
    return [*gone, *changed, *new]


def keyed(table: str, rows: Any, columns: Sequence[tuple[str, int]]) -> dict[Key, dict[str, Any]]:
    """Return a table's rows by key. Raises BadRows."""
    names, keys = {name for name, _ in columns}, key_names(columns)
    if not isinstance(rows, list):
        raise BadRows(f"the table {table} must be a list of rows")
    found: dict[Key, dict[str, Any]] = {}
    for row in rows:
        if not isinstance(row, dict) or not set(row) <= names:
            raise BadRows(f"a row of {table} must be an object of {', '.join(sorted(names))}")
        values = {name: cell(table, name, value) for name, value in row.items()}
        key = key_of(values, keys)
        if None in key:
            raise BadRows(f"a row of {table} has no {' and '.join(keys)}")
        if key in found:
            raise BadRows(f"two rows of {table} have the key {json.dumps(key)[:200]}")
        found[key] = values
    return found


def cell(table: str, column: str, value: Any) -> Any:
    """Return a value as SQLite holds it. Raises BadRows."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int) and value not in INTEGERS:
        raise BadRows(f"{table}.{column} holds a whole number of more than 64 bits")
    if value is not None and not isinstance(value, (int, float, str)):
        raise BadRows(f"{table}.{column} holds a list or an object: write it as JSON text")
    return value


def key_names(columns: Sequence[tuple[str, int]]) -> list[str]:
    return [name for _, name in sorted((key, name) for name, key in columns if key)]


def key_of(row: Mapping[str, Any], keys: Sequence[str]) -> Key:
    return tuple(row.get(name) for name in keys)


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that a row changed; one that was left out is empty now."""
    return {
        name: new.get(name)
        for name, value in old.items()
        if value != new.get(name) or type(value) is not type(new.get(name))
    }
