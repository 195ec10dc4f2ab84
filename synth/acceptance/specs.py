"""Accept specifications and output schemas: usable, the same tool, the same types everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from synth.package import ToolRecord
from synth.schemas import BadSpec, normal_schema
from synth.specs import read_specs

LOOSE = {"integer": "number"}


def check_spec(given: ToolRecord, reply: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a rewritten specification, or None.

    It must be valid, keep the tool's name, its parameters by name and which of them are required.
    """
    intake = read_specs([reply])
    if intake.rejected:
        return intake.rejected[0].reason
    spec = intake.records[0].spec
    if spec.name != given.spec.name:
        return f"the name {given.spec.name!r} became {spec.name!r}"
    before, after = (one.parameters.get("properties", {}) for one in (given.spec, spec))
    for name in before:
        if name not in after:
            return f"the parameter {name!r} is lost"
    for name in after:
        if name not in before:
            return f"the parameter {name!r} is new"
    required = set(given.spec.parameters.get("required", ()))
    now = set(spec.parameters.get("required", ()))
    changed = sorted(required ^ now)
    return f"whether {changed[0]!r} is required has changed" if changed else None


def check_response(response: Mapping[str, Any], known: Mapping[str, str]) -> str | None:
    """Say what is wrong with an output schema; `known` holds the types of shared fields.

    The first definition of a field is canonical: the same name has the same type everywhere.
    """
    try:
        schema = normal_schema(response)
    except BadSpec as error:
        return str(error)
    if not schema.get("type"):
        return "the schema has no type"
    if schema["type"] == "object" and not schema.get("properties"):
        return "the result is an object without fields: describe them"
    for name, kind in field_types(schema):
        if not same_kind(known.get(name, kind), kind):
            return f"the field {name!r} is {known[name]} in another tool, not {kind}"
    return None


def same_kind(one: str, other: str) -> bool:
    return LOOSE.get(one, one) == LOOSE.get(other, other)


def field_types(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (name, type) of every scalar field of a schema, at any depth."""
    for name, part in (schema.get("properties") or {}).items():
        kind = part.get("type")
        if isinstance(kind, str) and kind not in ("object", "array"):
            yield name, kind
        yield from field_types(part)
    if isinstance(schema.get("items"), Mapping):
        yield from field_types(schema["items"])


def shared_types(records: list[ToolRecord]) -> dict[str, str]:
    """Return the canonical type of every field that parameters and given responses name."""
    found: dict[str, str] = {}
    for record in records:
        for schema in (record.spec.parameters, record.response or {}):
            for name, kind in field_types(schema):
                found.setdefault(name, kind)
    return found
