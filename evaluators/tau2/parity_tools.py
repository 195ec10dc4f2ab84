"""Tool rows: one call on a fresh world; text, error flag and both database hashes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from evaluators.tau2.history import AUTHORS
from evaluators.tau2.tasks import task_row
from evaluators.tau2.worlds.domain import domain

Row = Mapping[str, Any]
CUT = 300
ADDRESS = re.compile(r"(errors\.pydantic\.dev/)[^/]+/")
PYDANTIC = [f"2.{minor}" for minor in range(4, 30)]
NEEDED = ("domain", "requestor", "tool", "arguments")


def readings(text: str) -> Iterator[str]:
    """Yield `text`, and as other versions of pydantic would end a validation error in it."""
    yield text
    if ADDRESS.search(text):
        yield from (ADDRESS.sub(rf"\g<1>{version}/", text) for version in PYDANTIC)


def compare(row: Row) -> Iterator[str]:
    """Name every field of the row in which our answer differs from the official one."""
    task = task_row(row["domain"], row["init_task_id"]) if row.get("init_task_id") else {}
    start = {"initial_state": task.get("initial_state")}
    world = domain(row["domain"]).world(start)
    text, error = world.respond(AUTHORS[row["requestor"]], row["tool"], row["arguments"])
    if error != row.get("error", error):
        yield f"error {error}, official {row['error']}"
    if not any(is_output(row, reading) for reading in readings(text)):
        yield f"output {text[:CUT]!r}, official {row.get('output', 'has another hash')[:CUT]!r}"
    hashes = dict(zip(("db_hash", "user_db_hash"), world.digests(), strict=True))
    for name, ours in hashes.items():
        if name in row and (ours or "")[:16] != (row[name] or ""):
            yield f"{name} differs"


def is_output(row: Row, text: str) -> bool:
    """Compare what the row holds of the output: all or the start of it, its length, its hash."""
    known, length, digest = (row.get(name) for name in ("output", "output_len", "output_sha256"))
    if known is not None and not text.startswith(known):
        return False
    if known not in (None, text) and length is None and digest is None and len(known) != CUT:
        return False
    if length is not None and len(text) != length:
        return False
    return digest is None or hashlib.sha256(text.encode()).hexdigest() == digest


def notes() -> Iterator[str]:
    yield from ()
