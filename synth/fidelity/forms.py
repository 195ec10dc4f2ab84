"""The forms in which states keep records: lists, dictionaries by key, pairs, nested groups."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from synth.fidelity.names import LEAST, likeness, table_for
from synth.model import MORE, Column, Model, Table
from synth.world import SqlWorld, quote


SEARCHED = "?"
"""Marks a value found deeper in a record, for a column that is only searched by."""
ASIDE = "="
"""Marks a field that a column is named like but cannot hold."""


@dataclass
class Loaded:
    """A state while it is loaded: records per table, values of the one row."""

    model: Model
    rows: dict[str, list[dict[str, Any]]]
    state: dict[str, Any]


@dataclass
class Link:
    """How one field of the official state is kept, so that ours can be shown in its form."""

    name: str
    form: str
    table: Table | None = None
    column: Column | None = None
    keys: tuple[str, ...] = ()
    rest: Any = None

    def render(self, model: Model, world: SqlWorld) -> Any:
        return RENDER[self.form](self, model, world)


def count_leaves(value: Any) -> int:
    if isinstance(value, dict):
        return sum(count_leaves(v) for v in value.values()) or 1
    if isinstance(value, list):
        return sum(count_leaves(v) for v in value) or 1
    return 1


def link_of(loaded: Loaded, name: str, value: Any) -> Link | None:
    """Load one field of the state and return how; None where it has no place."""
    table = table_for(name, loaded.model.tables)
    for load in (load_group, load_acts, load_children, load_keyed, load_list, load_pairs):
        link = load(loaded, name, value, table)
        if link is not None:
            return link
    return load_messages(loaded, name, value)


def load_group(loaded: Loaded, name: str, value: Any, table: Table | None) -> Link | None:
    """A dictionary of plain values whose names are columns of the one row: an account."""
    if not isinstance(value, dict) or not value or table is not None:
        return None
    known = {}
    for key, item in value.items():
        column = loaded.model.state.find(key)
        if column is None or isinstance(item, (dict, list)):
            return None
        known[key] = column.name
        loaded.state[column.name] = item
    return Link(name, "group", keys=tuple(known))


def load_keyed(loaded: Loaded, name: str, value: Any, table: Table | None) -> Link | None:
    """A dictionary of records by key; entries that are no records are kept aside."""
    if not isinstance(value, dict) or table is None or table.hidden_key:
        return None
    records = {k: v for k, v in value.items() if isinstance(v, dict)}
    aside = {k: v for k, v in value.items() if not isinstance(v, dict)}
    if aside and not records and table.key_type == "string":
        return None
    for key, record in records.items():
        value_of_key = key_value(table, key)
        if not fits_key(value_of_key, table):
            aside[key] = record
            continue
        loaded.rows[table.name].append({**aligned(record, table), table.key: value_of_key})
    return Link(name, "keyed", table, rest=aside)


def load_list(loaded: Loaded, name: str, value: Any, table: Table | None) -> Link | None:
    """A list of records."""
    if not isinstance(value, list) or table is None or not all(isinstance(v, dict) for v in value):
        return None
    aside = []
    for place, record in enumerate(value):
        row = aligned(record, table)
        if table.hidden_key or fits_key(row.get(table.key), table):
            loaded.rows[table.name].append(row)
        else:
            aside.append((place, record))
    return Link(name, "list", table, rest=aside)


def fits_key(value: Any, table: Table) -> bool:
    return isinstance(value, int) if table.key_type == "integer" else value is not None


def load_children(loaded: Loaded, name: str, value: Any, table: Table | None) -> Link | None:
    """A dictionary of lists of records by the key of another table: comments by post."""
    if not isinstance(value, dict) or table is None or not table.parent:
        return None
    if not all(isinstance(v, list) for v in value.values()):
        return None
    parent = loaded.model.tables[table.parent]
    column = f"{parent.name}_id"
    for key, records in value.items():
        for record in records:
            loaded.rows[table.name].append(
                {**aligned(record, table), column: key_value(parent, key)}
            )
    return Link(name, "children", table, column=table.columns[column], rest=sorted(value))


def load_pairs(loaded: Loaded, name: str, value: Any, table: Table | None) -> Link | None:
    """A dictionary from a text to a key: people's names to their ids."""
    if not isinstance(value, dict) or table is None or table.hidden_key or not value:
        return None
    texts = [c for c in table.columns.values() if c.type == "string" and c.name != table.key]
    keyed = table.key_type == "string" and all(isinstance(v, str) for v in value.values())
    if not texts or not keyed:
        return None
    for text, key in value.items():
        loaded.rows[table.name].append({table.key: key, texts[0].name: text})
    return Link(name, "pairs", table, column=texts[0])


def load_acts(loaded: Loaded, name: str, value: Any, table: Table | None) -> Link | None:
    """A dictionary of lists of keys by who did it: what people have shared."""
    if not isinstance(value, dict) or table is None or not table.hidden_key:
        return None
    reference = next((c for c in table.columns.values() if c.refers), None)
    who = next((c for c in table.columns.values() if c.type == "string" and not c.refers), None)
    lists = all(isinstance(v, list) and not any(map(is_container, v)) for v in value.values())
    if reference is None or who is None or len(table.columns) != 3 or not lists:
        return None
    for person, keys in value.items():
        loaded.rows[table.name] += [{who.name: person, reference.name: key} for key in keys]
    return Link(name, "acts", table, column=who, keys=(reference.name,), rest=sorted(value))


def load_nested(loaded: Loaded, state: Any) -> None:
    """Fill tables that no field of the state is, from records inside others' that have their key.

    A product's variants by `item_id` are items. They are copies: what changes one does not show
    in the other.
    """
    for table in loaded.model.tables.values():
        if loaded.rows[table.name] or table.hidden_key or table.key == "id":
            continue
        seen: dict[Any, dict[str, Any]] = {}
        for key, record in entries(state):
            if record.get(table.key) == key and fits_key(key, table):
                seen.setdefault(key, aligned(record, table))
        loaded.rows[table.name] = list(seen.values())


def entries(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every (key, record) of dictionaries of records at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, dict):
                yield key, inner
            yield from entries(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from entries(inner)


def is_container(value: Any) -> bool:
    return isinstance(value, (list, dict))


def load_count(loaded: Loaded, name: str, value: Any) -> Link | None:
    """A number of rows, where it is that at the start."""
    table = table_for(name, loaded.model.tables)
    counts = isinstance(value, int) and name.endswith(("_count", "Count"))
    if table is None or not counts or len(loaded.rows[table.name]) != value:
        return None
    return Link(name, "count", table)


def load_messages(loaded: Loaded, name: str, value: Any) -> Link | None:
    """A list of single pairs (key of another table, text): what was sent to whom."""
    if not isinstance(value, list) or not value:
        return None
    if not all(isinstance(v, dict) and len(v) == 1 for v in value):
        return None
    for table in loaded.model.tables.values():
        reference = next((c for c in table.columns.values() if c.refers), None)
        text = next(
            (c for c in table.columns.values() if c.type == "string" and not c.refers), None
        )
        if reference is None or text is None or loaded.rows[table.name]:
            continue
        counter = loaded.state.get(f"{table.name}_counter")
        start = counter - len(value) if isinstance(counter, int) else 1
        for number, pair in enumerate(value, start):
            who, what = next(iter(pair.items()))
            key = number if table.key_type == "integer" else str(number)
            loaded.rows[table.name].append({table.key: key, reference.name: who, text.name: what})
        return Link(name, "messages", table, column=text, keys=(reference.name,))
    return None


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
    for column in table.columns.values():
        if column.hidden and column.name not in found:
            inner = nested(record, column.name)
            if inner is not None:
                found[f"{SEARCHED}{column.name}"] = inner
    return found


def fits_shape(column: Column, value: Any) -> bool:
    """Tell whether a column can hold a value: containers only where it holds such."""
    kinds = {"array": list, "object": dict}
    return (
        value is None
        or isinstance(value, (list, dict)) == column.is_json
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


def key_value(table: Table, key: str) -> Any:
    return int(key) if table.key_type == "integer" and key.lstrip("-").isdigit() else key


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
        out.append(record | json.loads(row[-1]))
    return out


def json_value(column: Column, value: Any) -> Any:
    if column.is_json and isinstance(value, str):
        return json.loads(value)
    if isinstance(value, str) and value[:1] in "[{" and not column.is_json:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return bool(value) if column.type == "boolean" else value


def stored(world: SqlWorld, column: Column) -> Any:
    value = world.own(f"select {quote(column.name)} from state")[0][0]
    return None if value is None else json_value(column, value)


def show_column(link: Link, model: Model, world: SqlWorld) -> Any:
    assert link.column is not None
    return stored(world, link.column)


def show_group(link: Link, model: Model, world: SqlWorld) -> Any:
    found = {key: model.state.find(key) for key in link.keys}
    return {key: stored(world, column) for key, column in found.items() if column is not None}


def show_keyed(link: Link, model: Model, world: SqlWorld) -> Any:
    assert link.table is not None
    out: dict[str, Any] = {}
    for record in records_of(link.table, world):
        key = str(record[link.table.key])
        if link.table.key != "id":
            record.pop(link.table.key)
        out[key] = record
    return out | (link.rest or {})


def show_list(link: Link, model: Model, world: SqlWorld) -> Any:
    assert link.table is not None
    hidden = link.table.key if link.table.hidden_key else ""
    records = records_of(link.table, world)
    out = [{k: v for k, v in record.items() if k != hidden} for record in records]
    for place, record in link.rest or ():
        out.insert(place, record)
    return out


def show_children(link: Link, model: Model, world: SqlWorld) -> Any:
    assert link.table is not None and link.column is not None
    out: dict[str, list[Any]] = {key: [] for key in link.rest}
    for record in records_of(link.table, world):
        key = str(record.pop(link.column.name, ""))
        record.pop(link.table.key, None)
        out.setdefault(key, []).append(record)
    return out


def show_pairs(link: Link, model: Model, world: SqlWorld) -> Any:
    assert link.table is not None and link.column is not None
    rows = records_of(link.table, world)
    return {str(r.get(link.column.name)): r[link.table.key] for r in rows}


def show_acts(link: Link, model: Model, world: SqlWorld) -> Any:
    assert link.table is not None and link.column is not None
    out: dict[str, list[Any]] = {key: [] for key in link.rest}
    for record in records_of(link.table, world):
        out.setdefault(str(record[link.column.name]), []).append(record[link.keys[0]])
    return out


def show_messages(link: Link, model: Model, world: SqlWorld) -> Any:
    assert link.table is not None and link.column is not None
    rows = records_of(link.table, world)
    return [{r[link.keys[0]]: r.get(link.column.name)} for r in rows]


def show_count(link: Link, model: Model, world: SqlWorld) -> Any:
    assert link.table is not None
    return world.own(f"select count(*) from {quote(link.table.name)}")[0][0]


def show_tree(link: Link, model: Model, world: SqlWorld) -> Any:
    from synth.fidelity.trees import render_tree

    return render_tree(world, link.rest)


RENDER = {
    "column": show_column,
    "group": show_group,
    "keyed": show_keyed,
    "list": show_list,
    "children": show_children,
    "pairs": show_pairs,
    "messages": show_messages,
    "count": show_count,
    "acts": show_acts,
    "tree": show_tree,
}
NEAR = (LEAST, likeness)
