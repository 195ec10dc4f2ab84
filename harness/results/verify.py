"""Verify a run: can a stranger recompute every number of it from what is stored?"""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from harness.benchmark import Benchmark
from harness.codec import to_json
from harness.faults import UserMistake
from harness.outcomes import Outcome
from harness.results.about import describe
from harness.results.audit import audit_blobs, audit_files
from harness.results.findings import Findings
from harness.results.manifest import Json, read_manifest
from harness.results.recompute import check_numbers
from harness.results.recount import Recount, plan_of, read_results
from harness.store import need
from harness.types import Episode

Regrade = Callable[[str, Episode], Awaitable[Outcome | None]]
PINNED = ("version", "grading", "reward_basis", "data_sha256", "n_tasks", "task_ids_sha", "tasks")


async def verify(
    folder: Path,
    regrade: Regrade | None = None,
    benchmarks: Mapping[str, Benchmark] | None = None,
) -> Findings:
    """Check files, trials, numbers and verdicts of a run folder, streaming its episodes.

    `regrade(benchmark, episode)` scores an episode again with the pinned data, or returns None
    where that takes a judge. `benchmarks` are the run's benchmarks built anew: their data hashes,
    task sets and totals are compared too. Raises UserMistake only where there is no run at all.
    """
    found = Findings()
    need(folder)
    try:
        manifest = read_manifest(folder)
    except UserMistake as error:
        found.add("no manifest", folder.name, str(error))
        return found
    if not manifest.get("ended"):
        found.add("unfinished", "manifest.json", "the run was never completed")
    audit_files(folder, manifest, found)
    check_pins(manifest, benchmarks, found)
    outcomes = read_results(folder, found)
    recount = Recount(folder, plan_of(manifest), outcomes, audit_blobs(folder, found), found)
    for benchmark, episode in recount.episodes():
        stored = outcomes.get((benchmark, episode.task_id, episode.trial))
        if regrade is not None and stored is not None and episode.fault is None:
            compare_verdicts(stored, await regrade(benchmark, episode), found)
    check_prompts(manifest, recount, found)
    totals = {name: b.totals for name, b in (benchmarks or {}).items() if b.totals}
    check_numbers(folder, manifest, list(outcomes.values()), totals, found)
    if regrade is None:
        found.note("not checked", "", "verdicts were not graded again")
    return found


def compare_verdicts(stored: Outcome, again: Outcome | None, found: Findings) -> None:
    """Compare a stored verdict with the one the pinned evaluator gives now."""
    where = f"{stored.benchmark} task {stored.task_id} trial {stored.trial}"
    if again is None:
        found.checked["verdicts left to a judge"] += 1
        return
    found.checked["verdicts"] += 1
    if again.status != stored.status:
        found.differ("wrong verdict", where, "status", stored.status, again.status)
    elif not math.isclose(stored.reward or 0.0, again.reward or 0.0, abs_tol=1e-9):
        found.differ("wrong verdict", where, "reward", stored.reward, again.reward)
    for name in ("parts", "categories"):
        old, new = canonical(stored, name), canonical(again, name)
        if old != new:
            found.differ("wrong verdict", where, name, old, new)


def canonical(outcome: Outcome, name: str) -> str:
    return json.dumps(to_json(outcome).get(name), sort_keys=True, default=dict)


def check_pins(manifest: Json, benchmarks: Mapping[str, Benchmark] | None, found: Findings) -> None:
    """Compare the data, grading version and task set with those of the benchmarks built anew."""
    entries = {entry["name"]: entry for entry in manifest.get("benchmarks", ())}
    for name, benchmark in (benchmarks or {}).items():
        now = json.loads(json.dumps(describe(benchmark) | {"totals": None}))
        stored = entries.get(name)
        if stored is None:
            found.add("other data", name, "the manifest does not know this benchmark")
            continue
        for field in PINNED:
            if stored.get(field) != now[field]:
                found.differ("other data", name, field, stored.get(field), now[field])


def check_prompts(manifest: Json, recount: Recount, found: Findings) -> None:
    """Compare the system texts and tool lists in force with those the manifest names."""
    prompts = {role: dict(counts) for role, counts in recount.prompts.items()}
    if manifest.get("prompts") != prompts:
        found.differ("wrong prompts", "manifest.json", "prompts", manifest.get("prompts"), prompts)
    if manifest.get("tools_sha") != recount.tools_sha():
        tools = recount.tools_sha()
        found.differ(
            "wrong prompts", "manifest.json", "tools_sha", manifest.get("tools_sha"), tools
        )
