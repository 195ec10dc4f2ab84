"""The one row of a world: what tools show and set that has no key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from synth.fields import STATUSES
from synth.model import Model, Schema, Table, column_of
from synth.reading import Reading, leaves
from synth.vocabulary import tokens


def add_state(model: Model, readings: Sequence[Reading]) -> None:
    """Add to the one-row table what tools without a subject show and set."""
    for reading in readings:
        options = [p for p, schema in reading.params.items() if schema.get("enum")]
        wrapped = any(part.get("properties") for _, _, part in leaves(reading.response))
        asks = len(options) == len(reading.params) and (not options or wrapped)
        shows = reading.archetype in ("get", "list", "find") and asks
        if reading.subject or not (shows or reading.archetype in ("update", "create", "delete")):
            continue
        for _, name, schema in shown_values(reading.response):
            add_state_field(model.state, name, schema)
        if reading.archetype in ("update", "create"):
            for name, schema in reading.params.items():
                add_setting(model, reading, name, schema)


def shown_values(schema: Schema) -> Iterator[tuple[str, str, Schema]]:
    """Walk the values of a result: wrappers are entered, values with parts are whole."""
    for path, name, part in leaves({**schema, "items": None}):
        inside = any(path.startswith(f"{whole}.") for whole in wholes(schema))
        if not inside and not (part.get("properties") and has_leaves(part)):
            yield path, name, part


def wholes(schema: Schema) -> list[str]:
    return [p for p, _, part in leaves(schema) if part.get("properties") and not has_leaves(part)]


def add_state_field(state: Table, name: str, schema: Schema) -> None:
    """Add a shown field, under the name it is first shown by; one description is one field."""
    words = set(tokens(name))
    reports = schema.get("type") == "boolean" and STATUSES & words
    if words <= STATUSES | {"notification"} or reports:
        return
    about = plain_about(schema)
    for column in state.columns.values():
        if about and column.about == about and column.type == schema.get("type"):
            return
    plain = re.sub(r"^(?:_+|new_|updated_)", "", name)
    column = column_of(plain, schema)
    column.about = about
    state.add(column)


def has_leaves(schema: Schema) -> bool:
    """Tell a wrapper from a value with parts: the parts of a value are alike and closed."""
    parts = list(schema["properties"].values())
    options = [tuple(part.get("enum", ())) for part in parts]
    return not (len(parts) > 1 and options[0] and len(set(options)) == 1)


def plain_about(schema: Schema) -> str:
    return str(schema.get("description", "")).replace("[Optional]", "").strip()


def add_setting(model: Model, reading: Reading, name: str, schema: Schema) -> None:
    """Add what a parameter sets when the result shows nothing that could be it."""
    shown = [n for _, n, p in leaves(reading.response) if not set(tokens(n)) <= STATUSES]
    if not shown and schema.get("type") != "boolean" and reading.verb in ("set", "change"):
        model.state.add(column_of(name, schema))
