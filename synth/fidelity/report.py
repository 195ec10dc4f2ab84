"""Figures of a replay: per domain and in all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from synth.fidelity.replay import FILE_SYSTEM, CallResult, TaskResult

MEASURES = ("status", "shape", "data", "exact")


@dataclass(frozen=True)
class Line:
    """Agreement of one domain, or of all: counts of calls and of writes."""

    name: str
    calls: int
    status: int
    shape: int
    data: int
    exact: int
    writes: int
    fields: int
    values: int


@dataclass(frozen=True)
class Totals:
    """The figures of a replay. `ends` of `trajectories` without a file system end equal."""

    lines: tuple[Line, ...]
    trajectories: int
    ends: int
    ends_changed: int
    changed: int
    all_ends: int
    tasks: int
    unmapped: int
    leaves: int
    unmapped_names: dict[str, int]


def line_of(name: str, calls: Iterable[CallResult]) -> Line:
    listed = list(calls)
    writes = [call for call in listed if call.fields is not None]
    status, shape, data, exact = (
        sum(bool(getattr(call, measure)) for call in listed) for measure in MEASURES
    )
    return Line(
        name,
        len(listed),
        status,
        shape,
        data,
        exact,
        len(writes),
        sum(bool(call.fields) for call in writes),
        sum(bool(call.values) for call in writes),
    )


def totals(tasks: Sequence[TaskResult]) -> Totals:
    """Add up the results of tasks."""
    calls = [call for task in tasks for call in task.calls]
    domains = sorted({call.domain for call in calls})
    lines = [line_of(name, (c for c in calls if c.domain == name)) for name in domains]
    plain = [task for task in tasks if FILE_SYSTEM not in task.domains]
    names: dict[str, int] = {}
    for task in tasks:
        for name, number in task.unmapped.items():
            names[name] = names.get(name, 0) + number
    return Totals(
        (*lines, line_of("all", calls)),
        len(plain),
        sum(task.ends_equal for task in plain),
        sum(task.ends_equal and task.changed for task in plain),
        sum(task.changed for task in plain),
        sum(task.ends_equal for task in tasks),
        len(tasks),
        sum(names.values()),
        sum(task.leaves for task in tasks),
        names,
    )


def share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}".lstrip("0") if whole and part < whole else "1.00" if whole else "–"


def table_of(found: Totals) -> str:
    """Return the figures as a table in Markdown."""
    out = [
        "| domain | calls | error/success | shape | data | exact "
        "| writes | fields | fields and values |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for line in found.lines:
        cells = [share(getattr(line, measure), line.calls) for measure in MEASURES]
        cells += [
            str(line.writes),
            share(line.fields, line.writes),
            share(line.values, line.writes),
        ]
        out.append(f"| {line.name} | {line.calls} | {' | '.join(cells)} |")
    out.append("")
    out.append(
        f"Whole trajectories that end in the official state: {found.ends} of {found.trajectories} "
        f"without a file system ({found.ends_changed} of the {found.changed} that change it), "
        f"{found.all_ends} of all {found.tasks}."
    )
    out.append(
        f"State that cannot be mapped: {found.unmapped} of {found.leaves} values ("
        + ", ".join(f"{name} {number}" for name, number in sorted(found.unmapped_names.items()))
        + ")."
    )
    return "\n".join(out)
