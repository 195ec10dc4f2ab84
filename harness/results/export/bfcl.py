"""BFCL v4's score tables and result layout (bfcl-eval 2026.3.23), from the first trial of a run.

The leaderboard runs every entry once and shows a category that was not run as N/A, counting it as
0 in the totals. A run without some categories is therefore refused, unless `partial` is asked for.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from harness.benchmark import Benchmark
from harness.results.export.bfcl_columns import CATEGORIES, TABLES, Scores, tables_of
from harness.results.export.bfcl_results import write_results
from harness.results.export.request import (
    Candidate,
    Request,
    candidate_of,
    missing_tasks,
    refuse,
    shared_obstacles,
    slug,
)
from harness.store import write_text

NAME = "bfcl"
TRIAL = 0


def export_bfcl(request: Request, whole: Benchmark | None = None) -> list[Path]:
    """Write score/*.csv, score/<model>/… and result/<model>/…; return the tables' paths.

    Raises UserMistake naming every rule of the leaderboard that is not met.
    """
    candidate = candidate_of(request.run, NAME, whole)
    played = [c for c in CATEGORIES if (NAME, c) in candidate.entry.cells]
    refuse("the BFCL leaderboard", obstacles(candidate, request, played))
    model = request.model_name or str(candidate.agent["model"])
    latencies, cost = write_results(candidate, request.to, slug(model), TRIAL)
    accuracies = {category: accuracy(candidate, category) for category in played}
    scores = Scores(accuracies, latencies, cost)
    about = {
        "Model": model,
        "Model Link": request.link,
        "Organization": request.organization,
        "License": request.license,
    }
    return write_tables(request.to / "score", scores, about)


def obstacles(candidate: Candidate, request: Request, played: list[str]) -> list[str]:
    """Name every rule that the run or the request does not meet."""
    found = shared_obstacles(candidate, 1) + missing_tasks(candidate, played)
    if sample := (candidate.about.get("notes") or {}).get("sample"):
        found.append(f"only a part was played ({sample})")
    absent = [c for c in CATEGORIES if c not in played]
    if absent and not request.partial:
        found.append(f"not run: {', '.join(absent)} (--partial counts them 0, as it does)")
    for option, value in (
        ("--organization", request.organization),
        ("--license", request.license),
    ):
        if not value:
            found.append(f"{option} is needed")
    return found


def accuracy(candidate: Candidate, category: str) -> float:
    """Share of a category's entries that passed in the exported trial."""
    cell = candidate.entry.cells[NAME, category]
    statuses = [status for _, trial, status in cell.records if trial == TRIAL]
    return statuses.count("pass") / len(statuses)


def write_tables(folder: Path, scores: Scores, about: Mapping[str, str]) -> list[Path]:
    """Write the score tables, each with one row."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = tables_of(scores) | {"Rank": "1"} | dict(about)
    paths = []
    for name, columns in TABLES.items():
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerow([figures[name, c] if (name, c) in figures else figures[c] for c in columns])
        write_text(folder / name, text.getvalue())
        paths.append(folder / name)
    return paths
