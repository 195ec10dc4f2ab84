"""Our tables in the form of the official state."""

from __future__ import annotations

from typing import Any

from synth.fidelity.links import Link
from synth.fidelity.records import records_of, stored
from synth.model import Model
from synth.rows import quote
from synth.world import SqlWorld


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
    assert link.table is not None
    assert link.column is not None
    out: dict[str, list[Any]] = {key: [] for key in link.rest}
    for record in records_of(link.table, world):
        key = str(record.pop(link.column.name, ""))
        record.pop(link.table.key, None)
        out.setdefault(key, []).append(record)
    return out


def show_pairs(link: Link, model: Model, world: SqlWorld) -> Any:
    assert link.table is not None
    assert link.column is not None
    rows = records_of(link.table, world)
    return {str(r.get(link.column.name)): r[link.table.key] for r in rows}


def show_acts(link: Link, model: Model, world: SqlWorld) -> Any:
    assert link.table is not None
    assert link.column is not None
    out: dict[str, list[Any]] = {key: [] for key in link.rest}
    for record in records_of(link.table, world):
        out.setdefault(str(record[link.column.name]), []).append(record[link.keys[0]])
    return out


def show_messages(link: Link, model: Model, world: SqlWorld) -> Any:
    assert link.table is not None
    assert link.column is not None
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
