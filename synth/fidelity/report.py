"""Figures of a replay, per domain and in all, and the page that says what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from synth.fidelity.replay import FILE_SYSTEM, WAYS, CallResult, TaskResult, Way
from synth.fidelity.tau2 import Row

MEASURES = ("status", "shape", "data", "exact")
TARGETS = (
    ("shape", 0.90, "calls"),
    ("data", 0.65, "calls"),
    ("exact", 0.40, "calls"),
    ("fields", 0.60, "writes"),
)
"""What the project aims at: (figure, least share, of what)."""


@dataclass(frozen=True)
class Line:
    """Agreement of one domain, or of all: counts of calls and of writes.

    `extra` are calls that change our state only.
    """

    name: str
    calls: int
    status: int
    shape: int
    data: int
    exact: int
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
    """All ways to compare BFCL, and the tau2 rows."""

    bfcl: Mapping[Way, Totals]
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
    """Return a share to two places; 1.00 is all of them and nothing less."""
    if not whole:
        return "–"
    return "1.00" if part == whole else f"{min(part / whole, 0.99):.2f}".lstrip("0")


def table_of(found: Totals, way: Way) -> str:
    """Return the figures as a table in Markdown, and what the table cannot show."""
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
    out += [
        "",
        f"Calls that change our state where the official one stays: {found.lines[-1].extra}.",
    ]
    return "\n".join([*out, *([] if way == "each" else [ends_of(found)])])


def ends_of(found: Totals) -> str:
    """Say how many trajectories end in the official state."""
    return (
        f"Whole trajectories that end in the official state: **{found.ends} of "
        f"{found.trajectories}** without a file system ({found.ends_changed} of the "
        f"{found.changed} that change it), {found.all_ends} of all {found.tasks}."
    )


def unmapped_of(found: Totals) -> str:
    """Say which parts of the official initial states have no place in ours."""
    names = sorted(found.unmapped_names.items())
    return (
        f"Official initial state without a place in ours: {found.unmapped} of {found.leaves} "
        f"values ({', '.join(f'{name} {number}' for name, number in names)})."
    )


def targets_table(found: Mapping[Way, Totals]) -> str:
    """Return what was aimed at beside what each way of comparing gives."""
    out = [
        "| figure | target | call by call | by itself | by itself, keys matched |",
        "|" + "---|" * 5,
    ]
    for measure, least, whole in TARGETS:
        lines = [found[way].lines[-1] for way in WAYS]
        cells = [share(getattr(line, measure), getattr(line, whole)) for line in lines]
        out.append(f"| {measure} | {share(round(least * 100), 100)} | {' | '.join(cells)} |")
    ends = [f"{found[way].ends} of {found[way].trajectories}" for way in WAYS[1:]]
    return "\n".join([*out, f"| whole trajectories | 30 of 150 | – | {' | '.join(ends)} |"])


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
    from synth.fidelity.wording import CLOSING, HEADINGS, MEANINGS, OPENING, TAU2

    parts = [OPENING, targets_table(found.bfcl), MEANINGS]
    for way in WAYS:
        parts += [HEADINGS[way], table_of(found.bfcl[way], way)]
    parts.append(unmapped_of(found.bfcl["strict"]) + " It is compared as unchanged.")
    tau2 = TAU2.replace("{history}", history_of(found.tau2))
    return "\n\n".join([*parts, tau2, tau2_table(found.tau2), CLOSING])


def history_of(rows: Sequence[Row]) -> str:
    """Return earlier figures of the tau2 domains beside today's, as rows of a table."""
    from synth.fidelity.wording import HISTORY

    out = []
    for name, (first, before) in HISTORY.items():
        own = [row for row in rows if row.domain == name]
        now = [share(sum(bool(getattr(r, m)) for r in own), len(own)) for m in MEASURES]
        out.append(f"| {name} | {first} | {before} | {', '.join(now)} |")
    return "\n".join(out)


def rows(found: Findings) -> list[dict[str, Any]]:
    """Return the figures as flat rows."""
    out = []
    for way, part in found.bfcl.items():
        for line in part.lines:
            out.append({"comparison": way, **asdict(line)})
    for name in sorted({row.domain for row in found.tau2}):
        own = [row for row in found.tau2 if row.domain == name]
        counts = {m: sum(bool(getattr(row, m)) for row in own) for m in MEASURES}
        blank = dict.fromkeys(("writes", "fields", "values", "extra"), "")
        out.append({"comparison": "tau2", "name": name, "calls": len(own), **counts, **blank})
    return out
