"""Official records and our rows: fields under the names of columns, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import apsw

from synth.fidelity.links import ASIDE, SEARCHED
from synth.model import MORE, Column, Table
from synth.rows import quote
from synth.world import SqlWorld


def aligned(record: Mapping[str, Any], table: Table) -> dict[str, Any]:
    """Return a record with its fields under the names of columns, one column each."""
    found: dict[str, Any] = {}
    for name, value in record.items():
        column = table.columns.get(name) or table.find(name)
        fits = column is not None and (column.name == table.key or fits_shape(column, value))
        if column is not None and fits and column.name not in found and not column.hidden:
            found[column.name] = value
        else:
            found[name if column is None or column.hidden else f"{ASIDE}{name}"] = value
        if value is None and column is not None and not column.hidden:
            found[f"{ASIDE}{column.name}"] = None
    for column in table.columns.values():
        if column.hidden and column.name not in found:
            inner = nested(record, column.name)
            if inner is not None:
                found[f"{SEARCHED}{column.name}"] = inner
    return found


def fits_shape(column: Column, value: Any) -> bool:
    """Tell whether a column can hold a value: containers only where it holds such."""
    kinds = {"array": list, "object": dict}
    return value is None or (
        isinstance(value, (list, dict)) == column.is_json
        and (not column.is_json or isinstance(value, kinds[column.type]))
    )


def nested(value: Any, name: str) -> Any:
    """Return a plain value of this name at any depth."""
    if isinstance(value, dict):
        if name in value and not isinstance(value[name], (dict, list)):
            return value[name]
        for inner in value.values():
            found = nested(inner, name)
            if found is not None:
                return found
    return None


def records_of(table: Table, world: SqlWorld) -> list[dict[str, Any]]:
    """Return the rows of a table as records, with every column, nulls left out."""
    columns = list(table.columns.values())
    listed = ", ".join([*(quote(c.name) for c in columns), MORE])
    out = []
    for row in world.own(f"select {listed} from {quote(table.name)} order by rowid"):
        record = {}
        for column, value in zip(columns, row, strict=False):
            if value is not None and not column.hidden:
                record[column.name] = json_value(column, value)
        out.append(json.loads(row[-1]) | record)
    return out


def json_value(column: Column, value: Any) -> Any:
    if column.is_json and isinstance(value, str):
        return json.loads(value)
    if isinstance(value, bytes):
        return from_jsonb(value)
    return bool(value) if column.type == "boolean" else value


def stored(world: SqlWorld, column: Column) -> Any:
    value = world.own(f"select {quote(column.name)} from state")[0][0]
    return None if value is None else json_value(column, value)


@cache
def converter() -> apsw.Connection:
    return apsw.Connection(":memory:")


def to_jsonb(value: Any) -> bytes:
    """Return a list or an object as SQLite's binary JSON: not the text that looks like it."""
    found: bytes = converter().execute("select jsonb(?)", (json.dumps(value),)).get
    return found


def from_jsonb(blob: bytes) -> Any:
    return json.loads(converter().execute("select json(?)", (blob,)).get)
