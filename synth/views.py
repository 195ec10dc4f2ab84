"""A tool as synthesis sees it: what its parameters and results are values of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from synth.package import ToolRecord
from synth.vocabulary import tokens

READS = frozenset({"read", "compute"})
IDENTIFYING = frozenset(
    {"id", "ids", "key", "code", "number", "ref", "reference", "uuid", "token", "handle", "symbol"}
)


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter; `column` is what its value is a value of ("" where nothing is known)."""

    name: str
    column: str
    required: bool
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class View:
    """A tool as synthesis sees it. `key` names the parameter that holds its own entity's key."""

    name: str
    archetype: str
    entity: str
    effect: str
    verb: str
    params: tuple[Param, ...]
    outputs: Mapping[str, str]
    keys: frozenset[str]
    about: str = ""

    @property
    def reads(self) -> bool:
        return self.effect in READS

    @cached_property
    def key(self) -> Param | None:
        """The parameter that says which row of its own entity the call is about."""
        own = [p for p in self.params if p.column in self.keys and p.column == self.key_column]
        return own[0] if own else None

    @cached_property
    def key_column(self) -> str:
        """The column that names rows of the tool's entity ("" where it has no such column)."""
        return next((c for c in sorted(self.keys) if c.startswith(f"{self.entity}.")), "")

    @cached_property
    def needs(self) -> tuple[Param, ...]:
        """Required parameters whose values are keys: another tool's output, or known by heart."""
        return tuple(p for p in self.params if p.required and p.column in self.keys)

    @cached_property
    def links(self) -> tuple[Param, ...]:
        """Optional parameters that narrow by another row's key."""
        return tuple(
            p
            for p in self.params
            if not p.required and p.column in self.keys and p.column != self.key_column
        )

    @cached_property
    def values(self) -> tuple[Param, ...]:
        """Parameters that a person gives a value for."""
        return tuple(p for p in self.params if p.column not in self.keys)

    @cached_property
    def finds(self) -> bool:
        """Say whether the tool reveals keys of its own entity without being given one."""
        shown = self.key_column in self.outputs.values()
        return self.effect == "read" and bool(self.key_column) and shown and self.key is None

    @cached_property
    def shows(self) -> frozenset[str]:
        """Key columns that the tool makes known: other rows' always, its own where rows differ
        in something that can be told."""
        keys = {c for c in self.outputs.values() if c in self.keys}
        if self.archetype == "login":
            return frozenset(keys)
        if not self.reads or (self.key is not None):
            return frozenset(keys - {self.key_column}) if self.reads else frozenset()
        columns = {p.column for p in self.values} | set(self.outputs.values())
        told = {c for c in columns if c.startswith(f"{self.entity}.")} - {self.key_column}
        return frozenset(keys if told else keys - {self.key_column})

    def paths(self, column: str) -> list[str]:
        """Return the result paths whose values are of `column`."""
        return [path for path, shown in self.outputs.items() if shown == column]


def params_of(record: ToolRecord) -> Iterator[tuple[str, str]]:
    """Yield every parameter with its column: annotated, or guessed from its name and type."""
    noted = record.annotations.get("params")
    for name, part in record.spec.parameters.get("properties", {}).items():
        if noted is None:
            yield name, guess(name, part, record)
        elif name in noted:
            yield name, noted[name]


def outputs_of(record: ToolRecord) -> Iterator[tuple[str, str]]:
    """Yield every result path with its column: annotated, or guessed from the response schema."""
    noted = record.annotations.get("outputs")
    if noted is not None:
        yield from noted.items()
    elif record.response:
        for path, part in leaves(record.response, "$"):
            yield path, guess(path.rsplit(".", 1)[-1].removesuffix("[*]"), part, record)


def leaves(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the scalar fields of a result with their paths ("$.a", "$[*].b")."""
    if isinstance(schema.get("items"), Mapping):
        yield from leaves(schema["items"], f"{path}[*]")
    elif schema.get("properties"):
        for name, part in schema["properties"].items():
            yield from leaves(part, f"{path}.{name}")
    elif path != "$":
        yield path, schema


def guess(name: str, schema: Mapping[str, Any], record: ToolRecord) -> str:
    """Name the column that a field seems to be of: fields of the same name and type agree."""
    words = list(tokens(name))
    entity = str(record.annotations.get("entity", ""))
    if len(words) == 1 and words[0] in IDENTIFYING and entity:
        words.insert(0, entity)
    kind = schema.get("type")
    return f"?{kind if isinstance(kind, str) else ''}.{'_'.join(words)}"
