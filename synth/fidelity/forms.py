"""The forms in which states keep records: lists, dictionaries by key, pairs, nested groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from synth.fidelity.links import Link, Loaded, fits_key, is_container, key_value
from synth.fidelity.names import table_for
from synth.fidelity.records import aligned
from synth.model import Table


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
