"""Run recorded official tau2 tool calls in worlds synthesised from the tool schemas alone.

Every recorded call starts from the official database. Outputs that the recording cut short are
compared in error or success only. These domains were not looked at while rules were tuned.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.faults import ToolFault, UserMistake
from synth.environments import build_world
from synth.fidelity import compare
from synth.fidelity.loading import load_state
from synth.guard import build_image
from synth.package import fill
from synth.policy import apply_policy
from synth.sources import tau2_domain
from synth.world import Blueprint, SqlWorld, Tool

DOMAINS = ("retail", "airline")


@dataclass(frozen=True)
class Row:
    """How one recorded call compares; shape and the rest are None where the output is cut."""

    id: str
    domain: str
    tool: str
    arguments: Mapping[str, Any]
    official: Any
    ours: Any
    status: bool
    shape: bool | None
    data: bool | None
    exact: bool | None


@dataclass(frozen=True)
class Opened:
    """A synthesised domain with the official database in it."""

    blueprint: Blueprint
    texts: frozenset[str]
    unmapped: Mapping[str, int]
    leaves: int


def open_domain(name: str, root: Path) -> Opened:
    """Synthesise a domain and load the official database."""
    world = apply_policy(build_world(tau2_domain(name, root)))
    database = json.loads((root / "domains" / name / "db.json").read_text(encoding="utf-8"))
    loading = load_state(world.model, database)
    image = build_image(world.schema_sql, lambda c: fill(c, loading.rows))
    tools = {r.spec.name: Tool(r.spec, world.programs[r.spec.name]) for r in world.records}
    texts = frozenset(compare.texts_in(database))
    return Opened(Blueprint(image, tools), texts, loading.unmapped, loading.leaves)


def compare_file(path: Path, opened: Mapping[str, Opened]) -> Iterator[Row]:
    """Compare every row of the recording that is of an opened domain."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if row["domain"] in opened and row["requestor"] == "assistant":
                    yield compare_row(row, opened[row["domain"]])
    except OSError as error:
        raise UserMistake(f"cannot read {path}: {error}") from None


def compare_row(row: Mapping[str, Any], opened: Opened) -> Row:
    name, arguments = row["tool"], row["arguments"]
    refused, ours = run(SqlWorld(opened.blueprint), name, arguments)
    whole = "output" in row and len(row["output"]) == row["output_len"]
    official = compare.parsed(row["output"]) if whole else row.get("output")
    status = bool(row["error"]) == refused
    known = opened.texts | frozenset(compare.texts_in(arguments))
    agree: tuple[bool | None, ...] = (None, None, None)
    if whole and row["error"]:
        agree = (status, status, status and official == ours)
    elif whole:
        agree = (
            status and compare.shape_agrees(official, ours),
            status and compare.data_agrees(official, ours, known),
            status and official == ours,
        )
    return Row(row["id"], row["domain"], name, arguments, official, ours, status, *agree)


def run(world: SqlWorld, name: str, arguments: Mapping[str, Any]) -> tuple[bool, Any]:
    if name not in world.allowed:
        return True, {"error": f"{name} has no program"}
    try:
        return False, compare.parsed(world.run(name, arguments))
    except ToolFault as fault:
        return True, json.loads(str(fault))
