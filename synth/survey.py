"""What there is to know of a package before tasks are made: its tools, columns, keys and nouns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from synth.guard import inspect_each
from synth.package import EnvPackage, ToolRecord
from synth.program import names_in
from synth.views import IDENTIFYING, Param, View, outputs_of, params_of
from synth.world import Blueprint

LABELS = ("name", "title", "label", "full_name", "username", "subject", "symbol")


@dataclass(frozen=True, slots=True)
class Touch:
    """What a program's guards read, what all of it reads, and what it writes."""

    guards: frozenset[str]
    reads: frozenset[str]
    writes: frozenset[str]


class Survey:
    """A package, read once. Everything is derived lazily and kept."""

    def __init__(self, package: EnvPackage) -> None:
        self.package = package
        self.records: Mapping[str, ToolRecord] = {r.spec.name: r for r in package.records}

    def blueprint(self, state_id: str) -> Blueprint:
        return self.package.blueprint(state_id)

    @cached_property
    def first(self) -> Blueprint:
        return self.blueprint(next(iter(self.package.states)))

    @cached_property
    def tables(self) -> Mapping[str, tuple[str, ...]]:
        """The columns of every table."""
        return {t: tuple(name for name, _ in cols) for t, cols in self.first.columns.items()}

    @cached_property
    def key_of(self) -> Mapping[str, str]:
        """The key column of every table that has a key of one column."""
        keyed = {t: [n for n, key in cols if key] for t, cols in self.first.columns.items()}
        return {table: names[0] for table, names in keyed.items() if len(names) == 1}

    @cached_property
    def columns(self) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
        """Per tool, the columns of its params and outputs, guessed from names where unsaid."""
        return {
            name: {"params": dict(params_of(record)), "outputs": dict(outputs_of(record))}
            for name, record in self.records.items()
        }

    @cached_property
    def keys(self) -> frozenset[str]:
        """Columns whose values name rows: keys of tables, and guessed columns that identify."""
        real = {f"{table}.{column}" for table, column in self.key_of.items()}
        guessed = {
            column
            for parts in self.columns.values()
            for part in parts.values()
            for column in part.values()
            if column.startswith("?") and column.rsplit("_", 1)[-1].lstrip("?.") in IDENTIFYING
        }
        return frozenset(real | guessed)

    @cached_property
    def views(self) -> Mapping[str, View]:
        return {name: self.view(record) for name, record in self.records.items()}

    def view(self, record: ToolRecord) -> View:
        """Compile one tool's annotations."""
        note, schema = record.annotations, record.spec.parameters
        columns = self.columns[record.spec.name]
        required = set(schema.get("required", ()))
        params = tuple(
            Param(name, columns["params"].get(name, ""), name in required, part)
            for name, part in schema.get("properties", {}).items()
        )
        return View(
            record.spec.name,
            str(note.get("archetype", "other")),
            str(note.get("entity", "")),
            str(note.get("effect", "read")),
            str(note.get("verb", "")),
            params,
            columns["outputs"],
            self.keys,
            record.spec.description,
        )

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """The column that people name a table's rows by, where there is one."""
        said = {
            str(r.annotations["entity"]): str(r.annotations["label"])
            for r in self.package.records
            if "label" in r.annotations
        }
        guessed = {
            table: next((name for name in LABELS if name in columns), "")
            for table, columns in self.tables.items()
        }
        return {table: label for table, label in (guessed | said).items() if label}

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """What a table's rows are (person, thing, event), as far as annotations say."""
        notes = [r.annotations for r in self.package.records if r.annotations.get("kind")]
        return {str(note["entity"]): str(note["kind"]) for note in notes}

    @cached_property
    def touches(self) -> Mapping[str, Touch]:
        """What every tool's program reads and writes, as the engine's authorizer reports it."""
        names, groups = [], []
        for name, program in self.package.programs.items():
            guards = [(s.sql, names_in(s.sql)) for s in program.steps if s.kind == "require"]
            rest = [(s.sql, names_in(s.sql)) for s in program.steps if s.kind != "require"]
            names.append(name)
            groups += [guards, rest]
        found = inspect_each(self.first.image, groups)
        return {
            name: Touch(
                frozenset(guard.reads),
                frozenset(guard.reads | rest.reads),
                frozenset(rest.writes),
            )
            for name, guard, rest in zip(names, found[::2], found[1::2], strict=True)
        }
