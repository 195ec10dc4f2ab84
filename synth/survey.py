"""What there is to know of a package before tasks are made: its tools, columns, keys and nouns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from synth.guard import inspect_each
from synth.package import EnvPackage, ToolRecord
from synth.program import names_in
from synth.python_tools import PythonProgram
from synth.views import IDENTIFYING, Param, View, outputs_of, params_of
from synth.vocabulary import tokens
from synth.world import Blueprint

LABELS = ("name", "title", "label", "full_name", "username", "subject", "symbol")


@dataclass(frozen=True, slots=True)
class Touch:
    """What a program's guards read, what all of it reads, and what it writes."""

    guards: frozenset[str]
    reads: frozenset[str]
    writes: frozenset[str]


NOTHING = Touch(frozenset(), frozenset(), frozenset())


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
            name: {
                "params": dict(params_of(record)),
                "outputs": dict(outputs_of(record)) or self.bare_key(record),
            }
            for name, record in self.records.items()
        }

    def bare_key(self, record: ToolRecord) -> dict[str, str]:
        """Take a search's result that is one text or number as the key of what it finds."""
        table = str(record.annotations.get("entity", ""))
        kind = (record.response or {}).get("type")
        if record.annotations.get("archetype") != "find" or kind not in ("string", "integer"):
            return {}
        return {"$": f"{table}.{self.key_of[table]}"} if table in self.key_of else {}

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
        return frozenset(real | guessed | self.tokens)

    @cached_property
    def tokens(self) -> frozenset[str]:
        """Columns that a login returns and other tools ask for."""
        given, asked = set(), set()
        for name, record in self.records.items():
            if record.annotations.get("archetype") == "login":
                given |= set(self.columns[name]["outputs"].values())
            else:
                asked |= set(self.columns[name]["params"].values())
        return frozenset(given & asked)

    @cached_property
    def obtainable(self) -> frozenset[str]:
        """Keys that an agent can come to know who is told none: shown by what it can call."""
        found: set[str] = set()
        while True:
            able = [v for v in self.views.values() if found >= {p.column for p in v.needs}]
            shown = {c for v in able for c in v.shows}
            if shown <= found:
                return frozenset(found)
            found |= shown

    @cached_property
    def views(self) -> Mapping[str, View]:
        return {name: self.view(record) for name, record in self.records.items()}

    def view(self, record: ToolRecord) -> View:
        """Compile one tool's annotations."""
        note, schema = record.annotations, record.spec.parameters
        columns = self.columns[record.spec.name]
        required = set(schema.get("required", ()))
        params = tuple(
            Param(name, self.column(columns["params"].get(name, ""), part), name in required, part)
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

    def table_of(self, column: str) -> str:
        """Return the table whose rows a key column names ("" where it names none)."""
        table, _, name = column.partition(".")
        if column in self.tokens:
            return ""
        return "_".join(tokens(name)[:-1]) if table.startswith("?") else table

    def column(self, column: str, schema: Mapping[str, Any]) -> str:
        """Say what a parameter's value is of; a list of keys is a value, not a key."""
        return "" if column in self.keys and schema.get("type") == "array" else column

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
        """What every tool reads and writes: its program's statements as the engine's authorizer
        reports them, and what executions of its class showed (`synth.effects`)."""
        names, groups, shown = [], [], {}
        for name, program in self.package.programs.items():
            if isinstance(program, PythonProgram):
                shown[name] = Touch(*touched(self.records[name]))
            guards = [(s.sql, names_in(s.sql)) for s in program.steps if s.kind == "require"]
            rest = [(s.sql, names_in(s.sql)) for s in program.steps if s.kind != "require"]
            names.append(name)
            groups += [guards, rest]
        found = inspect_each(self.first.image, groups)
        for name, checked, done in zip(names, found[::2], found[1::2], strict=True):
            own = shown.get(name, NOTHING)
            shown[name] = Touch(
                own.guards | checked.reads,
                own.reads | checked.reads | done.reads,
                own.writes | done.writes,
            )
        return {name: shown[name] for name in names}


def touched(record: ToolRecord) -> Iterator[frozenset[str]]:
    """Yield what executions showed that a class is guarded by, reads and writes."""
    found = record.annotations.get("touches", {})
    for name in ("guards", "reads", "writes"):
        yield frozenset(found.get(name, ()))
