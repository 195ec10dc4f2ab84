"""What a run is of: the facts about a benchmark that tables and manifests carry."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from harness.benchmark import Benchmark

Info = Mapping[str, Any]
SEATS = {"agent": "model", "user": "user_model", "judge": "judge_model"}
RUN_FACTS = ("run_id", "trials", "error_policy", "scripted", "training", "recipe", "agent_party")


def describe(benchmark: Benchmark, split: str = "") -> dict[str, Any]:
    """Say of a benchmark what a table and a manifest must know: an `info["benchmarks"]` entry.

    `notes` may name its `split`, `grading` (the version of its scoring rules) and `reward_basis`:
    results that differ in one of them are never ranked together.
    """
    tasks = [task for task in benchmark.tasks if task.scored]
    notes = {name: note for name, note in benchmark.notes.items() if is_plain(note)}
    return {
        "version": benchmark.version,
        "split": split or str(notes.get("split") or ""),
        "grading": str(notes.get("grading") or ""),
        "reward_basis": notes.get("reward_basis"),
        "data_sha256": dict(benchmark.data_sha256),
        "n_tasks": len(tasks),
        "task_ids_sha": names_hash(task.id for task in tasks),
        "scripted": scripted_parties(notes),
        "limits": limits_of(benchmark),
        "notes": notes,
        "tasks": {task.id: task.domain for task in tasks},
        "unscored": [task.id for task in benchmark.tasks if not task.scored],
        "clusters": {task.id: task.cluster for task in tasks if task.cluster},
        "openings": {task.id: len(task.opening) for task in tasks if task.opening},
        "totals": benchmark.totals,
    }


def is_plain(note: Any) -> bool:
    """Say whether a note can be written as JSON."""
    try:
        json.dumps(note)
    except (TypeError, ValueError):
        return False
    return True


def scripted_parties(notes: Mapping[str, Any]) -> str:
    """Read the labels of rule-based parties from a benchmark's notes."""
    seats = [f"{seat}: {notes[seat]}" for seat in SEATS if notes.get(seat)]
    return str(notes.get("scripted") or "; ".join(seats))


def names_hash(names: Iterable[str]) -> str:
    """Hash a set of names, whatever their order."""
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()


def data_hash(data: Any) -> str | None:
    """Reduce hashes per file to one."""
    if not data or isinstance(data, str):
        return data or None
    return hashlib.sha256(json.dumps(dict(data), sort_keys=True).encode()).hexdigest()


def limits_of(benchmark: Benchmark) -> list[dict[str, Any]]:
    """List the distinct limits of a benchmark's tasks and how many tasks have them."""
    counts: dict[str, int] = {}
    for task in benchmark.tasks:
        text = json.dumps(dataclasses.asdict(benchmark.limits(task)), sort_keys=True)
        counts[text] = counts.get(text, 0) + 1
    return [{**json.loads(text), "tasks": count} for text, count in sorted(counts.items())]


def run_fields(info: Info) -> dict[str, Any]:
    """Fill a row's columns about the run; the seats' descriptions fill what `info` lacks."""
    seats = info.get("seats") or {}
    models = {c: info.get(c) or seats.get(c, {}).get("model") for c in SEATS.values()}
    return {
        "run_id": info.get("run_id"),
        **models,
        "model_revision": info.get("model_revision") or seats.get("model", {}).get("revision"),
        "training": text(info.get("training")),
        "recipe": text(info.get("recipe")),
        "agent": info.get("agent_party"),
    }


def text(value: Any) -> str | None:
    """Write a fact that may be structured as one text."""
    if value is None or isinstance(value, str):
        return value or None
    return json.dumps(value, sort_keys=True)


def info_of(manifest: Mapping[str, Any], totals: Mapping[str, Any] | None = None) -> Info:
    """Rebuild a table's `info` from a manifest; `totals` brings the functions it cannot hold."""
    benchmarks = {
        entry["name"]: {**entry, "totals": (totals or {}).get(entry["name"])}
        for entry in manifest.get("benchmarks", ())
    }
    seats = {column: manifest.get(seat) or {} for seat, column in SEATS.items()}
    run = {name: manifest.get(name) for name in RUN_FACTS}
    return {**run, "seats": seats, "benchmarks": benchmarks}
