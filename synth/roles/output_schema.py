"""Role: what a tool returns. Given where documented; else predicted from its table's fields.

Acceptance: one field of one table has one type in all results (`conflicts`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from synth.model import Model, Table, bare
from synth.reading import Reading, key_noun, leaves
from synth.subjects import kinds_of
from synth.vocabulary import tokens

SEVERAL = re.compile(r"\b(?:return|retrieve|get|find)s? (?:a |the )?(?:list of|multiple)\b", re.I)
ALL = re.compile(r"\b(?:get|return|retrieve|list|show)s? all\b", re.I)
RECORD = {"type": "object", "additionalProperties": True}


class OutputSchema(Protocol):
    """Give every reading a result schema (VULCAN §3.2.1 stage 1)."""

    def __call__(self, readings: Sequence[Reading], model: Model) -> None: ...


def predict_outputs(readings: Sequence[Reading], model: Model) -> None:
    """Predict missing result schemas by archetype: record, records, key, figure or text.

    A given schema of one record, of a tool that is said to get all of them, becomes a list of it.
    """
    for reading in readings:
        given = reading.record.response
        if given is None:
            response = predicted(reading, model)
        elif is_entry(reading, model):
            response = {"type": "array", "items": given}
        else:
            continue
        reading.record = replace(reading.record, response=response, response_origin="rule")


def is_entry(reading: Reading, model: Model) -> bool:
    """Tell whether a schema describes one of the records that a tool lists, not the list."""
    table = model.tables.get(reading.subject)
    fields = reading.response.get("properties") or {}
    if table is None or not ALL.search(reading.about) or not many(reading, table):
        return False
    own = [name for name in fields if name == table.key or table.find(name)]
    return len(own) >= 2 and len(own) >= len(fields) - 1


def returns_key(reading: Reading, table: Table) -> bool:
    """Tell whether a tool answers with the bare key of a row: `find_user_id_by_email`."""
    named = "id" in tokens(reading.name) and f"{table.name}_id" in reading.name
    scalar = reading.record.response is None or reading.response.get("type") == table.key_type
    return named and scalar and reading.archetype in ("find", "get")


def predicted(reading: Reading, model: Model) -> dict[str, Any]:
    table = model.tables.get(reading.subject)
    words = tokens(reading.name)
    if table is None:
        return RECORD if kinds_of(reading) else plain(reading)
    if returns_key(reading, table):
        return {"type": table.key_type, "description": f"The {table.name}'s key"}
    if reading.archetype in ("list", "find") or many(reading, table):
        return {"type": "array", "items": record(table)}
    if reading.archetype == "create" and table.name in reading.keys.values():
        return plain(reading)
    if "status" in words and reading.archetype == "get":
        return {"type": "string", "description": f"The status of the {table.name}"}
    return record(table)


def many(reading: Reading, table: Table) -> bool:
    """Tell whether several rows are meant: no key of the table, or a plural."""
    keyed = table.name in reading.keys.values()
    plural = any(word in tokens(reading.name) for word in (f"{table.name}s", "all"))
    plural = plural or bool(SEVERAL.search(reading.about))
    return reading.archetype == "get" and not keyed and plural


def record(table: Table) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for column in table.shown().values():
        fields[column.name] = {"type": column.type}
        if column.options:
            fields[column.name]["enum"] = list(column.options)
    return {**RECORD, "properties": fields}


def plain(reading: Reading) -> dict[str, Any]:
    if reading.archetype == "compute":
        return {"type": "number", "description": "The result"}
    if reading.archetype == "list":
        return {"type": "array", "items": {"type": "string"}}
    return {"type": "string", "description": "A message describing the result"}


def conflicts(readings: Sequence[Reading], model: Model) -> list[str]:
    """Return the fields of one table that results give different types."""
    kinds: dict[tuple[str, str], set[str]] = {}
    for reading in readings:
        table = model.tables.get(reading.subject)
        for _, name, schema in leaves(reading.response):
            if table is None or isinstance(schema.get("type"), list):
                continue
            known = name == table.key or key_noun(name) == table.name or table.find(name)
            if known and schema.get("type"):
                kinds.setdefault((table.name, bare(name)), set()).add(schema["type"])
    return [f"{t}.{f}: {', '.join(sorted(k))}" for (t, f), k in kinds.items() if clash(k)]


def clash(kinds: set[str]) -> bool:
    return len(kinds - {"integer", "number"}) + bool(kinds & {"integer", "number"}) > 1
