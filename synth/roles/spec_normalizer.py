"""Role: specifications as strangers write them -> records. Rules: `synth.specs.read_specs`.

Acceptance (`check_record`): parameters and result are valid JSON Schema of the 2020-12 kind,
parameters are an object whose required names it describes, names can be carried by SQL and files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from synth.package import ToolRecord
from synth.schemas import PLAIN
from synth.specs import PARAMETER_NAME, TOOL_NAME, Intake, read_specs

KINDS = frozenset(("string", "integer", "number", "boolean", "array", "object", "null"))
KNOWN = frozenset(PLAIN) | frozenset(
    ("type", "description", "enum", "default", "pattern", "properties", "items", "required")
)


class SpecNormalizer(Protocol):
    """Read specifications (VULCAN §3.2.1 stage 1): what cannot be used is rejected by name."""

    def __call__(
        self, entries: Iterable[Any], source: Mapping[str, Any] | None = None
    ) -> Intake: ...


normalise: SpecNormalizer = read_specs


def check_record(record: ToolRecord) -> list[str]:
    """Return what is wrong with a normalised record."""
    spec = record.spec
    wrong = [] if TOOL_NAME.fullmatch(spec.name) else [f"the name {spec.name!r} cannot be carried"]
    if spec.parameters.get("type") != "object":
        wrong.append("its parameters are not an object")
    described = spec.parameters.get("properties", {})
    wrong += [
        f"it requires {n!r} undescribed"
        for n in spec.parameters.get("required", ())
        if n not in described
    ]
    wrong += [
        f"the parameter {n!r} cannot be bound" for n in described if not PARAMETER_NAME.fullmatch(n)
    ]
    return [*wrong, *faults(spec.parameters), *faults(record.response or {})]


def faults(schema: Any, path: str = "$") -> Iterator[str]:
    """Yield where a schema is not one that this project reads."""
    if not isinstance(schema, Mapping):
        yield f"{path} is not a schema"
        return
    unknown = sorted(set(schema) - KNOWN - {"additionalProperties"})
    if unknown:
        yield f"{path} has the keyword {unknown[0]!r}"
    kinds = schema.get("type", [])
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        if kind not in KINDS:
            yield f"{path} has the type {kind!r}"
    for name, part in (schema.get("properties") or {}).items():
        yield from faults(part, f"{path}.{name}")
    if "items" in schema:
        yield from faults(schema["items"], f"{path}[*]")
