"""Create rows: keys, given values, who does it, the first status, what it costs."""

from __future__ import annotations

import re

from synth.expressions import Scope, derived, first_type
from synth.model import Column, Model, Table, literal
from synth.program import Step
from synth.reading import Reading
from synth.render import returned
from synth.rows import quote
from synth.templates import money, session
from synth.templates.drafts import Draft, let, run
from synth.templates.fields import annotated, column_of_parameter
from synth.templates.row_guards import common
from synth.vocabulary import past, squeeze, tokens

INITIAL = ("open", "pending", "active", "new", "created", "scheduled")


def new_key(table: Table) -> tuple[list[Step], list[Step]]:
    """Return the steps that choose a key (before) and count it (after)."""
    key = quote(table.key)
    if table.counted:
        counter = quote(f"{table.name}_counter")
        most = f"select max({key}) + 1 from {quote(table.name)}"
        sql = f"select coalesce((select {counter} from state), ({most}), 1)"
        return [let("new_key", sql)], [run(f"update state set {counter} = :new_key + 1")]
    if table.key_type == "integer":
        sql = f"select coalesce(max({key}), 0) + 1 from {quote(table.name)}"
        return [let("new_key", sql)], []
    lead, width = code_form(table)
    number = f"max(cast(substr({key}, {len(lead) + 1}) as integer))"
    following = f"coalesce({number}, 0) + 1"
    padded = f"substr('{'0' * width}' || ({following}), -max({width}, length({following})))"
    where = f" where {key} like {literal(lead + '%')}" if lead else ""
    return [
        let("new_key", f"select {literal(lead)} || {padded} from {quote(table.name)}{where}")
    ], []


def code_form(table: Table) -> tuple[str, int]:
    """Return prefix and number of digits of a text key, from the example in the docs."""
    found = re.fullmatch(r"(\D*)(\d+)", table.example or "")
    if found:
        return found.group(1), len(found.group(2))
    return "" if table.example.isdigit() else f"{table.name.upper()[:3]}", 4


def create(reading: Reading, model: Model, table: Table) -> Draft:
    """Insert a row: what is given, who does it, the first status, what it costs."""
    before, after = new_key(table)
    values = {table.key: ":new_key"}
    given = column_values(reading, table)
    values |= given
    for column in table.columns.values():
        if column.name in values:
            continue
        filled = default_value(reading, model, table, column)
        if filled:
            values[column.name] = filled
    steps = common(reading, model)
    if table.hidden_key:
        before = [let("new_key", f"select coalesce(max(row_id), 0) + 1 from {quote(table.name)}")]
    if not table.hidden_key and table.key in given:
        before, after = [], []
    paid = money.payment(reading, model, table, values)
    names = ", ".join(map(quote, values))
    insert = f"insert into {quote(table.name)} ({names}) values ({', '.join(values.values())})"
    steps += [*paid[0], *before, run(insert), *after, *paid[1]]
    scope = Scope(reading, model, table, row=f"t.{quote(table.key)} = :new_key")
    scope.message = done(reading, table, ":new_key")
    return annotated(reading, model, table, Draft(steps, returned(scope), "create", "write"))


def column_values(reading: Reading, table: Table) -> dict[str, str]:
    """Return what a call gives: {column: expression}."""
    found = {}
    for name, schema in reading.params.items():
        column = column_of_parameter(reading, table, name)
        if column is not None:
            blank = "'[]'" if first_type(schema) == "array" else "null"
            found[column.name] = f"coalesce(:{name}, {blank})" if blank != "null" else f":{name}"
    return found


def default_value(reading: Reading, model: Model, table: Table, column: Column) -> str:
    """Return what a new row has in a column that the call does not give."""
    who = session.owner(column, model)
    if who:
        return who
    if squeeze(column.name) == "status":
        return literal(first_status(column, table))
    if column.type == "number" and {"cost", "price", "fee", "total"} & set(tokens(column.name)):
        return money.price(reading, model, column)
    if column.type == "array":
        return "'[]'"
    if column.type == "object":
        return "'{}'"
    if tokens(column.name)[-1:] == ("id",) and not column.refers:
        return f"cast({derived(reading)} + length(:new_key) as text)"
    if {"timestamp", "time", "date"} & set(tokens(column.name)) and column.type == "string":
        return now(column)
    return ""


def now(column: Column) -> str:
    """Return the moment of a world in which no time passes, or its day."""
    return literal("2026-01-01 09:00:00"[: 10 if tokens(column.name)[-1:] == ("date",) else 19])


def first_status(column: Column, table: Table) -> str:
    """Return the status that life begins with: an option that says so, else `Open`."""
    for option in column.options:
        if option.lower() in INITIAL:
            return option
    return column.options[0] if column.options else "Open"


def done(reading: Reading, table: Table, key: str) -> str:
    noun = table.name.replace("_", " ").capitalize()
    verb = past(reading.verb) if reading.verb else "changed"
    return f"'{noun} ' || {key} || ' has been {verb} successfully.'"
