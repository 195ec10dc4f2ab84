"""Which rows of a source are taken, so that data can be compared: of a kind, in pairs, so many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.faults import UserMistake
from train.rows import Row

CHOICES = frozenset("where paired single rows".split())


def choose(rows: Sequence[Row], source: Mapping[str, Any]) -> list[Row]:
    """Take the rows that a source asks for, in their order.

    where   {fact: value or values}: rows of which a fact is one of these
    paired  {fact: values}: rows of plans that have a row for each of the values
    single  true: rows end at their first reply with calls, which alone is learnt (a single query
            whose calls nothing answers: VULCAN's stateless data)
    rows    so many, evenly spaced

    Raises UserMistake where a fact is not known of the rows, or where there are too few.
    """
    found = list(rows)
    for fact, wanted in (source.get("paired") or {}).items():
        found = pairs(found, fact, [str(value) for value in wanted])
    for fact, wanted in (source.get("where") or {}).items():
        options = {str(value) for value in (wanted if isinstance(wanted, list) else [wanted])}
        found = [row for row in found if fact_of(row, fact) in options]
    if source.get("single"):
        found = [cut for row in found if (cut := first_calls(row)) is not None]
    wanted_rows = source.get("rows")
    if wanted_rows is None:
        return found
    if not isinstance(wanted_rows, int) or not 0 < wanted_rows <= len(found):
        raise UserMistake(
            f"data: {source['path']} gives {len(found)} rows of this kind, rows={wanted_rows}"
        )
    return [found[i * len(found) // wanted_rows] for i in range(wanted_rows)]


def fact_of(row: Row, name: str) -> str:
    """Return a fact as text: of the row's origin, or counted in its chat (`turns`, `calls`)."""
    if name == "turns":
        return str(sum(line["role"] == "user" for line in row.chat))
    if name == "calls":
        return str(sum(len(line.get("calls", ())) for line in row.chat))
    if name == "world":
        return row.world
    if name not in row.facts:
        known = ", ".join(sorted({*row.facts, "calls", "turns", "world"}))
        raise UserMistake(f"data: nothing is known of {name!r} in {row.source or row.id}: {known}")
    return str(row.facts[name])


def pairs(rows: Sequence[Row], fact: str, values: Sequence[str]) -> list[Row]:
    """Keep the rows of plans that occur with every one of the values."""
    seen: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        seen[row.plan].add(fact_of(row, fact))
    return [row for row in rows if seen[row.plan] >= set(values)]


def first_calls(row: Row) -> Row | None:
    """Cut a row after its first reply with calls, the only one learnt; None where there is none."""
    for place in row.learn:
        if row.chat[place].get("calls"):
            return replace(row, chat=row.chat[: place + 1], learn=(place,))
    return None
