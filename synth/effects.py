"""What a Python tool reads and writes, as executions show it: its source's claims count nothing.

Writes are what sampled calls change. Reads are found by perturbation: the values of one column are
swapped among the rows, altered or emptied, or a table loses its rows, and the same call is made
again. Where its answer or what it writes elsewhere differs, it reads that column; where it turns
from accepted to refused or back, the column guards it. A sample can miss a read, never invent one
of a deterministic tool.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synth.acceptance.executions import Sample
from synth.arguments import Arguments
from synth.package import ToolRecord
from synth.python_tools import Classes, PythonProgram, ToolCrash
from synth.rows import BadRows, Columns, Key, Tables, key_names, keyed
from synth.world import Blueprint, SqlWorld

CALLS = 6
STATES = 2
LOSSES = 5
FAR = 1_000_003
Rows = Mapping[str, Mapping[Key, Mapping[str, Any]]]
Vary = Callable[[Sequence[Any]], list[Any]]


def swapped(values: Sequence[Any]) -> list[Any]:
    return [*values[1:], *values[:1]]


def altered(values: Sequence[Any]) -> list[Any]:
    """Make every value another one of its type that no row had."""
    return [v + FAR if isinstance(v, (int, float)) else f"{v or ''}~" for v in values]


def emptied(values: Sequence[Any]) -> list[Any]:
    return ["" if isinstance(value, str) else 0 for value in values]


VARIATIONS: tuple[Vary, ...] = (swapped, altered, emptied)


@dataclass(frozen=True)
class Seen:
    """How one call went on some rows: its kind and text, and the rows afterwards, by key."""

    kind: str
    text: str
    after: Rows


@dataclass
class Finding:
    """What was found so far, as `table.column` or, for whole rows, `table.*`."""

    guards: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)

    def to_json(self) -> dict[str, list[str]]:
        """Return what a record's annotations hold under `touches`."""
        return {name: sorted(getattr(self, name)) for name in ("guards", "reads", "writes")}


def touches_of(
    record: ToolRecord,
    program: PythonProgram,
    blueprints: Sequence[Blueprint],
    samples: Sequence[Sample],
) -> dict[str, list[str]]:
    """Return what sampled calls of a class were seen to be guarded by, read and write."""
    found = Finding()
    for blueprint in blueprints[:STATES]:
        bench = Probing(record, program, blueprint, found)
        for arguments in chosen(record, samples):
            bench.look(arguments)
        bench.classes.close()
    return found.to_json()


def chosen(record: ToolRecord, samples: Sequence[Sample]) -> Iterator[Mapping[str, Any]]:
    """Yield different calls that fit the schema, some of each stratum."""
    check = Arguments(record.spec.parameters).check
    by_stratum: Counter[str] = Counter()
    told = set()
    for sample in samples:
        name, stratum = json.dumps(sample["args"], sort_keys=True), str(sample["stratum"])
        if name in told or check(sample["args"]) is not None or by_stratum[stratum] >= CALLS:
            continue
        told.add(name)
        by_stratum[stratum] += 1
        yield sample["args"]


class Probing:
    """One tool over the rows of one initial state."""

    def __init__(
        self, record: ToolRecord, program: PythonProgram, blueprint: Blueprint, found: Finding
    ) -> None:
        self.tool, self.found = record.spec.name, found
        self.columns: Columns = blueprint.columns
        self.rows = SqlWorld(blueprint).rows()
        self.before = by_key(self.rows, self.columns)
        self.classes = Classes({self.tool: program.source}, blueprint.limits)
        self.losses = 0

    def look(self, arguments: Mapping[str, Any]) -> None:
        """Note what one call writes, and what it reads as far as variations show it."""
        base = self.run(arguments, self.rows)
        if base.kind == "crashed":
            return
        self.found.writes |= set(written(self.before, base.after))
        for table, listed in self.columns.items():
            other = self.run(arguments, {**self.rows, table: []})
            self.note(f"{table}.*", base, other, same_without_rows(table, self.before, base, other))
            for column, key in listed:
                name = f"{table}.{column}"
                for vary in VARIATIONS:
                    if name in self.found.guards or self.losses > LOSSES:
                        break
                    self.vary(arguments, base, (table, column, bool(key)), vary)

    def vary(
        self,
        arguments: Mapping[str, Any],
        base: Seen,
        place: tuple[str, str, bool],
        vary: Vary,
    ) -> None:
        table, column, is_key = place
        values = vary([row[column] for row in self.rows[table]])
        rows = [{**row, column: v} for row, v in zip(self.rows[table], values, strict=True)]
        if rows == self.rows[table] or (is_key and not distinct(rows, self.columns[table])):
            return
        changed = {**self.rows, table: rows}
        other = self.run(arguments, changed)
        now = by_key(changed, self.columns)
        if is_key:
            alike = without(base.after, table, column) == without(other.after, table, column)
            made, made_now = (
                after[table].keys() - before[table].keys()
                for before, after in ((self.before, base.after), (now, other.after))
            )
            same = alike and made == made_now
        else:
            same = same_but_for(table, column, (self.before, base.after), (now, other.after))
        self.note(f"{table}.{column}", base, other, same)

    def note(self, name: str, base: Seen, other: Seen, same: bool) -> None:
        """Note a read where the outcomes differ, a guard where one of them is a refusal."""
        if same and (base.kind, base.text) == (other.kind, other.text):
            return
        self.found.reads.add(name)
        if {base.kind, other.kind} == {"ok", "refused"}:
            self.found.guards.add(name)

    def run(self, arguments: Mapping[str, Any], rows: Tables) -> Seen:
        before = by_key(rows, self.columns)
        try:
            reply = self.classes.call(self.tool, arguments, rows)
            after = before if reply.state is None else by_key(reply.state, self.columns)
        except (ToolCrash, BadRows) as error:
            self.losses += 1
            return Seen("crashed", str(error), before)
        return Seen(reply.kind, reply.text, after)


def by_key(rows: Any, columns: Columns) -> Rows:
    """Return rows by table and key. Raises BadRows."""
    if not isinstance(rows, dict) or set(rows) != set(columns):
        raise BadRows("tables are missing or too many")
    return {table: keyed(table, rows[table], columns[table]) for table in columns}


def distinct(rows: Sequence[Mapping[str, Any]], columns: Sequence[tuple[str, int]]) -> bool:
    keys = key_names(columns)
    return len({tuple(row[name] for name in keys) for row in rows}) == len(rows)


def written(before: Rows, after: Rows) -> Iterator[str]:
    """Yield what differs between two states: columns, or whole rows that came or went."""
    for table, rows in after.items():
        old = before[table]
        if set(rows) != set(old):
            yield f"{table}.*"
        for key in rows.keys() & old.keys():
            yield from (f"{table}.{c}" for c, v in old[key].items() if rows[key].get(c) != v)


def same_without_rows(table: str, before: Rows, base: Seen, other: Seen) -> bool:
    """Say whether a call did the same on a table without rows: its new rows are the same."""
    others = all(base.after[name] == other.after[name] for name in before if name != table)
    kept = {key: row for key, row in base.after[table].items() if key in before[table]}
    new = {key: row for key, row in base.after[table].items() if key not in before[table]}
    return others and kept == before[table] and new == other.after[table]


def same_but_for(
    table: str, column: str, base: tuple[Rows, Rows], other: tuple[Rows, Rows]
) -> bool:
    """Say whether two calls left the same, where a column that neither wrote may differ.

    `base` and `other` are the rows before and after.
    """
    for name, rows in base[1].items():
        if set(rows) != set(other[1][name]):
            return False
        for key, row in rows.items():
            for cell in {*row, *other[1][name][key]}:
                one, two = row.get(cell), other[1][name][key].get(cell)
                if one == two:
                    continue
                if (name, cell) != (table, column) or key not in base[0][name]:
                    return False
                if one != base[0][name][key].get(cell) or two != other[0][name][key].get(cell):
                    return False
    return True


def without(rows: Rows, table: str, column: str) -> dict[str, list[str]]:
    """Return rows as texts in order, one column left out."""
    return {
        name: sorted(
            json.dumps({c: v for c, v in sorted(row.items()) if (name, c) != (table, column)})
            for row in found.values()
        )
        for name, found in rows.items()
    }
