"""Run recorded official tau2 tool calls in worlds synthesised from the tool schemas alone.

Every recorded call starts from the official database, as its task initialises it. Where the
recording cut an output short, it is taken from this project's own world of the domain, if that
gives text of the recorded length and hash; else error or success is compared only.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evaluators.tau2.tasks import task_row
from evaluators.tau2.worlds.domain import domain
from evaluators.tau2.worlds.world import World as OfficialWorld
from harness.faults import ToolFault, UserMistake
from synth.environments import World, build_world
from synth.fidelity import compare
from synth.fidelity.loading import load_state
from synth.guard import build_image
from synth.package import fill
from synth.policy import apply_policy
from synth.sources import tau2_domain
from synth.world import Blueprint, SqlWorld, Tool

DOMAINS = ("retail", "airline", "telecom", "mock")


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
    """A synthesised domain with an official database in it."""

    blueprint: Blueprint
    texts: frozenset[str]
    unmapped: Mapping[str, int]
    leaves: int


@cache
def synthesised(name: str) -> World:
    """Return the world of one domain, made from its schemas and its policy alone."""
    return apply_policy(build_world(tau2_domain(name)))


def official(name: str, task_id: str | None) -> OfficialWorld:
    """Return the official world of a domain as a task, or nothing, initialises it."""
    start = task_row(name, task_id).get("initial_state") if task_id else None
    return domain(name).world({"initial_state": start})


@cache
def open_domain(name: str, task_id: str | None = None) -> Opened:
    """Load the database of a domain, as a task initialises it, into the synthesised world."""
    world, store = synthesised(name), official(name, task_id).agent.store
    database = {section: store.whole(section) for section in store.base.root}
    loading = load_state(world.model, database)
    image = build_image(world.schema_sql, lambda c: fill(c, loading.rows))
    tools = {r.spec.name: Tool(r.spec, world.programs[r.spec.name]) for r in world.records}
    texts = frozenset(compare.texts_in(database))
    return Opened(Blueprint(image, tools), texts, loading.unmapped, loading.leaves)


def compare_file(path: Path, names: tuple[str, ...] = DOMAINS) -> Iterator[Row]:
    """Compare every call of an agent's tool in the recording that is of one of the domains."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if row["domain"] in names and row["requestor"] == "assistant":
                    yield compare_row(row)
    except OSError as error:
        raise UserMistake(f"cannot read {path}: {error}") from None


def compare_row(row: Mapping[str, Any]) -> Row:
    """Run one recorded call in our world."""
    name, arguments = row["tool"], row["arguments"]
    opened = open_domain(row["domain"], row.get("init_task_id"))
    refused, ours = run(SqlWorld(opened.blueprint), name, arguments)
    text = whole_output(row)
    theirs = compare.parsed(row.get("output", "") if text is None else text)
    status = bool(row["error"]) == refused
    known = opened.texts | frozenset(compare.texts_in(arguments))
    agree: tuple[bool | None, ...] = (None, None, None)
    if text is not None and row["error"]:
        agree = (status, status, status and theirs == ours)
    elif text is not None:
        agree = (
            status and compare.shape_agrees(theirs, ours),
            status and compare.data_agrees(theirs, ours, known),
            status and theirs == ours,
        )
    return Row(row["id"], row["domain"], name, arguments, theirs, ours, status, *agree)


def whole_output(row: Mapping[str, Any]) -> str | None:
    """Return the official output, recorded or worked out and checked; None if neither."""
    output: str = row.get("output", "")
    if len(output) == row["output_len"]:
        return output
    world = official(row["domain"], row.get("init_task_id"))
    text, _ = world.respond("agent", row["tool"], row["arguments"])
    return text if hashlib.sha256(text.encode()).hexdigest() == row["output_sha256"] else None


def run(world: SqlWorld, name: str, arguments: Mapping[str, Any]) -> tuple[bool, Any]:
    """Return (refused, result)."""
    if name not in world.allowed:
        return True, {"error": f"{name} has no program"}
    try:
        return False, compare.parsed(world.run(name, arguments))
    except ToolFault as fault:
        return True, json.loads(str(fault))
