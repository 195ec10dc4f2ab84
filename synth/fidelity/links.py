"""How a field of an official state is kept in our tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from synth.model import Column, Model, Table

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


def count_leaves(value: Any) -> int:
    if isinstance(value, dict):
        return sum(count_leaves(v) for v in value.values()) or 1
    if isinstance(value, list):
        return sum(count_leaves(v) for v in value) or 1
    return 1


def fits_key(value: Any, table: Table) -> bool:
    return isinstance(value, int) if table.key_type == "integer" else value is not None


def is_container(value: Any) -> bool:
    return isinstance(value, (list, dict))


def key_value(table: Table, key: str) -> Any:
    return int(key) if table.key_type == "integer" and key.lstrip("-").isdigit() else key
