"""A run that was really played and completed: what tables, checks and comparisons start from."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.benchmark import Benchmark
from harness.outcomes import Outcome
from harness.results.about import describe
from harness.results.files import write_table
from harness.results.manifest import complete_manifest, start_manifest
from harness.results.table import build_table
from harness.runner import Job, Runner, score
from harness.store import RunStore, read_outcomes, write_text
from harness.types import Episode
from tests.fakes.benchmarks import Porter, Shelved, shelves

NAMES = ("a", "b", "c", "d", "e", "f")


def benchmark_of(names: Sequence[str] = NAMES, **notes: Any) -> Benchmark:
    """The shelves with what a real benchmark says of itself."""
    about = {"user": "scripted", "grading": "1", **notes}
    data = {"shelves.json": "ab" * 32}
    return replace(shelves(names), data_sha256=data, notes=about, totals=totals)


def totals(rates: Mapping[str, float]) -> list[dict[str, Any]]:
    return [{"name": "Total", "formula": "sum/2", "value": sum(rates.values()) / 2}]


def play(
    folder: Path,
    model: Any = None,
    trials: int = 3,
    benchmark: Benchmark | None = None,
    name: str = "porter",
    judge: Any = None,
) -> Path:
    """Play, score, tabulate and complete a run; return its folder."""
    benchmark = benchmark or benchmark_of()
    info = {
        "run_id": folder.name,
        "trials": trials,
        "seats": {"model": {"model": name, "revision": "r1", "label": "rule-based"}},
        "model": name,
        "benchmarks": {benchmark.name: describe(benchmark)},
    }
    start_manifest(folder, info, seed=0)
    store = RunStore(folder, {"benchmark": benchmark.name, "model": name})
    write_text(folder / "config.yaml", "trials: 3\n")
    job = Job(benchmark, judge or Shelved(), model or Porter(drops=["b", "e"]), trials=trials)
    try:
        asyncio.run(Runner(job, store, lambda outcome: None, 1).run())
    finally:
        store.close()
    finish(folder, info)
    return folder


def finish(folder: Path, info: Mapping[str, Any]) -> None:
    """Write the tables and complete the manifest from what is stored."""
    outcomes = list(read_outcomes(folder).values())
    rows = build_table(outcomes, ks=range(1, info["trials"] + 1), info=info)
    write_table(folder, rows)
    complete_manifest(folder, rows, outcomes)


def rehash(folder: Path) -> None:
    """Cover a trace: give the manifest the hashes of the files as they are now."""
    from harness.results.manifest import WHOLE_FILES, file_facts

    files = read_shards_blindly(folder)
    files |= {n: file_facts(folder / n) for n in WHOLE_FILES if (folder / n).is_file()}
    edit_manifest(folder, files=files)


def read_shards_blindly(folder: Path) -> dict[str, Any]:
    from harness.results.manifest import JOURNALS, file_facts

    paths = [path for journal in JOURNALS for path in sorted((folder / journal).glob("*.jsonl"))]
    return {f"{path.parent.name}/{path.name}": file_facts(path) for path in paths}


def edit_manifest(folder: Path, **changes: Any) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, **changes}))


class Grader:
    """Scores an episode of the shelves again, as the run's own evaluator does."""

    def __init__(self, benchmark: Benchmark | None = None) -> None:
        self.tasks = {task.id: task for task in (benchmark or benchmark_of()).tasks}

    async def __call__(self, benchmark: str, episode: Episode) -> Outcome | None:
        return await score(Shelved(), self.tasks[episode.task_id], episode)
