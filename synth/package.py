"""An environment package: a synthesised world with its data and provenance, as a folder.

    manifest.json     what it is, how it was made, licences, sha256 of every other file
    tools.json        specs with response schemas and annotations
    schema.sql        tables
    programs/         per tool a guarded SQL program (.yaml), or a class (.py) with guards if any
    states/           initial states: {table: [[column values], …]}
    inputs/           sampled calls per tool, with their stratum and expected result
    graph.json        the dependency graph (optional)
    policy.md         the agent's policy (optional)

A package's hash covers the content of its files and no clock: the same inputs give the same hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import apsw

from harness.faults import UserMistake
from harness.store import write_text
from harness.types import ToolSpec
from synth.guard import build_image
from synth.package_files import (
    AnyProgram,
    State,
    entries_text,
    program_files,
    program_of,
    rows_text,
)
from synth.rows import quote
from synth.world import Blueprint, Tool

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class ToolRecord:
    """A tool with what synthesis knows of it.

    `response` is a JSON Schema of the result (`response_origin`: given, rule or llm); `source`
    says where the spec came from. `annotations`:
      archetype  find, get, list, create, update, transition, delete, login, logout, compute, other
      entity     the table it is about
      effect     read, write, compute or auth
      params     {parameter: "table.column"}: what column a parameter's value is of
      outputs    {path: "table.column"}: the same for result fields ("$.id", "$[*].id")
      verb       how a person would say it ("cancel")
      kind       what its rows are: person, thing or event (optional)
      label      the column that people name its rows by (optional)
    """

    spec: ToolSpec
    response: Mapping[str, Any] | None = None
    response_origin: str = ""
    annotations: Mapping[str, Any] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EnvPackage:
    """A package in memory. `about` is the manifest without the hashes of the files."""

    env_id: str
    records: tuple[ToolRecord, ...]
    schema_sql: str
    programs: Mapping[str, AnyProgram]
    states: Mapping[str, State]
    inputs: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    graph: Mapping[str, Any] | None = None
    policy: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def files(self) -> dict[str, str]:
        """Return the text of every file but the manifest, by relative path."""
        tools = [record_json(record) for record in self.records]
        out = {"tools.json": entries_text(tools), "schema.sql": self.schema_sql.strip() + "\n"}
        for name, program in self.programs.items():
            out |= program_files(name, program)
        for state_id, state in self.states.items():
            out[f"states/{state_id}.json"] = rows_text(state)
        for name, rows in self.inputs.items():
            out[f"inputs/{name}.jsonl"] = "".join(json.dumps(row) + "\n" for row in rows)
        if self.graph is not None:
            out["graph.json"] = pretty(self.graph)
        if self.policy:
            out["policy.md"] = self.policy.strip() + "\n"
        return out

    @cached_property
    def hash(self) -> str:
        """Return 16 hex digits over the environment's name and all its files."""
        lines = [f"{name}\0{sha(text)}" for name, text in sorted(self.files.items())]
        return sha("\n".join([self.env_id, *lines]))[:16]

    def blueprint(self, state_id: str) -> Blueprint:
        """Return what opens worlds in one of the initial states; made once per state."""
        if state_id not in self.blueprints:
            self.blueprints[state_id] = blueprint_of(self, state_id)
        return self.blueprints[state_id]

    @cached_property
    def blueprints(self) -> dict[str, Blueprint]:
        return {}

    def __hash__(self) -> int:
        return hash(self.hash)


def blueprint_of(package: EnvPackage, state_id: str) -> Blueprint:
    """Build the database image of one initial state. Raises UserMistake where there is none."""
    if state_id not in package.states:
        known = ", ".join(package.states)
        raise UserMistake(f"{package.env_id} has no state {state_id!r}: choose from {known}")
    state = package.states[state_id]
    image = build_image(package.schema_sql, lambda connection: fill(connection, state))
    tools = {r.spec.name: Tool(r.spec, package.programs[r.spec.name]) for r in package.records}
    return Blueprint(image, tools, package.policy)


def fill(connection: apsw.Connection, state: State) -> None:
    """Insert the rows of a state in the order given; foreign keys are checked at the end."""
    for table, rows in state.items():
        for row in rows:
            marks = ", ".join("?" * len(row))
            connection.execute(f"insert into {quote(table)} values ({marks})", tuple(row))
    broken = connection.execute("pragma foreign_key_check").fetchone()
    if broken is not None:
        raise UserMistake(f"a state breaks a foreign key: {broken[0]} row {broken[1]}")


def save_package(package: EnvPackage, root: Path) -> Path:
    """Write a package below `root/<env>/<hash>/`, manifest last, and return its folder."""
    folder = root / package.env_id / package.hash
    for name, text in package.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_text(folder / name, text)
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "env_id": package.env_id,
        "hash": package.hash,
        **package.about,
        "files": {name: sha(text) for name, text in sorted(package.files.items())},
    }
    write_text(folder / "manifest.json", pretty(manifest))
    return folder


def load_package(folder: Path) -> EnvPackage:
    """Read a package and check every hash. Raises UserMistake naming the file that is wrong."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        texts = {
            name: read_checked(folder, name, digest) for name, digest in manifest["files"].items()
        }
    except (OSError, ValueError, KeyError) as error:
        raise UserMistake(f"{folder} is not a readable environment package: {error}") from None
    if manifest.get("schema_version") != SCHEMA_VERSION:
        raise UserMistake(f"{folder} has schema version {manifest.get('schema_version')}, not 1")
    records = tuple(record_of(entry) for entry in json.loads(texts["tools.json"]))
    return EnvPackage(
        env_id=manifest["env_id"],
        records=records,
        schema_sql=texts["schema.sql"],
        programs={r.spec.name: program_of(texts, r.spec) for r in records},
        states={name: json.loads(text) for name, text in part(texts, "states/", ".json")},
        inputs={
            name: [json.loads(line) for line in text.splitlines()]
            for name, text in part(texts, "inputs/", ".jsonl")
        },
        graph=json.loads(texts["graph.json"]) if "graph.json" in texts else None,
        policy=texts.get("policy.md", ""),
        about={
            k: v
            for k, v in manifest.items()
            if k not in ("schema_version", "env_id", "hash", "files")
        },
    )


def read_checked(folder: Path, name: str, digest: str) -> str:
    text = (folder / name).read_text(encoding="utf-8")
    if sha(text) != digest:
        raise ValueError(f"{name} does not have the hash that the manifest gives")
    return text


def part(texts: Mapping[str, str], prefix: str, suffix: str) -> list[tuple[str, str]]:
    return [
        (name.removeprefix(prefix).removesuffix(suffix), text)
        for name, text in texts.items()
        if name.startswith(prefix)
    ]


def record_json(record: ToolRecord) -> dict[str, Any]:
    return {
        "name": record.spec.name,
        "description": record.spec.description,
        "parameters": record.spec.parameters,
        "response": record.response,
        "response_origin": record.response_origin,
        "annotations": record.annotations,
        "source": record.source,
    }


def record_of(entry: Mapping[str, Any]) -> ToolRecord:
    spec = ToolSpec(entry["name"], entry["description"], entry["parameters"])
    return ToolRecord(
        spec, entry["response"], entry["response_origin"], entry["annotations"], entry["source"]
    )


def pretty(data: Any) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
