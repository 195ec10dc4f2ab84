"""Play tasks through the one loop: the oracle or a teacher, and an agent that does nothing."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from harness.benchmark import Benchmark
from harness.faults import UserMistake
from harness.progress import Watcher
from harness.protocols import Model, Party
from harness.runner import Job, Runner
from harness.store import RunStore, check_identity, read_outcomes
from harness.types import Message, Task


class NoModel:
    """Stands where a model would, for agents that need none."""

    async def generate(self, chat: object, tools: object, **sampling: Any) -> Message:
        raise UserMistake("this agent asks no model")


def told(benchmark: Benchmark, reader: Benchmark) -> Benchmark:
    """Return `benchmark` with the system text in its agent's seat that `reader` gives a model.

    A row must hold what the model that learns from it will be told.
    """

    def agent(task: Task, trial: int, model: Model) -> Party:
        party = benchmark.agent(task, trial, model)
        system = getattr(reader.agent(task, trial, model), "system", "")
        party.system = system  # type: ignore[attr-defined]
        return party

    return replace(benchmark, agent=agent)


@dataclass(frozen=True)
class Played:
    """How a pass over tasks went: trials by status, per environment and in all."""

    folder: Path
    statuses: Mapping[tuple[str, int], str]
    domains: Mapping[str, str]

    def tasks(self, status: str) -> set[str]:
        """Return the tasks of which every trial has a status."""
        others = {task for (task, _), found in self.statuses.items() if found != status}
        return {task for task, _ in self.statuses} - others

    def count(self, status: str, domain: str | None = None, among: Any = None) -> int:
        """Count trials of a status, of one environment or among some tasks if these are given."""
        return sum(
            found == status
            and (domain is None or self.domains[task] == domain)
            and (among is None or task in among)
            for (task, _), found in self.statuses.items()
        )


async def play(
    folder: Path, job: Job, identity: Mapping[str, Any], console: Console, concurrency: int = 32
) -> Played:
    """Play the open trials of a job into a run folder; one of other tasks is emptied first."""
    make_room(folder, identity)
    tasks = [task for task in job.benchmark.tasks if task.scored]
    store = RunStore(folder, identity)
    started = time.perf_counter()
    try:
        with Watcher(console, folder.name, len(tasks) * job.trials) as watch:
            runner = Runner(job, store, watch, concurrency)
            watch.done = len(runner.ledger.settled)
            stored = watch.done
            await runner.run()
            fresh = watch.done - stored
    finally:
        store.close()
    wanted = {job.key(task.id, trial) for task in tasks for trial in range(job.trials)}
    found = {
        (key[1], key[2]): outcome.status
        for key, outcome in sorted(read_outcomes(folder).items())
        if key in wanted
    }
    played = Played(folder, found, {task.id: task.domain for task in tasks})
    seconds = time.perf_counter() - started
    reused = f", {stored:,} stored" if stored else ""
    console.print(
        f"{folder.name}: {fresh:,} episodes, {played.count('pass'):,} of {len(found):,} passed "
        f"({seconds:.1f} s{reused})",
        highlight=False,
    )
    return played


def make_room(folder: Path, identity: Mapping[str, Any]) -> None:
    """Empty a run folder that holds episodes of other tasks or players."""
    if not (folder / "run.json").is_file():
        return
    try:
        check_identity(folder, identity)
    except UserMistake:
        shutil.rmtree(folder)
