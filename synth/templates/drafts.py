"""A tool's program in the making: steps, what its result shows, what it means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from synth.model import Model, Table, literal
from synth.program import Program, Step
from synth.reading import Reading
from synth.rows import quote


@dataclass
class Draft:
    """What a template writes for one tool. `effect` and `archetype` go into its annotations."""

    steps: list[Step]
    result: str
    archetype: str
    effect: str
    entity: str = ""
    params: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)

    def program(self) -> Program:
        return Program((*self.steps, Step("return", self.result)))


Template = Callable[[Reading, Model], Draft | None]


def require(sql: str, otherwise: str) -> Step:
    return Step("require", sql, otherwise=otherwise)


def let(name: str, sql: str) -> Step:
    return Step("let", sql, name=name)


def run(sql: str) -> Step:
    return Step("run", sql)


def exists(table: Table, parameter: str, *, optional: bool = False, many: bool = False) -> Step:
    """Require the row, or every row, that a parameter names."""
    noun = table.name.replace("_", " ")
    key = quote(table.key)
    if many:
        inner = f"select 1 from json_each(:{parameter}) where value not in (select {key} from "
        sql = f"select :{parameter} is null or not exists ({inner}{quote(table.name)}))"
        return require(sql, f"not every {noun} of {{{parameter}}} exists")
    sql = f"select exists (select 1 from {quote(table.name)} where {key} = :{parameter})"
    if optional:
        sql = f"select :{parameter} is null or {sql.removeprefix('select ')}"
    return require(sql, f"{noun} {{{parameter}}} not found")


def limits(reading: Reading) -> list[Step]:
    """Require what the descriptions of numbers say: between 0 and 1, from 1 to 5, multiples."""
    steps = []
    for name, schema in reading.params.items():
        if schema.get("type") not in ("integer", "number"):
            continue
        text = schema.get("description", "")
        found = re.search(
            r"(?:between|from) (-?\d+(?:\.\d+)?)(?: \([^)]*\))? (?:and|to) (-?\d+(?:\.\d+)?)", text
        )
        if found:
            low, high = found.groups()
            steps.append(
                require(
                    f"select :{name} is null or :{name} between {low} and {high}",
                    f"{name} must be between {low} and {high}",
                )
            )
        found = re.search(r"multiple of (\d+)", text)
        if found:
            step = found.group(1)
            steps.append(
                require(
                    f"select :{name} is null or mod(:{name}, {step}) = 0",
                    f"{name} must be a multiple of {step}",
                )
            )
    return steps


def closed(reading: Reading) -> list[Step]:
    """Require options that a description names in prose, whatever their case."""
    steps = []
    for name, schema in reading.params.items():
        words = prose_options(schema)
        if words:
            listed = ", ".join(literal(word.lower()) for word in words)
            sql = f"select :{name} is null or lower(:{name}) in ({listed})"
            steps.append(require(sql, f"{name} must be one of {', '.join(words)}"))
    return steps


def prose_options(schema: Mapping[str, Any]) -> list[str]:
    """Return what "(Buy/Sell)", "Options are: a, b", "either 'a' or 'b'" allow, else nothing."""
    if schema.get("type") != "string" or schema.get("enum"):
        return []
    text = str(schema.get("description", ""))
    if found := re.search(r"\(([A-Z]\w+(?:/\w+)+)\)", text):
        return found.group(1).split("/")
    if found := re.search(r"options(?: to choose from)?:? (?:are)?:? ?([\w ,-]+)", text, re.I):
        words = [word.strip() for word in found.group(1).split(",") if word.strip()]
        return words if len(words) > 1 else []
    letters = re.findall(r"'(\w+)' for \w+", text)
    if len(letters) > 1:
        return letters
    if found := re.search(r"either ('[^']+'(?:, '[^']+')*,? or '[^']+')", text):
        return re.findall(r"'([^']+)'", found.group(1))
    return []
