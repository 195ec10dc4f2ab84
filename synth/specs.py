"""Tool specifications in any common form -> normalised records, or a reason why not.

Forms: OpenAI (`{"type": "function", "function": {...}}` or flat), BFCL (`parameters.type` is
`dict`, Java and JavaScript type names, `response`), MCP (`inputSchema`, `outputSchema`).
Specifications are data from strangers: what cannot be used is rejected with the tool's name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.types import ToolSpec
from synth.package import ToolRecord
from synth.schemas import BadSpec, normal_schema

MAX_PARAMETERS = 200
MAX_DESCRIPTION = 8_000
TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
PARAMETER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
OPENAPI_KEYS = ("parameters", "inputSchema", "input_schema")
RESPONSE_KEYS = ("response", "outputSchema", "output_schema", "returns")


@dataclass(frozen=True)
class Rejection:
    """A specification that is not used: `name` as given (or its place), and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Intake:
    """What came of reading specifications: usable records, rejections, renamed tools."""

    records: tuple[ToolRecord, ...]
    rejected: tuple[Rejection, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)


def read_specs(entries: Iterable[Any], source: Mapping[str, Any] | None = None) -> Intake:
    """Normalise specifications in order. Bad ones are rejected, the rest goes on."""
    records: dict[str, ToolRecord] = {}
    rejected: list[Rejection] = []
    renamed: dict[str, str] = {}
    for place, entry in enumerate(entries, 1):
        label = f"tool {place}"
        try:
            label = name_of(entry)
            record = normal_record(entry, label, dict(source or {}))
            if record.spec.name in records:
                raise BadSpec("a tool of this name came before")
        except BadSpec as error:
            rejected.append(Rejection(label, str(error)))
            continue
        records[record.spec.name] = record
        if record.spec.name != label:
            renamed[label] = record.spec.name
    return Intake(tuple(records.values()), tuple(rejected), renamed)


def body(entry: Any) -> Mapping[str, Any]:
    """Return the part of an entry that describes the function."""
    if not isinstance(entry, Mapping):
        raise BadSpec("a specification is an object")
    inner = entry.get("function", entry)
    if not isinstance(inner, Mapping):
        raise BadSpec("'function' is not an object")
    return inner


def name_of(entry: Any) -> str:
    name = body(entry).get("name")
    if not isinstance(name, str) or not name.strip():
        raise BadSpec("the tool has no name")
    return name.strip()


def normal_record(entry: Any, name: str, source: dict[str, Any]) -> ToolRecord:
    """Turn one entry into a record. Raises BadSpec."""
    tool = body(entry)
    raw: Any = next((tool[key] for key in OPENAPI_KEYS if tool.get(key) is not None), {})
    parameters, aliases = normal_parameters(raw)
    described = next((tool[key] for key in RESPONSE_KEYS if tool.get(key)), None)
    response = normal_schema(described) if isinstance(described, Mapping) else None
    safe = safe_name(name)
    if safe != name:
        source["name"] = name
    if aliases:
        source["parameters"] = aliases
    spec = ToolSpec(safe, clean(tool.get("description") or ""), parameters)
    return ToolRecord(spec, response, "given" if response else "", {}, source)


def normal_parameters(raw: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a JSON Schema object and the names that had to change (new -> given)."""
    if not isinstance(raw, Mapping):
        raise BadSpec("its parameters are not an object")
    if raw.get("properties") is not None and not isinstance(raw["properties"], Mapping):
        raise BadSpec("'properties' is not an object")
    if len(raw.get("properties") or {}) > MAX_PARAMETERS:
        count = len(raw["properties"])
        raise BadSpec(f"it has {count} parameters; at most {MAX_PARAMETERS} can be used")
    schema = normal_schema({"type": "object", **raw} if "type" not in raw else raw)
    if schema.get("type", "object") != "object":
        raise BadSpec(f"its parameters are of type {schema['type']!r}, not object")
    required = schema.get("required", [])
    properties: dict[str, Any] = {}
    aliases: dict[str, str] = {}
    for given, part in schema.get("properties", {}).items():
        name = given if PARAMETER_NAME.fullmatch(given) else identifier(given, properties)
        if name != given:
            aliases[name] = given
        properties[name] = part
    back = {given: name for name, given in aliases.items()}
    names = [back.get(name, name) for name in required]
    missing = [name for name in names if name not in properties]
    if missing:
        raise BadSpec(f"it requires {missing[0]!r}, which it does not describe")
    return {"type": "object", "properties": properties, "required": names}, aliases


def safe_name(name: str) -> str:
    """Return a name that models, files and SQL can carry; the given one where it already is."""
    if TOOL_NAME.fullmatch(name):
        return name
    safe = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:64]
    return safe or "tool_" + "_".join(f"{ord(char):x}" for char in name[:12])


def identifier(name: str, taken: Mapping[str, Any]) -> str:
    stem = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or "arg"
    stem = f"arg_{stem}" if stem[0].isdigit() else stem
    found, number = stem, 2
    while found in taken:
        found, number = f"{stem}_{number}", number + 1
    return found


def clean(text: Any) -> str:
    """Return a description without control and direction characters, cut to a usable length."""
    if not isinstance(text, str):
        raise BadSpec("its description is not text")
    return CONTROL.sub(" ", text)[:MAX_DESCRIPTION].strip()


def read_json_lines(text: str, source: Mapping[str, Any] | None = None) -> Intake:
    """Read specifications from a JSON array or from JSON lines."""
    stripped = text.lstrip()
    if stripped.startswith("["):
        return read_specs(json.loads(text), source)
    entries: Sequence[Any] = [json.loads(line) for line in text.splitlines() if line.strip()]
    return read_specs(entries, source)
