"""What a parameter means: a column of a table, a condition on its rows."""

from __future__ import annotations

import re

from synth.expressions import first_type
from synth.model import MORE, Column, Model, Table
from synth.reading import Reading
from synth.rows import quote
from synth.templates import session
from synth.templates.drafts import Draft
from synth.vocabulary import tokens

MOST = {"max", "results"}
NEWEST_FIRST = re.compile(r"\b(?:most recent|newest|latest) first\b", re.I)
LATEST = re.compile(r"\b(latest|last|most recent|newest)\b")


def key_parameter(reading: Reading, table: Table) -> str:
    """Return the parameter that names one row."""
    for name, noun in reading.keys.items():
        if noun == table.name and reading.params[name].get("type") != "array":
            return name
    return ""


def annotated(reading: Reading, model: Model, table: Table, draft: Draft) -> Draft:
    draft.entity = table.name
    for name in reading.params:
        column = column_of_parameter(reading, table, name) or like(table, set(tokens(name)))
        if column is not None and not column.is_json:
            draft.params[name] = f"{table.name}.{column.name}"
    return draft


def column_of_parameter(reading: Reading, table: Table, name: str) -> Column | None:
    noun = reading.keys.get(name)
    if noun == table.name:
        return None
    short = name.removeprefix(f"{table.name}_")
    return (
        table.find(name)
        or table.find(short)
        or (table.find(f"{noun}_id") if noun and noun != table.name else None)
    )


def reference_tests(reading: Reading, table: Table) -> list[str]:
    tests = []
    for name in reading.params:
        column = column_of_parameter(reading, table, name)
        if column is not None:
            tests.append(f"{quote(column.name)} = :{name}")
    return tests


def filter_tests(reading: Reading, table: Table, name: str) -> list[str]:
    """Return the condition that a parameter puts on rows."""
    column = column_of_parameter(reading, table, name)
    words = set(tokens(name))
    kind = first_type(reading.params[name])
    if name == session.TOKEN or is_limit(reading, name):
        return []
    if kind == "array":
        key = quote(table.key)
        return [f"(:{name} is null or t.{key} in (select value from json_each(:{name})))"]
    for side, sign in (("min", ">="), ("max", "<="), ("start", ">="), ("end", "<=")):
        if side in words:
            other = table.find("_".join(w for w in tokens(name) if w != side)) or dated(
                table, words
            )
            if other is not None:
                cell = f"t.{quote(other.name)}"
                if other.type == "string":
                    cell = f"substr({cell}, 1, 10)"
                return [f"(:{name} is null or {cell} {sign} :{name})"]
    if words & {"keyword", "query", "text", "pattern", "search"}:
        texts = [
            c
            for c in table.columns.values()
            if c.type == "string" and not c.refers and c.name != table.key
        ]
        tests = " or ".join(f"instr(lower(t.{quote(c.name)}), lower(:{name}))" for c in texts)
        return [f"({tests or '1'})"]
    column = column or like(table, words)
    if column is None or column.is_json:
        return [f"(:{name} is null or instr(lower(t.{MORE}), lower(:{name})) > 0)"]
    stored = f"lower(t.{quote(column.name)}) = lower(:{name})"
    kept = f"instr(lower(t.{MORE}), lower(:{name})) > 0"
    return [f"(:{name} is null or coalesce({stored}, {kept}))"]


def is_limit(reading: Reading, name: str) -> bool:
    """Tell how many rows are asked for from what they are like."""
    words = set(tokens(name))
    return first_type(reading.params[name]) == "integer" and ("limit" in words or words == MOST)


def order_of(reading: Reading, table: Table) -> str:
    """Return how a list is sorted and cut: "most recent first", at most `limit` rows."""
    limits = [name for name in reading.params if is_limit(reading, name)]
    cut = f" limit coalesce(:{limits[0]}, -1)" if limits else ""
    if not NEWEST_FIRST.search(reading.about):
        return f"t.rowid{cut}"
    day = dated(table, {"date"})
    return (f"t.{quote(day.name)} desc, " if day is not None else "") + f"t.rowid desc{cut}"


def like(table: Table, words: set[str]) -> Column | None:
    """Return the column that shares a word with a parameter: `user` of people's `user_name`."""
    found = (c for c in table.columns.values() if set(tokens(c.name)) & words - {"id"})
    return next((c for c in found if c.name != table.key), None)


def dated(table: Table, words: set[str]) -> Column | None:
    if not {"date", "time"} & words:
        return None
    return next(
        (c for c in table.columns.values() if {"timestamp", "date", "time"} & set(tokens(c.name))),
        None,
    )
