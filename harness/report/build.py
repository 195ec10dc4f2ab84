"""Build the report of one run or of a sweep: read, index, write chunks, write the page."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import harness
from harness.faults import UserMistake
from harness.journal import read_records
from harness.outcomes import Key, Outcome
from harness.report import page
from harness.report.identity import Identity, read_identity
from harness.report.index import Index
from harness.report.rows import for_page, leaderboard
from harness.report.shards import FOLDER, Shards, Texts, encode, is_large, sweep, write_chunk
from harness.report.standing import mark_ties
from harness.report.views import view_of
from harness.store import read_outcomes
from harness.types import ENDS

ONE_PAGE_TRIALS = 2000
ONE_PAGE_BYTES = 60_000_000


@dataclass(slots=True)
class Run:
    """One run folder under the report: who it is, what it scored."""

    folder: Path
    identity: Identity
    outcomes: dict[Key, Outcome]
    rows: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def write_report(folders: Sequence[Path], out: Path | None = None) -> Path:
    """Write report.html (and report_data/ for large runs) and return the page's path.

    `out` defaults to the run's folder, or to the folder that holds all runs of a sweep. Raises
    UserMistake where a folder is no run, is given twice, or is damaged.
    """
    if len({folder.resolve() for folder in folders}) != len(folders):
        raise UserMistake("a run folder is given twice: give each run once")
    runs = [read_run(folder) for folder in folders]
    notes = mark_ties(list(folders), [run.rows for run in runs]) if len(runs) > 1 else []
    target = out or shared_folder(folders)
    large = is_large(list(folders), ONE_PAGE_TRIALS, ONE_PAGE_BYTES)
    try:
        target.mkdir(parents=True, exist_ok=True)
        if large:
            (target / FOLDER).mkdir(exist_ok=True)
        return write_page(runs, notes, target, large)
    except OSError as error:
        raise UserMistake(f"cannot write {target}: {error.strerror}; choose --out") from None


def shared_folder(folders: Sequence[Path]) -> Path:
    """The run itself, or the nearest folder above all runs of a sweep."""
    if len(folders) == 1:
        return folders[0]
    return Path(os.path.commonpath([str(folder.resolve()) for folder in folders]))


def read_run(folder: Path) -> Run:
    """Read what a run says of itself and its outcomes, and compute its table."""
    run = Run(folder, read_identity(folder), read_outcomes(folder))
    run.rows, run.warnings = leaderboard(folder, run.identity, list(run.outcomes.values()))
    if not run.outcomes:
        run.warnings.append("no trial has been scored yet")
    return run


def write_page(runs: Sequence[Run], notes: Sequence[str], target: Path, large: bool) -> Path:
    """Stream the page into a temporary file and put it in place when it is whole."""
    index, build = Index(), build_id(runs)
    for number, run in enumerate(runs):
        for outcome in run.outcomes.values():
            index.add_outcome(number, outcome)
    chunks = list_chunks(runs, index)
    count = 0
    if large:
        for number, body in chunks:
            write_chunk(target / FOLDER, build, number, body)
            count = number + 1
        chunks = iter(())
    sweep(target / FOLDER, count)

    def data() -> str:
        head = {**head_of(runs, build, count), "conflicts": notes}
        return encode({**head, "index": index.columns()})

    path = target / "report.html"
    partial = target / f".report.html.{os.getpid()}"
    try:
        with partial.open("w", encoding="utf-8", errors="replace") as file:
            generator = {"generator": f"agent-harness {harness.__version__}"}
            file.writelines(page.render(title_of(runs), generator, chunks, data))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def list_chunks(runs: Sequence[Run], index: Index) -> Iterator[tuple[int, str]]:
    """Yield (number, JSON) of every chunk while the episodes are read, one chunk in memory."""
    full: list[tuple[int, str]] = []
    shards = Shards(lambda number, body: full.append((number, body)))
    for number, run in enumerate(runs):
        texts = Texts(run.folder)
        for record in read_records(run.folder / "episodes"):
            try:
                benchmark, task_id, trial = record["key"]
                view = view_of(record["episode"], run.outcomes.get((benchmark, task_id, trial)))
                place = shards.add(view, texts)
                index.add_episode(number, benchmark, record["episode"], place)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise UserMistake(
                    f"{run.folder}/episodes holds a record that is not an episode "
                    f"({type(error).__name__}: {error}): restore it from a copy of the run"
                ) from None
            yield from full
            full.clear()
    shards.flush()
    yield from full


def head_of(runs: Sequence[Run], build: str, files: int) -> dict[str, Any]:
    """What the page knows besides the index. `files` is 0 where the chunks are in the page."""
    return {
        "build": build,
        "title": title_of(runs),
        "files": files,
        "folder": FOLDER,
        "generator": f"agent-harness {harness.__version__}",
        "ends": dict(ENDS),
        "runs": [about(run) for run in runs],
        "rows": [for_page(row, n) for n, run in enumerate(runs) for row in run.rows],
    }


def about(run: Run) -> dict[str, Any]:
    identity = run.identity
    return {
        "name": identity.name,
        "model": identity.model,
        "facts": identity.facts,
        "labels": identity.labels,
        "benchLabels": dict(identity.bench_labels),
        "hashes": {name: list(pairs) for name, pairs in identity.hashes.items()},
        "warnings": run.warnings,
    }


def title_of(runs: Sequence[Run]) -> str:
    names = [run.identity.name for run in runs]
    return names[0] if len(names) == 1 else f"{len(names)} runs: {', '.join(names)}"


def build_id(runs: Sequence[Run]) -> str:
    """Identify the data, so that a page never shows chunks of another build."""
    digest = hashlib.sha256()
    for run in runs:
        digest.update(run.identity.name.encode("utf-8", "surrogatepass"))
        for path in sorted(run.folder.glob("*/*.jsonl")):
            digest.update(f"{path.name}:{path.stat().st_size}:".encode())
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - 4096))
                digest.update(file.read())
    return digest.hexdigest()[:12]
