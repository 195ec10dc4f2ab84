"""The value of one field of a result: of the row, the call, the state, or made up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from synth.fields import is_total
from synth.model import Column, Model, Schema, Table, bare, literal
from synth.reading import Reading, key_noun
from synth.rows import quote
from synth.subjects import table_named
from synth.vocabulary import nouns, past, singular, squeeze, tokens

WORDS_OF_SUCCESS = frozenset("success status ok done result state".split())


@dataclass
class Scope:
    """Where the fields of one tool's result come from, most specific first.

    `values` are SQL expressions by squeezed field name; `row` selects one row of `table` (alias
    t); `rows` is the condition of a list of rows, `order` how it is sorted and cut; `message` is
    what a text of success says.
    """

    reading: Reading
    model: Model
    table: Table | None = None
    values: dict[str, str] = field(default_factory=dict)
    row: str = ""
    rows: str = ""
    order: str = "t.rowid"
    message: str = ""
    key: str = ""


def first_type(schema: Schema) -> str:
    kind = schema.get("type", "string" if not schema.get("properties") else "object")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "string")
    return str(kind)


def column_for(table: Table, name: str) -> Column | None:
    if key_noun(name) == table.name or name == table.key:
        return table.columns[table.key]
    return table.find(name)


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
    return derived_from(reading.params, "".join(reading.nouns))


def derived_from(params: Iterable[str], salt: str) -> str:
    parts = [str(sum(map(ord, salt)))]
    for place, name in enumerate(params, 3):
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
