"""The project's leaderboard, rebuilt from the manifests of run folders, never from W&B."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.results.manifest import read_manifest
from harness.store import need
from harness.tracking.figures import grid, scalars
from harness.tracking.weights_and_biases import Mode, check_installed, open_run, place_of

Row = dict[str, Any]
TIMEOUT_S = 60.0
GROUP = (
    "benchmark",
    "benchmark_version",
    "grading",
    "reward_basis",
    "data_sha256",
    "split",
    "error_policy",
    "domain",
)


def manifest_rows(folder: Path) -> list[Row]:
    """Return a run's rows as its manifest states them, with commit, date and grading.

    Raises UserMistake where the run has no manifest or is not finished.
    """
    manifest = read_manifest(need(folder))
    results = manifest.get("results")
    if not results or not manifest.get("ended"):
        raise UserMistake(f"{folder} is not finished (no results in its manifest): finish it first")
    about = {entry["name"]: entry for entry in manifest.get("benchmarks", ())}
    facts = {
        "run_id": manifest.get("run_id"),
        "commit": (manifest.get("harness") or {}).get("git_sha"),
        "ended": manifest["ended"],
        "submission_type": manifest.get("submission_type"),
    }
    return [
        {
            **row,
            **facts,
            "grading": about.get(row["benchmark"], {}).get("grading"),
            "reward_basis": str(about.get(row["benchmark"], {}).get("reward_basis") or ""),
        }
        for row in results
    ]


def rank(rows: Iterable[Row]) -> list[Row]:
    """Rank by pass^1 among rows of the same data, version, grading, split, policy and domain.

    Rows without a pass^1 have no rank. `of` says how many rows the rank is among; `tied` whether
    the interval reaches into that of the row ranked first (a paired test decides better).
    """
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.get(name) for name in GROUP), []).append(row)
    ranked: list[Row] = []
    for _, members in sorted(groups.items(), key=lambda item: tuple(map(str, item[0]))):
        known = sorted((r for r in members if r.get("pass^1") is not None), key=best_first)
        for row in known:
            better = sum(other["pass^1"] > row["pass^1"] for other in known)
            place = {"rank": better + 1, "of": len(known), "tied": overlaps(row, known[0])}
            ranked.append({**place, **row})
        ranked += [{"rank": None, "of": len(known), **r} for r in members if r not in known]
    return ranked


def best_first(row: Mapping[str, Any]) -> tuple[float, str]:
    return (-row["pass^1"], str(row.get("run_id")))


def overlaps(row: Mapping[str, Any], first: Mapping[str, Any]) -> bool | None:
    """Say whether two intervals overlap; None where either is unknown."""
    high, low = row.get("ci_hi_1"), first.get("ci_lo_1")
    return None if high is None or low is None else bool(high >= low)


def publish(
    folders: Sequence[Path], project: str, *, entity: str | None, mode: Mode | None, out: Path
) -> str:
    """Log the leaderboard of these runs as one W&B run and return where it is."""
    check_installed()
    import wandb

    rows = rank(row for folder in folders for row in manifest_rows(folder))
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
        config={"runs": [str(folder.resolve().name) for folder in folders]},
    )
    try:
        columns, data = grid(rows)
        run.log({"leaderboard": wandb.Table(columns=columns, data=data)})
        best = [row for row in rows if row["rank"] == 1]
        run.summary.update({f"best/{name}": value for name, value in scalars(best).items()})
    finally:
        run.finish()
    return place_of(run)
