"""Play k trials of every task: bounded concurrency, chains, crash-safe append, resume."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.benchmark import Benchmark
from harness.episode import run_episode
from harness.faults import ModelFault
from harness.outcomes import Key, Outcome, outcome_of
from harness.protocols import Evaluator, Model
from harness.seeds import SeededModel, seed_for
from harness.store import RunStore, read_episodes, read_keys, read_outcomes
from harness.types import Episode, Fault, Task, Verdict

log = logging.getLogger(__name__)
Watch = Callable[[Outcome], None]


@dataclass(frozen=True)
class Job:
    """One benchmark to run with one set of models."""

    benchmark: Benchmark
    evaluator: Evaluator
    model: Model
    user_model: Model | None = None
    trials: int = 1
    seed: int = 0

    def work(self) -> Iterable[tuple[Task, int]]:
        """Yield every (task, trial), trial by trial: an interrupted run then covers all tasks."""
        for trial in range(self.trials):
            for task in self.benchmark.tasks:
                yield task, trial

    def key(self, task_id: str, trial: int) -> Key:
        return (self.benchmark.name, task_id, trial)


@dataclass
class Ledger:
    """What a run folder already holds: finished trials, and final states that others need."""

    played: set[Key] = field(default_factory=set)
    settled: set[Key] = field(default_factory=set)
    states: dict[Key, Mapping[str, Any]] = field(default_factory=dict)


def read_ledger(folder: Path, needed: set[Key]) -> Ledger:
    """Read what is done. Faulted trials are not: they are played again.

    An episode that was played to its end, and only could not be scored, is scored again.
    """
    outcomes = read_outcomes(folder)
    settled = {key for key, outcome in outcomes.items() if outcome.status in ("pass", "fail")}
    faulted = {
        key
        for key, outcome in outcomes.items()
        if outcome.status == "error" and outcome.end == "fault"
    }
    ledger = Ledger(set(read_keys(folder)) - faulted, settled)
    if needed & ledger.played:
        for benchmark, episode in read_episodes(folder):
            key = (benchmark, episode.task_id, episode.trial)
            if key in needed and episode.fault is None:
                ledger.states[key] = episode.state
            elif episode.fault is not None:
                ledger.played.discard(key)
    return ledger


class Runner:
    """Plays the open trials of one job into a store."""

    def __init__(self, job: Job, store: RunStore, watch: Watch, concurrency: int = 32) -> None:
        self.job = job
        self.store = store
        self.watch = watch
        self.concurrency = concurrency
        needs = {need for task in job.benchmark.tasks for need in task.needs}
        self.needed = {job.key(need, trial) for need in needs for trial in range(job.trials)}
        self.ledger = read_ledger(store.folder, self.needed)
        self.failed: dict[Key, Fault] = {}
        self.waiting: dict[Key, list[tuple[int, Task, int]]] = defaultdict(list)
        self.ready: list[tuple[int, Task, int]] = []
        self.changed = asyncio.Condition()
        self.running = 0

    async def run(self) -> None:
        """Play until nothing is open. Cancelling it loses only the episodes under way."""
        unscored = self.ledger.played - self.ledger.settled
        if unscored:
            await rescore(self.job, self.store.folder, self.settle, self.concurrency, unscored)
        self.line_up()
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.concurrency, self.open_trials())):
                group.create_task(self.worker())

    def settle(self, outcome: Outcome) -> None:
        self.store.add_outcome(outcome)
        self.watch(outcome)

    def open_trials(self) -> int:
        return len(self.ready) + sum(len(queue) for queue in self.waiting.values())

    def line_up(self) -> None:
        """Sort open trials into those that can start and those that wait for another task."""
        for order, (task, trial) in enumerate(self.job.work()):
            if self.job.key(task.id, trial) not in self.ledger.played:
                self.enqueue(order, task, trial)
        heapq.heapify(self.ready)

    def enqueue(self, order: int, task: Task, trial: int) -> None:
        for need in task.needs:
            key = self.job.key(need, trial)
            if key not in self.ledger.played and key not in self.failed:
                self.waiting[key].append((order, task, trial))
                return
        heapq.heappush(self.ready, (order, task, trial))

    async def worker(self) -> None:
        while True:
            async with self.changed:
                await self.changed.wait_for(lambda: self.ready or not self.running)
                if not self.ready:
                    return
                _, task, trial = heapq.heappop(self.ready)
                self.running += 1
            try:
                await asyncio.sleep(0)  # a model in this process never waits: let signals in
                await self.trial(task, trial)
            finally:
                async with self.changed:
                    self.running -= 1
                    self.release(task, trial)
                    self.changed.notify_all()

    def release(self, task: Task, trial: int) -> None:
        """Move the trials that waited for this one to the ready queue."""
        for entry in self.waiting.pop(self.job.key(task.id, trial), ()):
            self.enqueue(*entry)

    async def trial(self, task: Task, trial: int) -> None:
        """Play, store, score, store: a crash in between costs at most the scoring."""
        episode = await self.play(task, trial)
        self.store.add_episode(self.job.benchmark.name, episode)
        self.note(self.job.key(task.id, trial), episode)
        if task.scored:
            self.settle(await score(self.job.evaluator, task, episode))

    def note(self, key: Key, episode: Episode) -> None:
        """Remember what dependants need to know, and nothing of anyone else."""
        if key not in self.needed:
            return
        if episode.fault is not None:
            self.failed[key] = episode.fault
        else:
            self.ledger.played.add(key)
            self.ledger.states[key] = episode.state

    async def play(self, task: Task, trial: int) -> Episode:
        job, seed = self.job, seed_for(self.job.seed, task.id, trial)
        keys = [job.key(need, trial) for need in task.needs]
        for key in keys:
            if (fault := self.failed.get(key)) is not None:
                text = f"{key[1]} faulted before it ({fault.kind})"
                return Episode(task.id, (), "fault", trial, seed, Fault(fault.seat, "needs", text))
        past = self.ledger.states[keys[-1]] if keys else {}
        try:
            task = job.benchmark.inherit(task, past)
            world = job.benchmark.environment(task, past)
        except ModelFault as error:
            fault = Fault(error.seat or "env", error.kind, str(error))
            return Episode(task.id, task.opening, "fault", trial, seed, fault)
        user_model = job.user_model and SeededModel(job.user_model, seed_for(seed, "user"))
        return await run_episode(
            task,
            world,
            job.benchmark.agent(task, trial, SeededModel(job.model, seed)),
            job.benchmark.user(task, trial, user_model),
            job.benchmark.limits(task),
            trial=trial,
            seed=seed,
            blobs=self.store.blobs,
        )


async def rescore(
    job: Job, folder: Path, settle: Watch, concurrency: int, keys: Collection[Key] | None = None
) -> None:
    """Score stored episodes (all, or those of `keys`) without playing anything."""
    tasks = {task.id: task for task in job.benchmark.tasks if task.scored}
    stored = (
        (tasks[episode.task_id], episode)
        for benchmark, episode in read_episodes(folder)
        if benchmark == job.benchmark.name
        and episode.task_id in tasks
        and (keys is None or job.key(episode.task_id, episode.trial) in keys)
    )

    async def worker() -> None:
        for task, episode in stored:
            await asyncio.sleep(0)  # as in `Runner.worker`
            settle(await score(job.evaluator, task, episode))

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(worker())


async def score(evaluator: Evaluator, task: Task, episode: Episode) -> Outcome:
    """Ask the evaluator. A judge that cannot be reached or read is a fault, never a verdict.

    The fault is the judge's unless it names another seat (a world that cannot be built again).
    """
    verdict: Verdict | None = None
    fault: Fault | None = None
    if episode.fault is None:
        try:
            verdict = await evaluator(task, episode)
        except ModelFault as error:
            fault = Fault(error.seat or "judge", error.kind, str(error))
    return outcome_of(task, episode, verdict, fault)
