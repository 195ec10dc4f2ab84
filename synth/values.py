"""Sensible values for parameters, drawn from the data itself; nothing that reads like filler."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from synth.realism import unreal
from synth.survey import Survey
from synth.views import Param, View

DATE = re.compile(r"\d{4}-\d\d-\d\d")
PHRASES: Mapping[str, tuple[str, ...]] = {
    "title": ("Screen flickers", "Late delivery", "Wrong invoice", "Noise in room 4"),
    "message": ("The meeting moved to three o'clock.", "I left the keys with Ada."),
    "content": ("Spring sale starts on Monday.", "Thanks to everyone who came."),
    "comment": ("Great work, thank you.", "Please check the last figure."),
    "description": ("The lamp goes dark after ten minutes.", "The door does not close."),
    "note": ("Call before you come.", "Leave it at the front desk."),
    "reason": ("The plans have changed.", "It arrived damaged."),
    "resolution": ("The cable was replaced.", "The invoice was corrected."),
}


class Values:
    """Values by column, from one initial state and the package's sampled inputs."""

    def __init__(self, survey: Survey, state_id: str) -> None:
        self.survey = survey
        self.state = survey.package.states[state_id]

    @cached_property
    def pools(self) -> dict[str, list[Any]]:
        """Return the distinct values of every column, in order of appearance."""
        found: dict[str, list[Any]] = {}
        for table, columns in self.survey.tables.items():
            rows = self.state.get(table, ())
            for position, column in enumerate(columns):
                values = dict.fromkeys(row[position] for row in rows if row[position] is not None)
                found[f"{table}.{column}"] = list(values)
        return found

    def draw(self, view: View, param: Param, rng: random.Random, avoid: Any = None) -> Any:
        """Draw a value other than `avoid`. None where nothing sensible can be said."""
        schema = param.schema
        if "enum" in schema:
            return pick([v for v in schema["enum"] if v != avoid], rng)
        if schema.get("type") == "boolean":
            return not avoid if isinstance(avoid, bool) else rng.random() < 0.5
        known = [v for v in self.sampled(view.name, param.name) if v != avoid]
        value = pick(known, rng) if schema.get("type") in ("string", "array", "object") else None
        if value is None:
            value = self.like(self.pools.get(param.column, ()), schema, rng, avoid)
        if value is None:
            value = pick(known, rng)
        if value is None and schema.get("type") == "string":
            value = pick([p for p in phrases(param.name) if p != avoid], rng)
        return None if value is None or unreal(param.name, value, schema) else value

    def sampled(self, tool: str, param: str) -> list[Any]:
        """Return a parameter's values in the sampled calls that are expected to succeed."""
        rows = self.survey.package.inputs.get(tool, ())
        return [r["args"][param] for r in rows if r.get("expect") == "ok" and param in r["args"]]

    def like(
        self, pool: Sequence[Any], schema: Mapping[str, Any], rng: random.Random, avoid: Any
    ) -> Any:
        """Draw a value like those of a column: between its extremes, or another of its texts."""
        if not pool:
            return None
        if all(isinstance(v, str) for v in pool):
            if all(DATE.fullmatch(v) for v in pool):
                return another(lambda: near(pool, rng), avoid)
            return pick([v for v in pool if v != avoid], rng)
        numbers = [v for v in pool if isinstance(v, (int, float))]
        if len(numbers) < 2 or schema.get("type") not in ("integer", "number"):
            return pick([v for v in pool if v != avoid], rng)
        return another(lambda: between(numbers, schema, rng), avoid)

    def key(self, column: str, rng: random.Random) -> Any:
        """Draw the key of an existing row; None where the column has no rows."""
        return pick(self.pools.get(column, ()), rng)

    def call(
        self, view: View, rng: random.Random, fixed: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """Draw a whole call; optional parameters are given now and then. None where it fails."""
        args = dict(fixed or {})
        for param in view.params:
            if param.name in args or not (param.required or rng.random() < 0.3):
                continue
            is_key = param.column in view.keys
            value = self.key(param.column, rng) if is_key else self.draw(view, param, rng)
            if value is None and is_key:
                value = pick(self.sampled(view.name, param.name), rng)
            if value is not None:
                args[param.name] = value
            elif param.required:
                return None
        return args


def pick(options: Sequence[Any], rng: random.Random) -> Any:
    return rng.choice(options) if options else None


def another(draw: Any, avoid: Any) -> Any:
    """Draw until the value differs from `avoid`; None where it never does."""
    return next((value for value in (draw() for _ in range(8)) if value != avoid), None)


def near(pool: Sequence[str], rng: random.Random) -> str:
    """Draw a day between the first and the last of a column."""
    first, last = (date.fromisoformat(day) for day in (min(pool), max(pool)))
    return (first + timedelta(days=rng.randint(0, max(1, (last - first).days)))).isoformat()


def between(numbers: Sequence[float], schema: Mapping[str, Any], rng: random.Random) -> float:
    """Draw a number in a column's range, round where the range is wide; never 0."""
    low, high = min(numbers), max(numbers)
    step = 10 if high - low > 100 else 1
    value = max(step, round(rng.uniform(low, high) / step) * step)
    if schema.get("type") == "integer":
        return int(value)
    return float(value) + (0.5 if step == 1 and rng.random() < 0.3 else 0.0)


def phrases(name: str) -> Sequence[str]:
    """Return sentences of ours for a free-text parameter of a known name."""
    return next((texts for word, texts in PHRASES.items() if word in name.lower()), ())
