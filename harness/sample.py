"""A stratified part of a benchmark: the same number of tasks from every domain."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from harness.benchmark import Benchmark
from harness.seeds import seed_for
from harness.types import Task


def stratified(benchmark: Benchmark, size: int, seed: int) -> Benchmark:
    """Keep `size` tasks per domain, chosen by seed, and every task that they need.

    The choice grows: a larger size contains the smaller one, so trials are reused on resume.
    """
    domains: dict[str, list[Task]] = defaultdict(list)
    for task in benchmark.tasks:
        if task.scored:
            domains[task.domain].append(task)
    chosen: set[str] = set()
    for tasks in domains.values():
        tasks.sort(key=lambda task: seed_for(seed, "sample", task.id))
        chosen.update(task.id for task in tasks[:size])
    by_id = {task.id: task for task in benchmark.tasks}
    for task in list(map(by_id.__getitem__, chosen)):
        add_needs(task, by_id, chosen)
    kept = [task for task in benchmark.tasks if task.id in chosen]
    part = f"a sample of {size} tasks per domain (seed {seed}), not a leaderboard score"
    split = ", ".join(filter(None, [str(benchmark.notes.get("split") or ""), part]))
    notes = {**benchmark.notes, "sample": part, "split": split}
    return replace(benchmark, tasks=kept, notes=notes)


def add_needs(task: Task, by_id: dict[str, Task], chosen: set[str]) -> None:
    """Add the chain of tasks that must be played before `task`."""
    for need in task.needs:
        if need not in chosen:
            chosen.add(need)
            add_needs(by_id[need], by_id, chosen)
