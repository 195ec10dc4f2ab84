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


REQUIRED = re.compile(
    r"\b([A-Z]?[a-z]+) status must be ([A-Za-z]+(?: [A-Z][a-z]+)*)(?: or ([A-Za-z ]+?))?[.,;\n]"
)
"""What a tool's own description says of the row it is about: "Line status must be Active"."""


def required_statuses(reading: Reading) -> list[str]:
    """Return the statuses of which a description says that a row must have one."""
    found = (m.groups()[1:] for m in REQUIRED.finditer(reading.about))
    return [status.strip() for pair in found for status in pair if status]


def add_status(table: Table, own: Sequence[Reading]) -> None:
    """Add a status where tools move rows through a life that no result documents."""
    if any(r.record.response_origin == "given" and list(record_schemas(r)) for r in own):
        return
    moved = [r for r in own if r.verb in MOVES or said_status(r)]
    said = [word for r in own for word in tokens(r.name) if word in LIVES]
    said += [status for r in own for status in required_statuses(r)]
    if table.find("status") is None and (moved or said):
        options = dict.fromkeys([*(said or ["open"]), *(said_status(r) for r in own)])
        options |= dict.fromkeys(
            past(r.verb) for r in own if r.verb in MOVES and not said_status(r)
        )
        table.add(Column("status", "string", tuple(filter(None, options)), about="rule"))


def said_status(reading: Reading) -> str:
    """Return the status that a description says follows."""
    found = re.search(
        r"status (?:to|will be changed to|becomes) '?([A-Za-z_ ]+?)'?(?:[.,;\n]| and )",
        reading.about,
    )
    return found.group(1).strip() if found else ""
