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
ADDRESS = re.compile(r"errors\.pydantic\.dev/[^/]+/")


def compare(row: Row) -> Iterator[str]:
    """Name every field in which our answer differs from the official one."""
    task = task_row(row["domain"], row["init_task_id"]) if row.get("init_task_id") else {}
    start = {"initial_state": task.get("initial_state")}
    world = domain(row["domain"]).world(start)
    text, error = world.respond(AUTHORS[row["requestor"]], row["tool"], row["arguments"])
    if error != row["error"]:
        yield f"error {error}, official {row['error']}"
    yield from compare_text(row, text)
    hashes = dict(zip(("db_hash", "user_db_hash"), world.digests(), strict=True))
    for name, ours in hashes.items():
        if name in row and (ours or "")[:16] != (row[name] or ""):
            yield f"{name} differs"


def compare_text(row: Row, text: str) -> Iterator[str]:
    """Compare what the row holds: the whole output, its start, or its hash.

    A validation error ends in an address that names a version: it is left out.
    """
    known = row.get("output")
    if known is None:
        if hashlib.sha256(text.encode()).hexdigest() != row["output_sha256"]:
            yield f"output {text[:CUT]!r} has another hash"
    elif ADDRESS.search(known) or "validation error" in known:
        ours = ADDRESS.sub("", text)
        theirs = ADDRESS.sub("", known)
        if ours != theirs and not (len(known) < row["output_len"] and text[:200] == known[:200]):
            yield f"output {text[:CUT]!r}, official {known[:CUT]!r}"
    elif not text.startswith(known) or len(text) != row.get("output_len", len(text)):
        yield f"output {text[:CUT]!r}, official {known[:CUT]!r}"
    elif (
        "output_sha256" in row and hashlib.sha256(text.encode()).hexdigest() != row["output_sha256"]
    ):
        yield "output differs after its first characters"


def notes() -> Iterator[str]:
    yield from ()
