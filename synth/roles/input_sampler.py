"""Role: sampled calls. Rules: 50 % complete, 20 % missing a required one, 30 % required only.

Besides these strata there are adversarial calls: options outside the enum, numbers out of
bounds, keys of nothing, wrong types. Acceptance (`check_strata`): the counts are exact.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from synth.expressions import first_type
from synth.model import Column, Model
from synth.package import ToolRecord
from synth.roles.values import sample_value
from synth.subjects import OWNER
from synth.templates.drafts import prose_options

STRATA = {"complete": 0.5, "missing": 0.2, "minimal": 0.3}
Row = dict[str, Any]


class InputSampler(Protocol):
    """Draw calls of a tool for a state (VULCAN App. A, rule-based stratification)."""

    def __call__(
        self, record: ToolRecord, model: Model, state: Mapping[str, Any], rng: random.Random
    ) -> list[Row]: ...


def sample_inputs(
    record: ToolRecord, model: Model, state: Mapping[str, Any], rng: random.Random, count: int = 20
) -> list[Row]:
    """Draw `count` calls in exact strata, then the adversarial ones that the schema allows.

    A tool without required parameters has no missing stratum: those calls are complete.
    """
    properties = record.spec.parameters.get("properties", {})
    required = list(record.spec.parameters.get("required", ()))
    rows: list[Row] = []
    for stratum, number in counts(count, bool(required)).items():
        for _ in range(number):
            place = rng.randrange(1_000)
            args = {n: argument(record, model, state, n, (rng, place)) for n in properties}
            if stratum == "minimal":
                args = {name: args[name] for name in required}
            elif stratum == "missing":
                args.pop(rng.choice(required))
            rows.append({"args": args, "stratum": stratum})
    return rows + [{"args": args, "stratum": "adversarial"} for args in hostile(record, rows)]


def counts(count: int, has_required: bool) -> dict[str, int]:
    missing = round(count * STRATA["missing"]) if has_required else 0
    minimal = round(count * STRATA["minimal"])
    return {"complete": count - missing - minimal, "missing": missing, "minimal": minimal}


def argument(
    record: ToolRecord,
    model: Model,
    state: Mapping[str, Sequence[Sequence[Any]]],
    name: str,
    drawn: tuple[random.Random, int],
) -> Any:
    """Draw an argument: a value that the state holds in its column, else one of its type.

    `drawn` is the source and the place of the row that all arguments of a call are taken from.
    """
    rng, place = drawn
    schema = record.spec.parameters["properties"][name]
    spoken = prose_options(schema)
    if spoken:
        return rng.choice(spoken)
    if schema.get("enum"):
        return rng.choice(list(schema["enum"]))
    home = record.annotations.get("params", {}).get(name, "")
    known = stored(model, state, home)
    if OWNER.search(str(schema.get("description", ""))):
        known = owners(record, model, state, home) or known
    sets = record.annotations.get("archetype") in ("update", "create", "compute", "other")
    column = model.state.columns.get(home.removeprefix("state."))
    if column is not None and column.type != "array" and sets and name != "access_token":
        known = []
    kind = first_type(schema)
    if kind == "array":
        inner = schema.get("items") or {}
        options = inner.get("enum") or known
        if options:
            return rng.sample(list(options), min(2, len(options)))
        return [typed(name, inner, rng, model) for _ in range(2)]
    if known and kind in ("string", "integer", "number") and fits(known[0], kind):
        return known[place % len(known)]
    return typed(name, schema, rng, model)


def owners(
    record: ToolRecord, model: Model, state: Mapping[str, Sequence[Sequence[Any]]], home: str
) -> list[Any]:
    """Return whose the rows of a tool's table are, in their order; none where some are nobody's."""
    table = model.tables.get(str(record.annotations.get("entity")))
    owner = home.partition(".")[0]
    column = next((c for c in table.columns.values() if c.refers == owner), None) if table else None
    if table is None or column is None:
        return []
    found = stored(model, state, f"{table.name}.{column.name}")
    return found if len(found) == len(state.get(table.name, ())) else []


def stored(model: Model, state: Mapping[str, Sequence[Sequence[Any]]], home: str) -> list[Any]:
    table = next((t for t in model.all() if home.startswith(f"{t.name}.")), None)
    if table is None:
        return []
    column = home.removeprefix(f"{table.name}.")
    if column not in table.columns or table.columns[column].type == "object":
        return []
    place = list(table.columns).index(column)
    if table.columns[column].type == "array":
        return [item for row in state.get(table.name, ()) for item in json.loads(row[place])]
    return [row[place] for row in state.get(table.name, ()) if row[place] is not None]


def fits(value: Any, kind: str) -> bool:
    if kind == "string":
        return isinstance(value, str)
    return isinstance(value, int) or (kind == "number" and isinstance(value, float))


def typed(name: str, schema: Mapping[str, Any], rng: random.Random, model: Model) -> Any:
    """Draw a value of a schema by its name."""
    kind = first_type(schema)
    if schema.get("enum"):
        return rng.choice(list(schema["enum"]))
    if kind == "object":
        return {k: typed(k, part, rng, model) for k, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [typed(name, schema.get("items") or {}, rng, model) for _ in range(2)]
    column = Column(name, kind, about=str(schema.get("description", "")))
    value = sample_value(column, rng, model.state)
    if kind == "boolean":
        return bool(value)
    if kind in ("integer", "number"):
        low, high = schema.get("minimum", value), schema.get("maximum", value)
        value = min(max(value, low), high)
    return int(value) if kind == "integer" else value


def hostile(record: ToolRecord, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return calls that must be refused: each breaks one thing in a complete call."""
    complete = next((row["args"] for row in rows if row["stratum"] == "complete"), None)
    if not complete:
        return []
    found = []
    for name, schema in record.spec.parameters["properties"].items():
        kind = first_type(schema)
        if schema.get("enum"):
            found.append({**complete, name: "no such option"})
        if "minimum" in schema:
            found.append({**complete, name: schema["minimum"] - 1})
        if "maximum" in schema:
            found.append({**complete, name: schema["maximum"] + 1})
        if schema.get("type"):
            found.append({**complete, name: [] if kind != "array" else "text"})
    return [*found, {**complete, "no_such_parameter": 1}]


def check_strata(rows: Sequence[Row], required: bool) -> list[str]:
    """Return what is wrong with the counts of the three strata."""
    found = Counter(row["stratum"] for row in rows if row["stratum"] != "adversarial")
    wanted = counts(sum(found.values()), required)
    return [
        f"{name}: {found[name]} calls, not {number}"
        for name, number in wanted.items()
        if found[name] != number
    ]


def canonical(args: Mapping[str, Any]) -> str:
    return json.dumps(args, sort_keys=True, ensure_ascii=False)
