"""An environment package whose tools are Python classes: the same folder, other programs.

manifest.json     as synth.package; `language` is python
tools.json        specs with response schemas and annotations
programs/         one class per tool (.py), or one module for all
states/           initial states: JSON objects
inputs/           sampled calls per tool
policy.md         the agent's policy (optional)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from synth.package import (
    SCHEMA_VERSION,
    ToolRecord,
    part,
    pretty,
    read_checked,
    record_json,
    record_of,
    sha,
)
from synth.python_world import PythonBlueprint
from synth.sandbox import DEFAULT, Limits

LANGUAGE = "python"


@dataclass(frozen=True, eq=False)
class PythonPackage:
    """A package in memory. `sources` maps a module's name to its text."""

    env_id: str
    records: tuple[ToolRecord, ...]
    sources: Mapping[str, str]
    states: Mapping[str, Mapping[str, Any]]
    inputs: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    policy: str = ""
    about: Mapping[str, Any] = field(default_factory=lambda: {"language": LANGUAGE})

    @cached_property
    def files(self) -> dict[str, str]:
        """Return the text of every file but the manifest, by relative path."""
        out = {"tools.json": pretty([record_json(record) for record in self.records])}
        out |= {f"programs/{name}.py": text for name, text in self.sources.items()}
        out |= {f"states/{name}.json": pretty(state) for name, state in self.states.items()}
        for name, rows in self.inputs.items():
            out[f"inputs/{name}.jsonl"] = "".join(json.dumps(row) + "\n" for row in rows)
        if self.policy:
            out["policy.md"] = self.policy.strip() + "\n"
        return out

    @cached_property
    def hash(self) -> str:
        """Return 16 hex digits over the environment's name and all its files."""
        lines = [f"{name}\0{sha(text)}" for name, text in sorted(self.files.items())]
        return sha("\n".join([self.env_id, *lines]))[:16]

    def blueprint(self, state_id: str, limits: Limits = DEFAULT) -> PythonBlueprint:
        """Return what opens worlds in one of the initial states."""
        if state_id not in self.states:
            known = ", ".join(self.states)
            raise UserMistake(f"{self.env_id} has no state {state_id!r}: choose from {known}")
        specs = tuple(record.spec for record in self.records)
        return PythonBlueprint(specs, self.sources, self.states[state_id], self.policy, limits)


def load_python_package(folder: Path) -> PythonPackage:
    """Read a package and check every hash. Raises UserMistake naming the file that is wrong."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        texts = {
            name: read_checked(folder, name, digest) for name, digest in manifest["files"].items()
        }
        entries = json.loads(texts["tools.json"])
    except (OSError, ValueError, KeyError) as error:
        raise UserMistake(f"{folder} is not a readable environment package: {error}") from None
    if manifest.get("schema_version") != SCHEMA_VERSION or manifest.get("language") != LANGUAGE:
        raise UserMistake(f"{folder} is no package of Python tools of version {SCHEMA_VERSION}")
    known = ("schema_version", "env_id", "hash", "files")
    return PythonPackage(
        env_id=manifest["env_id"],
        records=tuple(record_of(entry) for entry in entries),
        sources=dict(part(texts, "programs/", ".py")),
        states={name: json.loads(text) for name, text in part(texts, "states/", ".json")},
        inputs={
            name: [json.loads(line) for line in text.splitlines()]
            for name, text in part(texts, "inputs/", ".jsonl")
        },
        policy=texts.get("policy.md", ""),
        about={key: value for key, value in manifest.items() if key not in known},
    )
