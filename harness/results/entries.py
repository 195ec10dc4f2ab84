"""Runs to set side by side: their trials per domain, and whether they may be compared at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.results.about import data_hash, info_of
from harness.results.cells import Cell
from harness.results.manifest import Json, read_manifest
from harness.results.table import gather
from harness.store import need, read_outcomes

MUST_AGREE = ("data_sha256", "grading", "reward_basis")
SHOULD_AGREE = ("version", "split", "task_ids_sha", "user", "judge", "limits", "error_policy")
CellKey = tuple[str, str]


@dataclass(frozen=True)
class Entry:
    """One run of a comparison. `name` is unique among them."""

    name: str
    folder: Path
    manifest: Json
    cells: dict[CellKey, Cell]

    @property
    def model(self) -> str:
        return str((self.manifest.get("agent") or {}).get("model") or self.name)

    def basis(self, benchmark: str) -> dict[str, str]:
        """Say on what grounds a benchmark's figures stand: equal grounds can be compared."""
        entries = {e["name"]: e for e in self.manifest.get("benchmarks", ())}
        about = entries.get(benchmark, {})
        facts = {
            **{name: about.get(name) for name in (*MUST_AGREE, *SHOULD_AGREE) if name in about},
            "data_sha256": data_hash(about.get("data_sha256")),
            "user": (self.manifest.get("user") or {}).get("model") or about.get("scripted"),
            "judge": (self.manifest.get("judge") or {}).get("model"),
            "error_policy": self.manifest.get("error_policy") or "fail",
        }
        return {name: as_text(value) for name, value in facts.items()}


def as_text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or "none"
    return json.dumps(value, sort_keys=True)


def load_entries(folders: Sequence[Path]) -> list[Entry]:
    """Load runs and name each by its model, with its run where two share one."""
    manifests = [read_manifest(need(folder)) for folder in folders]
    paths = [folder.resolve() for folder in folders]
    if len(set(paths)) < len(paths):
        twice = next(p for p in paths if paths.count(p) > 1)
        raise UserMistake(f"{twice} is given twice: name every run once")
    models = [str((m.get("agent") or {}).get("model") or m["run_id"]) for m in manifests]
    names = [
        model if models.count(model) == 1 else f"{model} ({path.name})"
        for model, path in zip(models, paths, strict=True)
    ]
    if len(set(names)) < len(names):
        names = [f"{model} ({path})" for model, path in zip(models, paths, strict=True)]
    return [
        Entry(name, folder, manifest, cells_of(folder, manifest))
        for name, folder, manifest in zip(names, folders, manifests, strict=True)
    ]


def cells_of(folder: Path, manifest: Json) -> dict[CellKey, Cell]:
    """Read the trials of a run, sorted by benchmark and domain."""
    cells, _ = gather(read_outcomes(folder).values(), info_of(manifest))
    return cells


def shared_cells(entries: Iterable[Entry]) -> list[CellKey]:
    """List the (benchmark, domain) pairs that at least two runs have."""
    counts: dict[CellKey, int] = {}
    for entry in entries:
        for key in entry.cells:
            counts[key] = counts.get(key, 0) + 1
    return sorted(key for key, count in counts.items() if count > 1)


def conflicts(
    entries: Sequence[Entry], benchmark: str, fields: Sequence[str] = MUST_AGREE
) -> list[str]:
    """Name the grounds on which runs of a benchmark differ, and who stands where."""
    bases = {entry.name: entry.basis(benchmark) for entry in entries}
    lines = []
    for field in fields:
        sides: dict[str, list[str]] = {}
        for name, basis in bases.items():
            sides.setdefault(basis.get(field, "none"), []).append(name)
        if len(sides) > 1:
            who = "; ".join(f"{value[:16]}: {', '.join(names)}" for value, names in sides.items())
            lines.append(f"{benchmark}: {field} differs ({who})")
    return lines
