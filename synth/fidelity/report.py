"""Figures of a replay, per domain and in all, and the page that says what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from synth.fidelity.replay import FILE_SYSTEM, CallResult, TaskResult
from synth.fidelity.tau2 import Row

MEASURES = ("status", "shape", "data", "exact")


@dataclass(frozen=True)
class Line:
    """Agreement of one domain, or of all: counts of calls and of writes.

    `assumed` are calls that agree in data through a template's constant; `extra` are calls that
    change our state only.
    """

    name: str
    calls: int
    status: int
    shape: int
    data: int
    exact: int
    assumed: int
    writes: int
    fields: int
    values: int
    extra: int


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
    unmapped_names: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Findings:
    """Both ways to compare BFCL, and the tau2 rows."""

    renamed: Totals
    strict: Totals
    tau2: tuple[Row, ...] = ()


def line_of(name: str, calls: Iterable[CallResult]) -> Line:
    """Add up the calls of one domain."""
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
        sum(call.data and call.assumed for call in listed),
        len(writes),
        sum(bool(call.fields) for call in writes),
        sum(bool(call.values) for call in writes),
        sum(call.fields is None and bool(call.our_changes) for call in listed),
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
    if not whole:
        return "–"
    return "1.00" if part == whole else f"{part / whole:.2f}".lstrip("0")


def table_of(found: Totals) -> str:
    """Return the figures as a table in Markdown."""
    out = [
        "| domain | calls | error/success | shape | data | exact "
        "| writes | fields | fields and values |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for line in found.lines:
        cells = [share(getattr(line, measure), line.calls) for measure in MEASURES]
        cells += [str(line.writes)]
        cells += [share(line.fields, line.writes), share(line.values, line.writes)]
        out.append(f"| {line.name} | {line.calls} | {' | '.join(cells)} |")
    unmapped = sorted(found.unmapped_names.items())
    every = found.lines[-1]
    return "\n".join(
        [
            *out,
            "",
            f"Whole trajectories that end in the official state: **{found.ends} of "
            f"{found.trajectories}** without a file system ({found.ends_changed} of the "
            f"{found.changed} that change it), {found.all_ends} of all {found.tasks}.",
            f"Official state without a place in ours: {found.unmapped} of {found.leaves} values "
            f"({', '.join(f'{name} {number}' for name, number in unmapped)}); it is compared as "
            "unchanged.",
            f"Calls that agree in data through a template's constant, which no document gives: "
            f"{every.assumed}; without them data is "
            f"{share(every.data - every.assumed, every.calls)}. Calls that change our state where "
            f"the official one stays: {every.extra}.",
        ]
    )


def tau2_table(rows: Sequence[Row]) -> str:
    """Return the figures of the recorded tau2 calls as a table."""
    if not rows:
        return "Not run: no recording of tau2 calls was found."
    out = [
        "| domain | calls | error/success | whole outputs | shape | data | exact |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in (*sorted({row.domain for row in rows}), "all"):
        own = [row for row in rows if name in (row.domain, "all")]
        whole = [row for row in own if row.shape is not None]
        cells = [share(sum(bool(getattr(r, m)) for r in whole), len(whole)) for m in MEASURES[1:]]
        status = share(sum(row.status for row in own), len(own))
        out.append(f"| {name} | {len(own)} | {status} | {len(whole)} | {' | '.join(cells)} |")
    return "\n".join(out)


def document(found: Findings) -> str:
    """Return the page; `{stamp}` is where commit, date and command go."""
    from synth.fidelity.wording import CLOSING, OPENING, STRICT, TAU2

    parts = [OPENING, table_of(found.renamed), STRICT, table_of(found.strict)]
    return "\n\n".join([*parts, TAU2, tau2_table(found.tau2), CLOSING])


def rows(found: Findings) -> list[dict[str, Any]]:
    """Return the figures as flat rows."""
    out = []
    for way, part in (("renamed", found.renamed), ("strict", found.strict)):
        for line in part.lines:
            out.append({"comparison": way, **asdict(line)})
    for name in sorted({row.domain for row in found.tau2}):
        own = [row for row in found.tau2 if row.domain == name]
        counts = {m: sum(bool(getattr(row, m)) for row in own) for m in MEASURES}
        blank = dict.fromkeys(("assumed", "writes", "fields", "values", "extra"), "")
        out.append({"comparison": "tau2", "name": name, "calls": len(own), **counts, **blank})
    return out
