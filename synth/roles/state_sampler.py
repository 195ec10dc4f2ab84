"""Role: initial states. Rules: typed values by seed, references that exist, counters that fit.

Acceptance (`check_state`): rows fill their columns, keys are unique, references exist, the image
builds; the same seed gives the same bytes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from synth.model import STATE, Column, Model, Table
from synth.roles.values import code, sample_value
from synth.templates.creating import code_form
from synth.templates.file_paths import TABLE as NODE

State = dict[str, list[list[Any]]]
ROWS = (6, 10)
FILES = """plan summary budget todo readme log letter list report invoice agenda menu diary recipe
contract poem""".split()


class StateSampler(Protocol):
    """Draw an initial state of a model (VULCAN §3.2.1 stage 4)."""

    def __call__(self, model: Model, rng: random.Random) -> State: ...


def sample_state(model: Model, rng: random.Random) -> State:
    """Draw the keys of every table, then the rows, whose references are among the keys."""
    found: State = {}
    keys: dict[str, list[Any]] = {}
    for table in model.tables.values():
        if is_tree(table):
            found[table.name] = tree(rng)
            keys[table.name] = [row[0] for row in found[table.name]]
            continue
        drawn = [key(table, place, rng) for place in range(rng.randint(*ROWS))]
        keys[table.name] = list(dict.fromkeys(drawn))
    for table in model.tables.values():
        if not is_tree(table):
            found[table.name] = [row(table, k, keys, rng) for k in keys[table.name]]
            spread(table, found[table.name])
    return {STATE: [state_row(model, found, keys, rng)], **found}


def is_tree(table: Table) -> bool:
    return table.name == NODE and "kind" in table.columns


def key(table: Table, place: int, rng: random.Random) -> Any:
    """Draw a key of the table's form: numbers in sequence, codes like the example."""
    if table.key_type != "string":
        return 1000 + place if table.counted else place + 1
    lead, width = code_form(table)
    if table.example and table.example[-1:].isdigit() and lead:
        return f"{lead}{place + 1:0{width}d}"
    if table.key == f"{table.name}_id":
        return code(table.example, rng) if table.example else f"{lead}{place + 1:0{width}d}"
    return sample_value(Column(table.key), rng, table)


def row(table: Table, own: Any, keys: Mapping[str, list[Any]], rng: random.Random) -> list[Any]:
    """Draw one row in column order, `more` last."""
    values = []
    for column in table.columns.values():
        if column.name == table.key:
            values.append(own)
        elif column.refers and keys.get(column.refers):
            values.append(reference(column, keys[column.refers], rng))
        else:
            values.append(sample_value(column, rng, table))
    shown = {
        column.name: value
        for column, value in zip(table.columns.values(), values, strict=True)
        if column.hidden
    }
    return [*values, json.dumps(shown)]


def spread(table: Table, rows: list[list[Any]]) -> None:
    """Let every status occur: what may be done with a row depends on it."""
    for place, column in enumerate(table.columns.values()):
        if column.options and column.type == "string" and not column.refers:
            for number, one in enumerate(rows):
                one[place] = column.options[number % len(column.options)]


def reference(column: Column, keys: Sequence[Any], rng: random.Random) -> Any:
    if column.type == "array":
        return json.dumps(rng.sample(list(keys), min(2, len(keys))))
    return rng.choice(list(keys))


def state_row(
    model: Model, found: State, keys: Mapping[str, list[Any]], rng: random.Random
) -> list[Any]:
    """Draw the one row of what has no key; counters follow the keys in use."""
    values: list[Any] = []
    who = person(model, found, keys, rng)
    for column in model.state.columns.values():
        noun = column.name.removesuffix("_counter")
        if column.name == "id":
            values.append(1)
        elif noun != column.name and noun in keys:
            values.append(max((k for k in keys[noun] if isinstance(k, int)), default=0) + 1)
        elif column.name in ("current_user", "username"):
            values.append(who)
        elif column.name == "authenticated":
            values.append(1)
        elif column.name == "current_working_directory":
            values.append(found[NODE][0][0])
        elif column.type == "array":
            values.append(json.dumps(names_for(column, model, keys, rng)))
        else:
            values.append(sample_value(column, rng, model.state))
    return values


def names_for(
    column: Column, model: Model, keys: Mapping[str, list[Any]], rng: random.Random
) -> list[Any]:
    """Return what a list of names holds: keys of a table that it is about, else names."""
    from synth.subjects import table_named
    from synth.vocabulary import nouns

    noun = table_named(model, (*nouns(column.name), *nouns(column.about)))
    if noun and keys.get(noun):
        return rng.sample(list(keys[noun]), min(2, len(keys[noun])))
    return [sample_value(Column("username"), rng, model.state) for _ in range(2)]


def person(model: Model, found: State, keys: Mapping[str, list[Any]], rng: random.Random) -> Any:
    """Choose who is logged in: a user of the world where it has users, an author of its rows."""
    if keys.get("user"):
        return keys["user"][0]
    name = sample_value(Column("username"), rng, model.state)
    for table in model.tables.values():
        for place, column in enumerate(table.columns.values()):
            if column.name in ("username", "created_by", "author"):
                for one in found[table.name][::2]:
                    one[place] = name
    return name


def tree(rng: random.Random) -> list[list[Any]]:
    """Draw a small tree of directories and text files, parents before children."""
    root = "/" + rng.choice(("workspace", "home", "project", "data"))
    rows: list[list[Any]] = [[root, "", root[1:], "directory", None, "{}"]]
    folders = [root]
    rows.append([f"{root}/unsorted", root, "unsorted", "directory", None, "{}"])
    for name in rng.sample(("docs", "reports", "archive", "drafts", "images", "notes"), 3):
        parent = rng.choice((root, root, folders[-1]))
        folders.append(f"{parent}/{name}")
        rows.append([f"{parent}/{name}", parent, name, "directory", None, "{}"])
    stems = rng.sample(FILES, 8)
    for stem in stems:
        parent = root if stem in stems[:6] else rng.choice(folders)
        name = f"{stem}.{rng.choice(('txt', 'md', 'csv'))}"
        lines = [sample_value(Column("content"), rng, Table(NODE, "path")) for _ in range(3)]
        rows.append([f"{parent}/{name}", parent, name, "file", "\n".join(lines), "{}"])
    return rows


def sparse_state(model: Model) -> State:
    """Return a state without rows, in which nothing is known that has no key."""
    empty = {"array": "[]", "object": "{}"}
    known = [1 if c.name == "id" else empty.get(c.type) for c in model.state.columns.values()]
    return {STATE: [known], **{name: [] for name in model.tables}}


def check_state(model: Model, state: Mapping[str, Sequence[Sequence[Any]]]) -> list[str]:
    """Return what is wrong with a state: widths, repeated keys, references to nothing."""
    wrong = []
    keys = {t.name: {r[list(t.columns).index(t.key)] for r in state[t.name]} for t in model.all()}
    for table in model.all():
        width = len(table.columns) + (table.name != STATE)
        rows = state[table.name]
        if any(len(one) != width for one in rows):
            wrong.append(f"{table.name}: a row has not {width} values")
        if len(keys[table.name]) != len(rows):
            wrong.append(f"{table.name}: a key is used twice")
        for place, column in enumerate(table.columns.values()):
            if column.refers and column.name != table.key:
                used = {v for one in rows for v in references(one[place])}
                lost = used - keys.get(column.refers, set())
                if lost:
                    wrong.append(
                        f"{table.name}.{column.name} refers to {sorted(lost, key=str)[0]!r}"
                    )
    return wrong


def references(value: Any) -> list[Any]:
    if isinstance(value, str) and value.startswith("["):
        return list(json.loads(value))
    return [] if value is None else [value]
