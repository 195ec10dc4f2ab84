"""What `stages=[…]` runs. A stage is an async function of the app; YAML names it by `_target_`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict

from harness.app import App
from harness.configure import build, plain
from harness.faults import UserMistake
from harness.models.seats import opened
from harness.outcomes import Outcome
from harness.progress import Watcher
from harness.protocols import Model
from harness.results.manifest import (
    complete_manifest,
    read_manifest,
    seats,
    start_manifest,
    write_manifest,
)
from harness.results.side import show_beside
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
        begin(app)
        for job in jobs:
            warn_of_judge(app, job)
        async with opened(app.models):
            for job in jobs:
                await play(app, job, store, concurrency)
    finally:
        store.close()


def warn_of_judge(app: App, job: Job) -> None:
    """Say before anything runs that tasks need a judge model, where none is set."""
    tasks = [task for task in job.benchmark.tasks if task.scored]
    count = 0 if "judge_model" in app.models else sum(map(job.benchmark.asks_judge, tasks))
    if count:
        app.console.print(
            f"{job.benchmark.name}: {count} of {len(tasks)} tasks need a judge model: set "
            "model@judge_model=…, or their trials end as errors wherever the judge would decide",
            highlight=False,
        )


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
    scored = watch.counts["pass"] + watch.counts["fail"]
    app.console.print(
        f"{job.benchmark.name}: {scored} trials scored in {seconds:.1f} s ({watch.note()})",
        highlight=False,
    )
    if trouble := watch.trouble():
        app.console.print(f"{job.benchmark.name}: {trouble}", highlight=False, markup=False)


def wanted(job: Job) -> set[tuple[str, str, int]]:
    return {job.key(task.id, trial) for task, trial in job.work() if task.scored}


def stored_config(app: App) -> str:
    """Render the configuration without Hydra's own node. Nothing is resolved: no secret of the
    environment that somebody refers to reaches the disk."""
    config = OmegaConf.masked_copy(app.config, [str(k) for k in app.config if k != "hydra"])
    return OmegaConf.to_yaml(config)


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
    keep_judge(app)
    app.console.print(f"{counts['scored']} episodes scored, {counts['changed']} outcomes changed")


def keep_judge(app: App) -> None:
    """Store who judged last, so that a run can be graded again as it was."""
    path = app.folder / "config.yaml"
    if not path.is_file():
        return
    stored: Any = OmegaConf.load(path)
    now: Any = OmegaConf.create(stored_config(app))
    for key in ("judge", "judge_model"):
        OmegaConf.update(stored, key, now.get(key), force_add=True, merge=False)
    write_text(path, OmegaConf.to_yaml(stored))
    if (app.folder / "manifest.json").is_file():
        manifest = read_manifest(app.folder)
        manifest.pop("judge", None)
        judge = {name: about for name, about in seats(app.parties()).items() if name == "judge"}
        write_manifest(app.folder, {**manifest, **judge})


def judges(app: App) -> dict[str, Model]:
    return {seat: model for seat, model in app.models.items() if seat == "judge_model"}


async def report(app: App, html: bool = True, beside: Sequence[str] = ()) -> None:
    """Build the table from stored outcomes alone; write it, the manifest and the page; print it.

    Finished runs named in `beside` stand on the same page, and beside the published figures.
    """
    folder = app.folder
    outcomes = read_outcomes(folder).values()
    begin(app)
    info = {**app.info(), "run_id": read_manifest(folder)["run_id"]}  # of a folder renamed since
    rows = build_table(outcomes, ks=range(1, app.config.trials + 1), info=info)
    write_table(folder, rows)
    complete_manifest(folder, rows, outcomes)
    render_terminal(rows, app.console)
    others = [Path(run) for run in beside]
    show_beside(app.console, folder, others, app.config.reference)
    app.tracker.finish(folder, rows)
    if html:
        from harness.report.build import write_report

        write_report([folder, *others], folder)
    app.console.print(f"run folder: {folder}", highlight=False)


def begin(app: App) -> None:
    """Write the manifest's beginning and tell the tracker, once per process."""
    if app.begun:
        return
    app.begun = True
    config = plain(OmegaConf.create(stored_config(app)))
    info = app.info()
    if "eval" in plain(app.config.stages) or not (app.folder / "manifest.json").is_file():
        start_manifest(
            app.folder, info, seed=app.config.seed, overrides=list(app.overrides), config=config
        )
    app.tracker.start({**info, "folder": str(app.folder), "config": config, "sweep": app.sweep})


async def again(
    app: App,
    changes: DictConfig,
    stages: Sequence[str],
    seats: Mapping[str, DictConfig] | None = None,
) -> None:
    """Run other stages with some keys of the configuration changed: another model, another run.

    `seats` replace what sits in them, whole: a hosted model in a local one's seat.
    """
    other = changed(app, changes, stages, seats)
    app.console.print(f"{', '.join(other.config.stages)}: {other.folder}", highlight=False)
    for node in other.stages():
        await build(node, _partial_=True)(other)


def changed(
    app: App,
    changes: Mapping[str, Any],
    stages: Sequence[str],
    seats: Mapping[str, Any] | None = None,
) -> App:
    """Return an app whose configuration differs in `changes`, merged key by key, and in `seats`.

    Raises UserMistake at a top-level key that does not exist.
    """
    config = app.config.copy()
    if unknown := [str(key) for key in [*changes, *(seats or ())] if key not in config]:
        raise UserMistake(f"cannot change {', '.join(unknown)}: there is no such key")
    with open_dict(config):
        config.merge_with(changes)
        for seat, node in (seats or {}).items():
            OmegaConf.update(config, seat, node, merge=False)
        config.stages = list(stages)
    return App(config, app.console, app.choices, app.overrides, app.sweep)


async def compare(app: App, runs: Sequence[str], k: Sequence[int] = (1,)) -> None:
    """Print the paired differences of finished runs, the first of each pair minus the second."""
    from harness.results.compare import compare as compare_runs
    from harness.results.entries import load_entries
    from harness.results.shown import show_comparisons

    if len(runs) < 2:
        raise UserMistake("one run cannot be compared: name two or more")
    entries = load_entries([Path(run) for run in runs])
    for each in k:
        rows, notes = compare_runs(entries, each)
        show_comparisons(app.console, rows, notes)
