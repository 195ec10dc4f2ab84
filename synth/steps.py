"""Resumable steps: each unit of work is a folder that is there whole or not at all.

    <root>/<step>/<unit>/done.json   {"inputs": sha, "outputs": sha, "counts": {...}}

`inputs` covers what the unit is made from: its settings, the outputs of the units it reads, and
this program's own source. A unit whose inputs are the same is not made again; a killed process
leaves finished units and no half ones. Nothing in a unit depends on the clock.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import multiprocessing
import shutil
import signal
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from harness.faults import UserMistake
from harness.store import write_text

Counts = dict[str, Any]
DONE = "done.json"


@dataclass(frozen=True)
class Unit:
    """One unit of one step: what it may read (`sources`), and the folder it fills."""

    name: str
    sources: Mapping[str, Path]
    settings: Mapping[str, Any]
    folder: Path = Path()


@dataclass(frozen=True)
class Done:
    """A finished unit. `fresh` says that it was made just now."""

    folder: Path
    inputs: str
    outputs: str
    counts: Mapping[str, Any]
    fresh: bool = False


Work = Callable[[Unit], Counts | Awaitable[Counts]]


@dataclass
class Line:
    """A row of steps below one folder. Work that is `async` runs here, other work in processes."""

    root: Path
    console: Console
    workers: int = 1
    concurrency: int = 16
    seconds: dict[str, float] = field(default_factory=dict)
    pool: Executor | None = None

    async def run(self, step: str, work: Work, units: Iterable[Unit]) -> dict[str, Done]:
        """Bring every unit of a step to its end, in parallel, and print one line about it."""
        started = time.perf_counter()
        wanted = {unit.name: self.placed(step, unit) for unit in units}
        gate = asyncio.Semaphore(self.concurrency)
        found: dict[str, Done] = {}
        self.sweep(step, wanted)
        with self.progress(step, len(wanted)) as advance:

            async def one(unit: Unit) -> None:
                async with gate:
                    found[unit.name] = await self.finish(work, unit)
                advance()

            try:
                async with asyncio.TaskGroup() as group:
                    for unit in wanted.values():
                        group.create_task(one(unit))
            except BaseExceptionGroup as failed:
                first = failed.exceptions[0]
                raise first from first.__cause__
        self.seconds[step] = time.perf_counter() - started
        ordered = {name: found[name] for name in wanted}
        self.console.print(summary(step, ordered.values(), self.seconds[step]), highlight=False)
        return ordered

    def placed(self, step: str, unit: Unit) -> Unit:
        return Unit(unit.name, unit.sources, unit.settings, self.root / step / unit.name)

    def sweep(self, step: str, wanted: Mapping[str, Unit]) -> None:
        """Remove half-made units, and those that this run does not have."""
        for folder in (self.root / step).glob("*"):
            if folder.name not in wanted:
                shutil.rmtree(folder)

    async def finish(self, work: Work, unit: Unit) -> Done:
        """Return the unit as it is stored, or make it."""
        inputs = inputs_of(unit)
        stored = load(unit.folder)
        if stored is not None and stored.inputs == inputs:
            return stored
        partial = unit.folder.with_name(f".{unit.name}.part")
        for old in (partial, unit.folder):
            shutil.rmtree(old, ignore_errors=True)
        try:
            partial.mkdir(parents=True)
        except OSError as error:
            raise UserMistake(f"cannot write {partial}: {error.strerror}; choose run=") from None
        here = Unit(unit.name, unit.sources, unit.settings, partial)
        if asyncio.iscoroutinefunction(work):
            counts = await work(here)
        elif self.pool is not None:
            counts = await asyncio.get_running_loop().run_in_executor(self.pool, work, here)
        else:
            await asyncio.sleep(0)
            counts = work(here)
        done = {"inputs": inputs, "outputs": outputs_of(partial), "counts": counts}
        write_text(partial / DONE, json.dumps(done, indent=1) + "\n")
        partial.rename(unit.folder)
        return Done(unit.folder, inputs, done["outputs"], counts, fresh=True)

    @contextmanager
    def processes(self) -> Iterator[None]:
        """Keep worker processes for the steps run inside; with one worker there are none."""
        if self.workers < 2:
            yield
            return
        spawning = multiprocessing.get_context("forkserver")
        self.pool = ProcessPoolExecutor(self.workers, spawning, deafen)
        try:
            yield
        finally:
            self.pool.shutdown(wait=True, cancel_futures=True)
            self.pool = None

    @contextmanager
    def progress(self, step: str, total: int) -> Iterator[Callable[[], None]]:
        """Show a bar in a terminal; elsewhere the line at the end is enough."""
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn())
        bar = Progress(*columns, console=self.console, transient=True)
        row = bar.add_task(step, total=total)
        if not self.console.is_terminal:
            yield lambda: None
            return
        with bar:
            yield lambda: bar.advance(row)


def deafen() -> None:
    """Leave Ctrl-C to the parent, which stops its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def load(folder: Path) -> Done | None:
    """Return a finished unit; None where there is none, or where its files are not as left."""
    try:
        data = json.loads((folder / DONE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if outputs_of(folder) != data["outputs"]:
        return None
    return Done(folder, data["inputs"], data["outputs"], data["counts"])


def inputs_of(unit: Unit) -> str:
    """Return one hash over everything that determines a unit."""
    sources = {name: outputs_of(folder) for name, folder in sorted(unit.sources.items())}
    text = json.dumps([source_sha(), unit.name, dict(unit.settings), sources], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def outputs_of(folder: Path) -> str:
    """Return one hash over the files of a unit, `done.json` left out."""
    lines = [
        f"{path.relative_to(folder).as_posix()}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != DONE
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


@cache
def source_sha() -> str:
    """Return one hash over the source of this package: changed rules make everything anew."""
    folder = Path(__file__).parent
    parts = [path.read_bytes() for path in sorted(folder.rglob("*.py"))]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def summary(step: str, units: Iterable[Done], seconds: float) -> str:
    """Say in one line what a step counted, how much of it was stored, how long it took."""
    done = list(units)
    totals: dict[str, int] = {}
    for unit in done:
        for name, count in unit.counts.items():
            if isinstance(count, int):
                totals[name] = totals.get(name, 0) + count
    stored = sum(not unit.fresh for unit in done)
    counted = ", ".join(f"{count:,} {name}" for name, count in totals.items())
    reused = f", {stored} of {len(done)} stored" if stored else ""
    return f"{step}: {counted or f'{len(done)} units'} ({seconds:.1f} s{reused})"
