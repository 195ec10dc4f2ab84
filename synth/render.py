"""Result schema -> the SQL expression of a result: every field finds the value it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from synth.entities import is_total, table_named
from synth.model import Column, Model, Schema, Table, bare, json_object, literal
from synth.reading import Reading, key_noun
from synth.vocabulary import nouns, past, singular, squeeze, tokens
from synth.world import quote

WORDS_OF_SUCCESS = frozenset("success status ok done result state".split())


@dataclass
class Scope:
    """Where the fields of one tool's result come from, most specific first.

    `values` are SQL expressions by squeezed field name; `row` selects one row of `table` (alias
    t); `rows` is the condition of a list of rows; `message` is what a text of success says.
    """

    reading: Reading
    model: Model
    table: Table | None = None
    values: dict[str, str] = field(default_factory=dict)
    row: str = ""
    rows: str = ""
    message: str = ""
    key: str = ""


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


def first_type(schema: Schema) -> str:
    kind = schema.get("type", "string" if not schema.get("properties") else "object")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "string")
    return str(kind)


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


def left_out(scope: Scope, name: str, schema: Schema) -> bool:
    """Tell an optional field that nothing is known of."""
    if "[optional]" not in str(schema.get("description", "")).lower():
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


def column_for(table: Table, name: str) -> Column | None:
    if key_noun(name) == table.name or name == table.key:
        return table.columns[table.key]
    return table.find(name)


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
        fields = None if items.get("additionalProperties") else items.get("properties")
        whole = not fields or own_names(home, fields)
        record = home.record("t", None if whole else documented(home, fields))
        return listed(home, f"json({record})", scope.rows if home is scope.table else "")
    column = scope.model.state.find(name) if name else None
    if column is not None and column.type == "array":
        return state_value(column)
    if name in scope.reading.params:
        return f"json(:{name})"
    if home is not None and (column := column_for(home, name) or home.columns[home.key]):
        return listed(home, column.value("t"), scope.rows if home is scope.table else "")
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


def listed(table: Table, value: str, rows: str) -> str:
    where = f" where {rows}" if rows else ""
    inner = f"select {value} as v from {quote(table.name)} as t{where} order by t.rowid"
    wrapped = "json(v)" if value.startswith("json") else "v"
    return f"json((select json_group_array({wrapped}) from ({inner})))"


def singular_name(name: str) -> str:
    return name[:-5] if name.endswith("_list") else name


def state_value(column: Column) -> str:
    """Return a value of the one row; what a state leaves open is the same for everybody."""
    cell = f"(select {quote(column.name)} from state)"
    if column.is_json:
        return f"json({cell})"
    if column.type == "boolean":
        return f"json(case {cell} when 0 then 'false' else 'true' end)"
    return f"coalesce({cell}, {unknown(column)})"


def unknown(column: Column) -> str:
    if column.type in ("integer", "number"):
        return "0" if column.type == "integer" else "0.0"
    if column.options:
        return literal(column.options[-1])
    words = set(tokens(column.name))
    return literal("09:00 AM" if "time" in words else "unknown")


def leaf(scope: Scope, schema: Schema, name: str, kind: str) -> str:
    """Return a plain value: of the row, of the call, of the state, else derived from the call."""
    known = scope.values.get(squeeze(name))
    if known is not None:
        return known
    about = str(schema.get("description", "")).lower()
    if kind == "string" and not schema.get("enum") and REPORT.search(about):
        return scope.message or sentence(scope.reading)
    if kind == "object" and (pairs := grouped_rows(scope, about)):
        return pairs
    table = scope.table
    if table is not None and scope.row:
        column = column_for(table, name) or suffixed(table, name, scope.reading)
        if column is not None:
            return column.value("t")
    if name in scope.reading.params:
        return parameter(scope.reading, name)
    if kind == "integer" and is_total(name) and (found := counted(scope, name)):
        return found
    column = scope.model.state.find(name) or same_about(scope.model.state, schema)
    if column is not None and not (kind == "boolean" and column.type != "boolean"):
        return state_value(column)
    echoed = next((p for p in scope.reading.params if bare(p) == bare(name)), None)
    if echoed:
        return parameter(scope.reading, echoed)
    return invented(scope, schema, name, kind)


REPORT = re.compile(r"describing the result|status of the \w+ (?:operation|action|attempt)")
GROUPED = re.compile(r"(\w+) grouped by (\w+)")


def grouped_rows(scope: Scope, about: str) -> str:
    """Show the texts of rows as lists by what they refer to: "messages grouped by receiver"."""
    said = GROUPED.search(about)
    table = scope.model.tables.get(singular(said.group(1))) if said else None
    if said is None or table is None:
        return ""
    by = next(
        (c for c in table.columns.values() if singular(said.group(2)) in tokens(c.name)), None
    )
    text = next((c for c in table.columns.values() if c.type == "string" and not c.refers), None)
    if by is None or text is None:
        return ""
    inner = (
        f"select t.{quote(by.name)} as k, json_group_array(t.{quote(text.name)}) as v "
        f"from {quote(table.name)} as t group by k order by min(t.rowid)"
    )
    return f"json((select json_group_object(k, json(v)) from ({inner})))"


def same_about(state: Table, schema: Schema) -> Column | None:
    about = str(schema.get("description", "")).replace("[Optional]", "").strip()
    found = [c for c in state.columns.values() if about and c.about == about]
    return found[0] if len(found) == 1 else None


def suffixed(table: Table, name: str, reading: Reading) -> Column | None:
    """Return the column that `card_balance` is of a card: the noun before, the field after."""
    words = tokens(name)
    for column in table.columns.values():
        own = tokens(column.name)
        if words[-len(own) :] == own and set(words[: -len(own)]) <= set(table.name.split("_")):
            return column
    return None


def counted(scope: Scope, name: str) -> str:
    """Return a count of rows: `tweet_count` of a person's tweets."""
    noun = table_named(scope.model, nouns(name))
    if not noun:
        return ""
    table = scope.model.tables[noun]
    tests = [
        f"t.{quote(column.name)} = :{p}"
        for p in scope.reading.params
        if (column := table.find(p)) is not None
    ]
    where = f" where {' and '.join(tests)}" if tests else ""
    return f"(select count(*) from {quote(noun)} as t{where})"


def parameter(reading: Reading, name: str) -> str:
    kind = first_type(reading.params[name])
    if kind in ("array", "object"):
        return f"json(:{name})"
    if kind == "boolean":
        return f"json(case :{name} when 1 then 'true' when 0 then 'false' end)"
    if kind == "number":
        return f"cast(:{name} as real)"
    return f":{name}"


def invented(scope: Scope, schema: Schema, name: str, kind: str) -> str:
    """Return a value that nothing stores: success, a sentence, or a figure from the arguments."""
    if kind == "boolean":
        return "json('true')"
    if kind == "array":
        return "json_array()"
    if kind == "object":
        return "json_object()"
    if kind in ("integer", "number"):
        scale = ("", ")") if kind == "integer" else ("", " + 0.0)")
        return f"({scale[0]}{derived(scope.reading)} % 900 + 100{scale[1]}"
    options = schema.get("enum")
    if options:
        return literal(options[0])
    if not name and scope.reading.archetype in ("get", "find", "list", "compute"):
        about = " ".join(scope.reading.nouns) or "result"
        return f"{literal(about + ' ')} || ({derived(scope.reading)} % 90000 + 10000)"
    if set(tokens(name)) & (WORDS_OF_SUCCESS | {"message", "notification", "response"}) or not name:
        return scope.message or sentence(scope.reading)
    return f"'{code_word(name)}' || ({derived(scope.reading)} % 90000 + 10000)"


def code_word(name: str) -> str:
    return "" if {"zipcode", "zip", "code", "number", "id"} & set(tokens(name)) else f"{name} "


def derived(reading: Reading) -> str:
    """Return a whole number that depends on every argument, and on nothing else."""
    parts = [str(sum(map(ord, "".join(reading.nouns))))]
    for place, name in enumerate(reading.params, 3):
        cell = f"coalesce(cast(:{name} as text), '')"
        parts.append(
            f"{place} * (7 * length({cell}) + 31 * coalesce(unicode({cell}), 0)"
            f" + 13 * coalesce(unicode(substr({cell}, 2)), 0)"
            f" + 17 * coalesce(unicode(substr({cell}, -1)), 0))"
        )
    return f"(({' + '.join(parts)}) * 37)"


def sentence(reading: Reading) -> str:
    """Return what a tool that has done its work says."""
    what = " ".join(reading.nouns) or reading.verb or "call"
    done = past(reading.verb) if reading.verb else "done"
    return literal(f"{what.capitalize()} {done} successfully.")
