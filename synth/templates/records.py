"""Records under keys: create, get, list, find, change, move to another status, delete."""

from __future__ import annotations

import re
from collections.abc import Mapping

from synth.expressions import Scope, first_type
from synth.model import Model, Table, bare
from synth.reading import Reading
from synth.render import returned
from synth.rows import quote
from synth.subjects import kinds_of
from synth.templates import session
from synth.templates.changing import change, delete_matching
from synth.templates.creating import create
from synth.templates.drafts import Draft, exists, let, require
from synth.templates.fields import annotated, filter_tests, key_parameter, order_of
from synth.templates.row_guards import common, owned


def write(reading: Reading, model: Model) -> Draft | None:
    """Write a tool about a table."""
    table = model.tables.get(reading.subject)
    if table is None:
        return of_any_kind(reading, model)
    keyed = key_parameter(reading, table)
    if reading.archetype == "create" and not keyed:
        return create(reading, model, table)
    if reading.archetype in ("create", "update", "delete", "other") and keyed:
        return change(reading, model, table, keyed)
    if reading.archetype == "delete":
        return delete_matching(reading, model, table)
    if keyed and reading.archetype in ("get", "find", "list", "compute"):
        return get(reading, model, table, keyed)
    if reading.archetype in ("get", "find", "list"):
        return find(reading, model, table)
    return None


def get(reading: Reading, model: Model, table: Table, keyed: str) -> Draft:
    """Return one row, or a part of it."""
    optional = keyed not in reading.required
    steps = [*session.guards(reading, model), exists(table, keyed, optional=optional)]
    if not optional:
        steps += [s for s in common(reading, model, keyed) if s not in steps]
        steps += owned(reading, model, table, keyed)
    scope = Scope(reading, model, table, row=f"t.{quote(table.key)} = :{keyed}")
    status = table.find("status")
    if first_type(reading.response) == "string" and status is not None:
        scope.key = status.value("t")
    draft = Draft(steps, returned(scope), "get", "read")
    return annotated(reading, model, table, draft)


def find(reading: Reading, model: Model, table: Table) -> Draft:
    """Return rows, or one field of the one row, that the parameters describe."""
    steps = common(reading, model)
    tests = [test for name in reading.params for test in filter_tests(reading, table, name)]
    who = personal_filter(reading, model, table)
    rows = " and ".join([*tests, *who])
    response = reading.response
    fields = response.get("properties") or {}
    scope = Scope(reading, model, table, rows=rows, order=order_of(reading, table))
    if is_single(reading, fields, table):
        where = f"({rows})" if rows else "1"
        sql = f"select exists (select 1 from {quote(table.name)} as t where {where})"
        steps.append(require(sql, f"{table.name} not found"))
        first = f"t.rowid = (select min(t.rowid) from {quote(table.name)} as t where {where})"
        scope.row, scope.rows = first, ""
        scope.key = table.columns[table.key].value("t")
    draft = Draft(steps, returned(scope), "find" if reading.params else "list", "read")
    return annotated(reading, model, table, draft)


def is_single(reading: Reading, fields: Mapping[str, Mapping[str, object]], table: Table) -> bool:
    """Tell whether one row is meant: a lookup of a field by other fields."""
    kinds = {first_type(part) for part in fields.values()}
    if not fields:
        return first_type(reading.response) not in ("array", "object") and bool(reading.params)
    return bool(reading.params) and not kinds & {"array", "object"}


def of_any_kind(reading: Reading, model: Model) -> Draft | None:
    """Return the row that a key names in whichever of several tables has it."""
    tables = [model.tables[noun] for noun in kinds_of(reading)]
    if not tables:
        return None
    name = next(iter(reading.params))
    rows = [
        f"(select {table.record('t')} from {quote(table.name)} as t "
        f"where t.{quote(table.key)} = :{name})"
        for table in tables
    ]
    found = let("found", f"select coalesce({', '.join([*rows, 'null'])})")
    known = require("select :found is not null", f"nothing of key {{{name}}} found")
    steps = [*session.guards(reading, model), found, known]
    first = tables[0]
    params = {name: f"{first.name}.{first.key}"}
    return Draft(steps, "select :found", "get", "read", entity=first.name, params=params)


def personal_filter(reading: Reading, model: Model, table: Table) -> list[str]:
    """Restrict to what belongs to whoever is logged in, where a tool says so."""
    if not re.search(r"(?:by|of|for) the (?:current|authenticated) user", reading.about.lower()):
        return []
    for column in table.columns.values():
        who = session.owner(column, model)
        if who:
            return [f"t.{quote(column.name)} = {who}"]
    return []


def key_of(model: Model, noun: str) -> str:
    return f"{noun}.{model.tables[noun].key}"


def same(left: str, right: str) -> bool:
    return bare(left) == bare(right)
