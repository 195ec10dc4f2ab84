"""The project's leaderboard in W&B, rebuilt from the manifests of run folders, never from W&B."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.results.manifest import read_manifest
from harness.results.merge import merge
from harness.store import need
from harness.tracking.figures import grid, scalars
from harness.tracking.weights_and_biases import Mode, check_installed, open_run, place_of

Row = dict[str, Any]
TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Published:
    """Where a leaderboard can be seen, how many rows it has, and what was left out or apart."""

    place: str
    rows: int
    notes: tuple[str, ...]


def leaderboard_rows(folders: Sequence[Path]) -> tuple[list[Row], list[str]]:
    """Rank the runs as `harness.results merge` does; add each run's commit, date and kind.

    Rows on different grounds (data, grading, split, user, ...) stand on different boards. Raises
    UserMistake where no run is complete.
    """
    boards, notes = merge([need(folder) for folder in folders])
    facts = {manifest.get("run_id"): origin(manifest) for manifest in map(manifest_of, folders)}
    rows = [{**row, **facts.get(row["run_id"], {})} for board in boards for row in board.rows]
    return rows, notes


def manifest_of(folder: Path) -> dict[str, Any]:
    """Read a manifest; one that cannot be read is named by `merge`'s notes already."""
    try:
        return read_manifest(folder)
    except UserMistake:
        return {}


def origin(manifest: dict[str, Any]) -> Row:
    return {
        "commit": (manifest.get("harness") or {}).get("git_sha"),
        "ended": manifest.get("ended"),
        "submission_type": manifest.get("submission_type"),
    }


def publish(
    folders: Sequence[Path], project: str, *, entity: str | None, mode: Mode | None, out: Path
) -> Published:
    """Log the leaderboard of these runs as one W&B run. Offline files go to `out`."""
    check_installed()
    import wandb

    rows, notes = leaderboard_rows(folders)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserMistake(f"cannot write {out}: {error.strerror}; choose --out") from None
    run = open_run(
        mode,
        TIMEOUT_S,
        project=project,
        entity=entity,
        name="leaderboard",
        job_type="leaderboard",
        dir=str(out),
        config={"runs": [folder.resolve().name for folder in folders], "notes": notes},
    )
    try:
        columns, data = grid(rows)
        run.log({"leaderboard": wandb.Table(columns=columns, data=data)})
        best = [row for row in rows if row["rank"] == 1 and row["board"].endswith("#1")]
        run.summary.update({f"best/{name}": value for name, value in scalars(best).items()})
    finally:
        run.finish()
    return Published(place_of(run), len(rows), tuple(notes))
