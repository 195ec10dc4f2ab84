"""Run one composed configuration from the command line and turn mistakes into one line."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, open_dict
from rich.console import Console

from harness.app import App, check_counts
from harness.configure import build, compose, load_stored
from harness.faults import UserMistake

INTERRUPTED = 130
READERS = frozenset({"score", "report", "dataset"})
PIPE_COLUMNS = 120
GC_OBJECTS = 500_000  # episodes are trees, not cycles: looking for cycles less often saves a tenth


def launch(overrides: Sequence[str]) -> int:
    """Compose and run. Exit status: 0 done, 2 the user's mistake, 130 interrupted."""
    try:
        config = compose(overrides)
    except UserMistake as mistake:
        return complain(mistake)
    return run(config, overrides, config.hydra.runtime.choices)


def run(
    config: DictConfig,
    overrides: Sequence[str],
    choices: Mapping[str, Any],
    sweep: str | None = None,
) -> int:
    """Run the chosen stages of a composed configuration; `sweep` names the group it belongs to."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    gc.set_threshold(GC_OBJECTS, 20, 100)
    console = open_console()
    try:
        config = adopt(config, overrides)
        check_counts(config)
        app = App(config, console, choices, overrides, sweep)
        if config.plan:
            from harness.plan import show_plan

            show_plan(app)
        else:
            asyncio.run(run_stages(app))
    except UserMistake as mistake:
        return complain(mistake)
    except BaseExceptionGroup as group:
        return complain(only_mistake(group))
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("stopped; what was finished is stored: run the same command to go on")
        return INTERRUPTED
    return 0


def open_console() -> Console:
    """Open standard output; a pipe or a file is as wide as the result table."""
    fixed = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(soft_wrap=True, width=None if fixed else PIPE_COLUMNS)


def adopt(config: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """Take the stored configuration where a run is read without being played."""
    stages = [config.stages] if isinstance(config.stages, str) else config.stages
    if config.run is None or config.plan or not set(stages) <= READERS:
        return config
    stored = load_stored(Path(config.run), config, overrides)
    with open_dict(stored):
        stored.run, stored.stages = config.run, config.stages
        stored.stage = {**config.stage, **stored.stage}
    return stored


async def run_stages(app: App) -> None:
    with stop_signals():
        for node in app.stages():
            await build(node, _partial_=True)(app)


@contextlib.contextmanager
def stop_signals() -> Iterator[None]:
    """Treat SIGTERM (Slurm's warning) like Ctrl-C: finish the record, keep the rest."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


def only_mistake(group: BaseExceptionGroup[BaseException]) -> UserMistake:
    """Return the user's mistake inside a group of errors; anything else is a bug and crashes."""
    bugs = group.subgroup(lambda error: not isinstance(error, (UserMistake, BaseExceptionGroup)))
    if bugs is not None:
        raise bugs
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, UserMistake)
    return error


def complain(mistake: UserMistake) -> int:
    print(f"harness: {mistake}", file=sys.stderr)
    return 2
