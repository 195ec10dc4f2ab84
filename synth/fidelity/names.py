"""Match the names of two descriptions of one thing: fields of a state, columns of a table."""

from __future__ import annotations

from typing import Any

from synth.model import Column, Table, bare
from synth.vocabulary import singular, squeeze, tokens

FILLERS = frozenset("list record queue history map info current new the data of user_s".split())
COUNTERS = frozenset(("counter", "count"))
LEAST = 0.49


def words_of(name: str) -> frozenset[str]:
    """Return the words of a name that distinguish it."""
    found = {singular(word) for word in tokens(name)}
    found = {"counter" if word in COUNTERS else word for word in found}
    return frozenset(found - FILLERS or found)


def likeness(left: str, right: str) -> float:
    """Return 1 for the same name in another style, else the share of common words."""
    if squeeze(left) == squeeze(right) or bare(left) == bare(right):
        return 1.0
    one, other = words_of(left), words_of(right)
    return 0.99 * len(one & other) / len(one | other)


def fits_type(column: Column, value: Any) -> bool:
    """Tell whether a value can be one of a column's."""
    if value is None:
        return True
    if column.type == "boolean":
        return isinstance(value, bool)
    if column.type in ("integer", "number"):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if column.type == "array":
        return isinstance(value, list)
    if column.type == "object":
        return isinstance(value, dict)
    return isinstance(value, str)


def closeness(name: str, value: Any, column: Column) -> float:
    """Return how well a field fits a column by name; the last word counts where options fit."""
    if not fits_type(column, value):
        return 0.0
    found = likeness(name, column.name)
    same_end = tokens(name)[-1:] == tokens(column.name)[-1:]
    if found < LEAST and same_end and column.options and value in column.options:
        return LEAST
    return found


def table_for(name: str, tables: dict[str, Table]) -> Table | None:
    """Return the table whose noun a name holds: `ticket_queue`, `credit_card_list`."""
    words = {singular(word) for word in tokens(name)}
    found = [table for noun, table in tables.items() if set(noun.split("_")) <= words]
    return max(found, key=lambda table: len(table.name)) if found else None
