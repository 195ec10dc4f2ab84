"""Statuses that tools move rows through although no result documents them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from synth.model import Column, Table
from synth.reading import Reading, record_schemas
from synth.vocabulary import past, tokens

LIVES = frozenset("pending delivered active draft unpaid paid shipped processed".split())


MOVES = frozenset(
    """pay cancel approve reject complete confirm ship deliver suspend resume accept decline
    activate deactivate""".split()
)


def add_status(table: Table, own: Sequence[Reading]) -> None:
    """Add a status where tools move rows through a life that no result documents."""
    if any(r.record.response_origin == "given" and list(record_schemas(r)) for r in own):
        return
    moved = [r for r in own if r.verb in MOVES or said_status(r)]
    said = [word for r in own for word in tokens(r.name) if word in LIVES]
    if table.find("status") is None and (moved or said):
        options = dict.fromkeys([*(said or ["open"]), *(said_status(r) for r in own)])
        options |= dict.fromkeys(
            past(r.verb) for r in own if r.verb in MOVES and not said_status(r)
        )
        table.add(Column("status", "string", tuple(filter(None, options)), about="rule"))


def said_status(reading: Reading) -> str:
    """Return the status that a description says follows."""
    found = re.search(
        r"status (?:to|will be changed to|becomes) '?([A-Za-z ]+?)'?[.,;\n]", reading.about
    )
    return found.group(1).strip() if found else ""
