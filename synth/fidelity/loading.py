"""An official state -> rows of a synthesised model, and back; what has no place is counted.

The loader matches names and forms and adds no table. Fields of a record that no column is named
like are kept with their row; whole fields of the state without a counterpart are unmapped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synth.fidelity.forms import link_of, load_count, load_nested
from synth.fidelity.links import ASIDE, SEARCHED, Link, Loaded, count_leaves
from synth.fidelity.names import LEAST, closeness
from synth.fidelity.records import to_jsonb
from synth.fidelity.showing import RENDER
from synth.fidelity.trees import load_tree
from synth.model import STATE, Column, Model, Table
from synth.templates.file_paths import TABLE as NODE

Rows = dict[str, list[list[Any]]]


@dataclass
class Loading:
    """A loaded state: rows per table, links back, names that were not mapped, leaves counted."""

    rows: Rows
    links: list[Link] = field(default_factory=list)
    unmapped: dict[str, int] = field(default_factory=dict)
    leaves: int = 0

    def tables(self) -> set[str]:
        """Return the tables whose rows the state shows, be they none."""
        found = {link.table.name for link in self.links if link.table and link.form != "count"}
        return found | {NODE for link in self.links if link.form == "tree"}

    def columns(self, model: Model) -> set[str]:
        """Return the columns of the one row that the state shows."""
        found = {link.column.name for link in self.links if link.column and link.form == "column"}
        groups = [key for link in self.links if link.form == "group" for key in link.keys]
        return found | {column.name for key in groups if (column := model.state.find(key))}


def load_state(model: Model, state: Mapping[str, Any]) -> Loading:
    """Map an official state onto a model."""
    loaded = Loaded(model, {t.name: [] for t in model.all()}, {})
    loading = Loading({}, leaves=sum(count_leaves(v) for v in state.values()))
    rest = dict(state)
    if NODE in model.tables and (link := load_tree(loaded, rest)):
        loading.links.append(link)
    for name, column in pairs(rest, model.state):
        loaded.state[column.name] = rest.pop(name)
        loading.links.append(Link(name, "column", column=column))
    for name in list(rest):
        link = link_of(loaded, name, rest[name])
        if link is not None:
            loading.links.append(link)
            rest.pop(name)
    for name in list(rest):
        link = load_count(loaded, name, rest[name])
        if link is not None:
            loading.links.append(link)
            rest.pop(name)
    load_nested(loaded, state)
    loading.unmapped = {name: count_leaves(value) for name, value in rest.items()}
    for link in loading.links:
        if link.form in ("keyed", "list") and link.rest:
            loading.unmapped[f"{link.name} (part)"] = count_leaves(link.rest)
    loading.rows = {STATE: [state_row(model, loaded.state)], **tables_of(model, loaded)}
    return loading


def pairs(state: Mapping[str, Any], table: Table) -> list[tuple[str, Column]]:
    """Pair fields with columns one to one, the most alike first."""
    scored = sorted(
        (
            (-score, name, column.name)
            for name, value in state.items()
            for column in table.columns.values()
            if column.name != table.key and (score := closeness(name, value, column)) >= LEAST
        ),
    )
    found: dict[str, str] = {}
    for _, name, column_name in scored:
        if name not in found and column_name not in found.values():
            found[name] = column_name
    return [(name, table.columns[column_name]) for name, column_name in found.items()]


def state_row(model: Model, values: Mapping[str, Any]) -> list[Any]:
    row: list[Any] = []
    for column in model.state.columns.values():
        if column.name == "id":
            row.append(1)
        elif column.name in values:
            row.append(cell(column, values[column.name]))
        else:
            row.append({"array": "[]", "object": "{}"}.get(column.type))
    return row


def cell(column: Column, value: Any) -> Any:
    """Return what SQLite holds for a JSON value of a column."""
    if column.is_json and value is not None:
        return json.dumps(value)
    if isinstance(value, (list, dict)):
        return to_jsonb(value)
    return int(value) if isinstance(value, bool) else value


def tables_of(model: Model, loaded: Loaded) -> Rows:
    """Return rows in column order; the key of hidden-key tables is the row's number."""
    found: Rows = {}
    for table in model.tables.values():
        found[table.name] = []
        for number, record in enumerate(loaded.rows[table.name], 1):
            known = {} if not table.hidden_key else {table.key: number}
            known |= {k.removeprefix(SEARCHED): v for k, v in record.items()}
            more = {k.removeprefix(ASIDE): v for k, v in record.items() if is_more(k, table)}
            values = [cell(c, known.get(c.name)) for c in table.columns.values()]
            found[table.name].append([*values, json.dumps(more)])
    return found


def is_more(name: str, table: Table) -> bool:
    """Tell whether a field stays in the record beside the columns."""
    column = table.columns.get(name)
    return not name.startswith(SEARCHED) and (column is None or column.hidden)


def render_state(
    model: Model, links: Sequence[Link], initial: Mapping[str, Any], world: Any
) -> dict[str, Any]:
    """Return our state in the official form; what is not mapped is as it was at the start."""
    out = dict(initial)
    for link in links:
        value = RENDER[link.form](link, model, world)
        if link.name:
            out[link.name] = value
    return out
