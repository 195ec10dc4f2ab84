"""What `stages=[…]` runs. A stage is an async function of the app; YAML names it by `_target_`."""

from __future__ import annotations

import time

from omegaconf import OmegaConf

from harness.app import App
from harness.faults import UserMistake
from harness.models.seats import opened
from harness.outcomes import Outcome
from harness.progress import Watcher
from harness.protocols import Model
from harness.results.table import build_table, render_terminal, write_table
from harness.runner import Job, Runner, rescore
from harness.store import RunStore, need, read_outcomes, write_text


async def evaluate(app: App, concurrency: int = 32) -> None:
    """Play every open trial of every benchmark, score it and store both."""
    app.check_models()
    jobs = app.jobs
    store = RunStore(app.folder, app.identity)
    try:
        write_text(app.folder / "config.yaml", stored_config(app))
        async with opened(app.models):
            for job in jobs:
                await play(app, job, store, concurrency)
    finally:
        store.close()


async def play(app: App, job: Job, store: RunStore, concurrency: int) -> None:
    """Play one benchmark with a progress display."""
    total = sum(task.scored for task in job.benchmark.tasks) * job.trials
    done = len(read_outcomes(app.folder).keys() & wanted(job))
    with Watcher(app.console, job.benchmark.name, total, done) as watch:
        runner = Runner(job, store, watch, concurrency)
        watch.done = min(done, len(runner.ledger.settled & wanted(job)))
        started = time.perf_counter()
        await runner.run()
    seconds = time.perf_counter() - started
    app.console.print(
        f"{job.benchmark.name}: {sum(watch.counts.values())} trials scored in {seconds:.1f} s "
        f"({watch.note()})",
        highlight=False,
    )


def wanted(job: Job) -> set[tuple[str, str, int]]:
    return {job.key(task.id, trial) for task, trial in job.work() if task.scored}


def stored_config(app: App) -> str:
    """Render the configuration without Hydra's own node, resolved, for later stages."""
    config = OmegaConf.masked_copy(app.config, [str(k) for k in app.config if k != "hydra"])
    return OmegaConf.to_yaml(config, resolve=True)


async def score(app: App, concurrency: int = 32) -> None:
    """Score stored episodes again without playing. Only outcomes that change are appended."""
    folder = need(app.folder)
    old = read_outcomes(folder)
    counts = {"scored": 0, "changed": 0}
    store = RunStore(folder, app.identity)

    def settle(outcome: Outcome) -> None:
        counts["scored"] += 1
        if old.get(outcome.key) != outcome:
            counts["changed"] += 1
            store.add_outcome(outcome)

    try:
        async with opened(judges(app)):
            for job in app.jobs:
                await rescore(job, folder, settle, concurrency)
    finally:
        store.close()
    if not counts["scored"]:
        raise UserMistake(f"{folder} holds no episode of {', '.join(app.identity['benchmark'])}")
    app.console.print(f"{counts['scored']} episodes scored, {counts['changed']} outcomes changed")


def judges(app: App) -> dict[str, Model]:
    return {seat: model for seat, model in app.models.items() if seat == "judge_model"}


async def report(app: App) -> None:
    """Build the result table from the stored outcomes, write it and print it."""
    rows = build_table(
        read_outcomes(app.folder).values(), ks=range(1, app.config.trials + 1), info=app.info()
    )
    write_table(app.folder, rows)
    render_terminal(rows, app.console)
    app.console.print(f"run folder: {app.folder}", highlight=False)
