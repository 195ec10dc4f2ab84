"""pass^k by step of training: a folder of runs named step-NNNNN, one per checkpoint."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.results.columns import ks_of
from harness.results.files import read_table
from harness.results.render import estimate

STEP = re.compile(r"step-(\d+)")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Curve:
    """The rows of one training's checkpoints, by step; `k` is the largest that all have."""

    name: str
    rows: Mapping[int, Sequence[Row]]
    k: int

    def places(self) -> list[tuple[str, str]]:
        """List (benchmark, domain) in the order of the tables, totals left out."""
        found = (r for rows in self.rows.values() for r in rows if r["kind"] != "total")
        return list(dict.fromkeys((r["benchmark"], r["domain"] or "") for r in found))

    def row(self, step: int, place: tuple[str, str]) -> Row | None:
        found = (r for r in self.rows[step] if (r["benchmark"], r["domain"] or "") == place)
        return next(found, None)


def step_folder(folder: Path, step: int) -> Path:
    """Name the run of a step, so that names sort as steps do."""
    return folder / f"step-{step:06d}"


def read_curves(folders: Sequence[Path]) -> list[Curve]:
    """Read the tables of every folder's steps. Raises UserMistake where there is none."""
    names = names_of(folders)
    return [read_curve(folder, name) for folder, name in zip(folders, names, strict=True)]


def read_curve(folder: Path, name: str) -> Curve:
    rows: dict[int, Sequence[Row]] = {}
    for path in sorted(folder.glob("step-*/table.csv")):
        if match := STEP.fullmatch(path.parent.name):
            rows[int(match[1])] = read_table(path)
    if not rows:
        raise UserMistake(f"{folder} holds no step-*/table.csv: run the stage curve first")
    return Curve(name, rows, min(max(ks_of(list(table[0]))) for table in rows.values()))


def names_of(folders: Sequence[Path]) -> list[str]:
    """Name folders by what differs in their paths."""
    parts = [folder.resolve().parts for folder in folders]
    same = [len(set(column)) == 1 for column in zip(*parts, strict=False)]
    names = [
        "/".join(p for i, p in enumerate(path) if not (i < len(same) and same[i])) for path in parts
    ]
    return [name or folder.name for name, folder in zip(names, folders, strict=True)]


def curve_grid(curves: Sequence[Curve]) -> tuple[list[str], list[list[str]]]:
    """Lay the curves out: a line per training, domain and step."""
    k = min(curve.k for curve in curves)
    heads = ["training", "domain", "step", "pass^1", *([f"pass^{k}"] if k > 1 else []), "tasks"]
    body = []
    for curve in curves:
        for place in curve.places():
            for step in sorted(curve.rows):
                if (row := curve.row(step, place)) is None:
                    continue
                rates = [estimate(row, 1), *([estimate(row, k)] if k > 1 else [])]
                tasks = f"{row['n_tasks']}×{row['n_trials_max']}" if row["n_trials_max"] else ""
                body.append([curve.name, "/".join(place), str(step), *rates, tasks])
    return heads, body


def curve_markdown(curves: Sequence[Curve]) -> str:
    """Render the curves as Markdown."""
    heads, body = curve_grid(curves)
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    return "\n".join([*lines, *(f"| {' | '.join(line)} |" for line in body)]) + "\n"
