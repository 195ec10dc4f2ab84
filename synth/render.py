"""Result schema -> the SQL expression of a result: every field finds the value it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from synth.expressions import Scope, column_for, first_type, leaf, state_value
from synth.model import Column, Schema, Table, json_object
from synth.rows import quote
from synth.subjects import table_named
from synth.vocabulary import nouns, squeeze


def returned(scope: Scope) -> str:
    """Return the SELECT of a tool's result."""
    response = scope.reading.response
    expression = render(scope, response, "")
    if first_type(response) == "string":
        expression = f"json_quote({expression})"
    if scope.row and scope.table is not None:
        return f"select {expression} from {quote(scope.table.name)} as t where {scope.row}"
    return f"select {expression}"


def render(scope: Scope, schema: Schema, name: str, inside: bool = False) -> str:
    """Return the expression of one value of the result."""
    kind = first_type(schema)
    known = scope.values.get(squeeze(name)) if name else scope.key or None
    if known is not None and (name or kind not in ("object", "array")):
        return known
    if kind == "object" and schema.get("properties"):
        return render_object(scope, schema, name, inside)
    if kind == "array":
        return render_list(scope, schema, name)
    if kind == "object" and scope.table is not None and not inside and not name:
        return scope.table.record("t") if scope.row else "json_object()"
    return leaf(scope, schema, name, kind)


def render_object(scope: Scope, schema: Schema, name: str, inside: bool) -> str:
    properties: Mapping[str, Any] = schema["properties"]
    table = scope.table
    if "might be empty" in str(schema.get("description", "")):
        return "json_object()"
    if table is not None and scope.row and is_whole(scope, schema):
        whole = schema.get("additionalProperties") or own_names(table, properties)
        return table.record("t", None if whole else documented(table, properties))
    if name and not scope.row and (home := keyed_home(scope, schema, name)) is not None:
        return keyed(scope, schema, home)
    column = scope.model.state.find(name) if name else None
    if column is not None and column.is_json:
        return state_value(column)
    shown = {key: part for key, part in properties.items() if not left_out(scope, key, part)}
    return json_object({key: render(scope, part, key, True) for key, part in shown.items()})


FAILURE = re.compile(r"(?:the )?(?:reason|error)[\w ]* (?:for|of|why|if|when) [\w' ]*fail")
"""How a field is described that only a failure has: a reason or an error, not a flag."""


def left_out(scope: Scope, name: str, schema: Schema) -> bool:
    """Tell a field that nothing is known of: an optional one, or why something failed."""
    about = str(schema.get("description", "")).lower()
    optional = "[optional]" in about
    if not optional and not (first_type(schema) == "string" and FAILURE.match(about)):
        return False
    known = scope.model.state.find(name) or (scope.table and scope.table.find(name))
    return not known and squeeze(name) not in scope.values


def own_names(table: Table, fields: Mapping[str, Any]) -> bool:
    """Tell a record under its own names, `id` among them, from a report that picks fields."""
    return table.key == "id" and "id" in fields


def is_whole(scope: Scope, schema: Schema) -> bool:
    """Tell whether an object of the result is the row itself, to be shown as it is stored."""
    assert scope.table is not None
    reads = scope.reading.archetype in ("get", "find", "list")
    is_record = schema.get("additionalProperties") or own_names(scope.table, schema["properties"])
    if not reads and not is_record:
        return False
    found = documented(scope.table, schema["properties"])
    return len(found) >= max(2, len(schema["properties"]) - 1) or bool(
        schema.get("additionalProperties")
    )


def documented(table: Table, properties: Mapping[str, Any]) -> dict[str, Column]:
    """Return the columns that a record's documented fields are, by field name."""
    found = {}
    for name in properties:
        column = column_for(table, name)
        if column is not None:
            found[name] = column
    return found


def keyed_home(scope: Scope, schema: Schema, name: str) -> Table | None:
    """Return the table that a dictionary of records shows, told by its name or description."""
    noun = table_named(scope.model, nouns(name))
    about = str(schema.get("description", "")).lower()
    many = "keyed by" in about or " all " in f" {about} " or "dictionary" in about
    return scope.model.tables[noun] if noun and many else None


def keyed(scope: Scope, schema: Schema, table: Table) -> str:
    """Show rows as a dictionary by key, each as it is stored without its key."""
    fields = documented(table, schema["properties"])
    fields = {k: c for k, c in fields.items() if c.name != table.key}
    where = f" where {scope.rows}" if scope.rows else ""
    record = table.record("t", fields)
    return (
        f"json((select json_group_object(t.{quote(table.key)}, json({record})) from "
        f"{quote(table.name)} as t{where}))"
    )


def render_list(scope: Scope, schema: Schema, name: str) -> str:
    items = schema.get("items") or {}
    home = list_home(scope, schema, name)
    if items.get("properties") or items.get("type") == "object":
        if home is None:
            return "json_array()"
        fields: Any = None if items.get("additionalProperties") else items.get("properties")
        whole = not fields or own_names(home, fields)
        record = home.record("t", None if whole else documented(home, fields))
        return listed(scope, home, f"json({record})")
    column = scope.model.state.find(name) if name else None
    if column is not None and column.type == "array":
        return state_value(column)
    if name in scope.reading.params:
        return f"json(:{name})"
    if home is not None and (column := column_for(home, name) or home.columns[home.key]):
        return listed(scope, home, column.value("t"))
    element = leaf(scope, items, singular_name(name), first_type(items))
    return f"json_array({element})"


def list_home(scope: Scope, schema: Schema, name: str) -> Table | None:
    words = (*nouns(name), *nouns(str(schema.get("description", ""))))
    noun = table_named(scope.model, nouns(name))
    if noun:
        return scope.model.tables[noun]
    if scope.table is not None and (scope.rows or not scope.row):
        return scope.table
    noun = table_named(scope.model, words)
    return scope.model.tables[noun] if noun else None


def listed(scope: Scope, table: Table, value: str) -> str:
    own = table is scope.table
    where = f" where {scope.rows}" if own and scope.rows else ""
    order = scope.order if own else "t.rowid"
    inner = f"select {value} as v from {quote(table.name)} as t{where} order by {order}"
    wrapped = "json(v)" if value.startswith("json") else "v"
    return f"json((select json_group_array({wrapped}) from ({inner})))"


def singular_name(name: str) -> str:
    return name[:-5] if name.endswith("_list") else name
