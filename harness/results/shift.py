"""How errors shift from run to run: each category's rate per trial, and its paired difference.

Rates are over all played trials, not over failures: a run that fails less often is not shown to
make some mistake "more" because the others went away. Runs are compared on the tasks all share.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.outcomes import Outcome
from harness.results.entries import Entry, conflicts
from harness.statistics import t_bounds
from harness.store import read_outcomes

FAILED, UNNAMED = "failed", "failed without a category"
Rates = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Shift:
    """One category of one benchmark: rate per trial by run, and what changed since the first.

    `changes` holds (difference, low, high) of every further run; bounds are None without spread.
    """

    benchmark: str
    category: str
    rates: tuple[float, ...]
    changes: tuple[tuple[float, float | None, float | None], ...]
    tasks: int


def shifts(entries: Sequence[Entry]) -> list[Shift]:
    """Compare the error categories of runs, the most frequent first within each benchmark.

    Raises UserMistake where runs differ in data or grading, or share no task.
    """
    outcomes = [list(read_outcomes(entry.folder).values()) for entry in entries]
    names = [{one.benchmark for one in found} for found in outcomes]
    shared = sorted(set.intersection(*names)) if names else []
    if not shared:
        raise UserMistake("these runs share no benchmark: nothing to compare")
    rows: list[Shift] = []
    for name in shared:
        if wrong := conflicts(entries, name):
            raise UserMistake(f"these runs cannot be compared: {'; '.join(wrong)}")
        rows += benchmark_shifts(name, [rates_of(found, name) for found in outcomes])
    return rows


def rates_of(outcomes: Iterable[Outcome], benchmark: str) -> Rates:
    """Return per task how often a trial failed, by category; faulted trials say nothing."""
    trials: dict[str, list[set[str]]] = defaultdict(list)
    for one in outcomes:
        if one.benchmark == benchmark and one.status in ("pass", "fail"):
            trials[one.task_id].append(labels_of(one))
    return {
        task: {name: sum(name in one for one in found) / len(found) for name in set().union(*found)}
        for task, found in trials.items()
    }


def labels_of(outcome: Outcome) -> set[str]:
    """Name what a trial is counted under: nothing where it passed."""
    if outcome.status != "fail":
        return set()
    return {FAILED, *({c.id for c in outcome.categories} or {UNNAMED})}


def benchmark_shifts(benchmark: str, runs: Sequence[Rates]) -> list[Shift]:
    """Compare runs of one benchmark on the tasks that all of them played."""
    tasks = sorted(set.intersection(*(set(run) for run in runs)))
    if not tasks:
        raise UserMistake(f"{benchmark}: these runs share no task")
    found = {name for run in runs for task in tasks for name in run[task]} | {FAILED}
    rows = []
    for name in found:
        columns = [[run[task].get(name, 0.0) for task in tasks] for run in runs]
        rates = tuple(math.fsum(column) / len(tasks) for column in columns)
        changes = tuple(change(columns[0], column) for column in columns[1:])
        rows.append(Shift(benchmark, name, rates, changes, len(tasks)))
    return sorted(rows, key=lambda row: (row.category != FAILED, -max(row.rates), row.category))


def change(
    first: Sequence[float], other: Sequence[float]
) -> tuple[float, float | None, float | None]:
    """Return the mean paired difference over tasks with its 95 % interval."""
    differences = [b - a for a, b in zip(first, other, strict=True)]
    n = len(differences)
    mean = math.fsum(differences) / n
    square = math.fsum((d - mean) ** 2 for d in differences)
    if n < 2 or not square:
        return mean, None, None
    return (mean, *t_bounds(mean, math.sqrt(square / (n - 1) / n), n - 1))


def shift_grid(rows: Sequence[Shift], names: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Lay the table out: a line per category; rates per 100 trials, then the changes."""
    heads = ["errors per 100 trials", *names, *(f"{name} − {names[0]}" for name in names[1:])]
    body = [
        [row.category.replace("_", " "), *(f"{100 * rate:.1f}" for rate in row.rates)]
        + [changed(*found) for found in row.changes]
        for row in rows
    ]
    return heads, body


def changed(mean: float, low: float | None, high: float | None) -> str:
    bounds = "" if low is None or high is None else f" [{100 * low:+.1f}, {100 * high:+.1f}]"
    return f"{100 * mean:+.1f}{bounds}"


def shift_notes(rows: Sequence[Shift]) -> list[str]:
    tasks = {row.benchmark: row.tasks for row in rows}
    shared = ", ".join(f"{name} {count}" for name, count in tasks.items())
    return [
        "a trial counts once for each of its categories; rates are means over the tasks that all "
        f"runs played ({shared}); [95 % interval of the paired difference, t over tasks, not "
        "corrected for the number of rows].",
    ]


def shift_markdown(rows: Sequence[Shift], names: Sequence[str]) -> str:
    """Render all benchmarks as Markdown."""
    parts = []
    for benchmark in dict.fromkeys(row.benchmark for row in rows):
        heads, body = shift_grid([row for row in rows if row.benchmark == benchmark], names)
        lines = [f"## {benchmark}", "", f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
        parts.append("\n".join([*lines, *(f"| {' | '.join(line)} |" for line in body)]))
    return "\n\n".join([*parts, *shift_notes(rows)]) + "\n"


def shift_records(rows: Sequence[Shift], names: Sequence[str]) -> list[Mapping[str, Any]]:
    """Return one record per benchmark, category and run, for a CSV file."""
    return [
        {
            "benchmark": row.benchmark,
            "category": row.category,
            "run": name,
            "rate": rate,
            "change": None if not number else row.changes[number - 1][0],
            "low": None if not number else row.changes[number - 1][1],
            "high": None if not number else row.changes[number - 1][2],
            "tasks": row.tasks,
        }
        for row in rows
        for number, (name, rate) in enumerate(zip(names, row.rates, strict=True))
    ]


def folder_names(entries: Sequence[Entry]) -> list[str]:
    """Name runs by their folders, which tell what was changed, as long as those differ."""
    short = [Path(entry.folder).resolve().name for entry in entries]
    return short if len(set(short)) == len(short) else [entry.name for entry in entries]
