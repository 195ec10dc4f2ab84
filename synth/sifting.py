"""The step that decides which tasks stay, and lays them out as a benchmark on disk."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path

from harness.faults import UserMistake
from harness.packs import locate
from harness.types import Task
from synth.benchmark import TASKS_FILE
from synth.candidates import candidate_of
from synth.dataset.files import write_jsonl
from synth.decontaminate import Coverage, Index, benchmarks, build_index, count_hits
from synth.duplicates import Caps
from synth.filters import Candidate, sift
from synth.making import PACKAGES, package_in
from synth.package import pretty
from synth.steps import Counts, Unit
from synth.tasks import load_tasks, save_tasks

ENVS = "envs"


def sift_tasks(unit: Unit) -> Counts:
    """Keep what passes the filters. `sources` are, per environment, its tasks and its package.

    The folder then holds a benchmark: `tasks.jsonl` and the packages below `envs/`.
    """
    envs = [name.removeprefix("tasks/") for name in unit.sources if name.startswith("tasks/")]
    tasks: list[Task] = []
    candidates: list[Candidate] = []
    specs = {}
    for env in envs:
        found = load_tasks(unit.sources[f"tasks/{env}"] / TASKS_FILE)
        package = package_in(unit.sources[f"packages/{env}"])
        if found and package:
            tasks += found
            candidates += [candidate_of(task, package) for task in found]
            specs[env] = {record.spec.name: record.spec for record in package.records}
    index, coverage = index_of(tuple(sorted(unit.settings["benchmarks"].items())))
    caps = Caps(**unit.settings["caps"])
    sieve = sift(candidates, index, caps, specs)
    pairs = zip(tasks, candidates, strict=True)
    kept = [marked(task, one, index) for task, one in pairs if task.id not in sieve.dropped]
    save_tasks(kept, unit.folder / TASKS_FILE)
    for env in dict.fromkeys(task.payload["env"]["env_id"] for task in kept):
        shutil.copytree(
            unit.sources[f"packages/{env}"] / PACKAGES, unit.folder / ENVS, dirs_exist_ok=True
        )
    reasons = [
        {"task": name, "reason": reason, "evidence": sieve.evidence.get(name, "")}
        for name, reason in sieve.dropped.items()
    ]
    write_jsonl(unit.folder / "dropped.jsonl", reasons)
    kinds = Counter(task.payload["kind"] for task in kept)
    report = {
        "dropped": sieve.counts(),
        "kinds": dict(sorted(kinds.items())),
        "decontamination": {**asdict(coverage), "hits": count_hits(sieve.hits)},
    }
    (unit.folder / "report.json").write_text(pretty(report))
    return {"tasks": len(tasks), "kept": len(kept), "dropped": len(sieve.dropped)}


def marked(task: Task, candidate: Candidate, index: Index) -> Task:
    """Write into a task how near its texts come to a benchmark's: tokens in a row, and whose."""
    length, source = index.nearest(candidate.texts)
    nearest = {"max_ngram_hit": length, "source": source or None}
    return replace(task, payload={**task.payload, "decontam": nearest})


@lru_cache(maxsize=1)
def index_of(hashes: tuple[tuple[str, str], ...]) -> tuple[Index, Coverage]:
    """Return the index of the benchmarks that have these hashes, built once per process."""
    return build_index()


def read_report(folder: Path) -> dict[str, object]:
    """Return what the step counted beside its totals."""
    data: dict[str, object] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return data


def evidence() -> dict[str, str]:
    """Return a hash per benchmark on this machine, and why others are not checked: an input."""
    found = {}
    for name in benchmarks():
        try:
            found[name] = locate(name).tree_sha256
        except UserMistake as mistake:
            found[name] = str(mistake)
    return found
