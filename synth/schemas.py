"""Schemas as strangers write them -> JSON Schema 2020-12: types, references, enums, defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

TYPES: Mapping[str, str] = {
    **dict.fromkeys(("string", "str", "char", "text", "date", "byte[]"), "string"),
    **dict.fromkeys(("integer", "int", "long", "short", "byte", "bigint"), "integer"),
    **dict.fromkeys(("number", "float", "double", "decimal", "real"), "number"),
    **dict.fromkeys(("boolean", "bool"), "boolean"),
    **dict.fromkeys(("array", "list", "tuple", "arraylist", "set", "queue", "stack"), "array"),
    **dict.fromkeys(("object", "dict", "dictionary", "hashmap", "hashtable", "map"), "object"),
    **dict.fromkeys(("null", "none", "void"), "null"),
}
ANY = frozenset({"any", "mixed", "unknown", "*", "variant"})
PLAIN = (
    "title", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength",
    "maxLength", "minItems", "maxItems", "multipleOf", "uniqueItems", "format",
)  # fmt: skip
NUMBERS = frozenset(PLAIN) - {"title", "uniqueItems", "format"}
MAX_DEPTH = 12
MAX_NODES = 2_000
ENUM = re.compile(r"\[Enum\]\s*:?\s*(\[[^\]]*\]|[^\n]+)", re.IGNORECASE)
QUOTED = re.compile(r"['\"]([^'\"]*)['\"]")
NOTHING = ("None", "null", "none", "")


class BadSpec(ValueError):
    """A specification that cannot be used; the text says why."""


def normal_schema(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema with references inlined. Raises BadSpec (recursive, invalid, too big)."""
    return Normaliser(raw).schema(raw, ())


class Normaliser:
    """One walk over a schema: counts nodes, remembers which references it is inside of."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        self.nodes = 0

    def schema(self, raw: Any, inside: tuple[str, ...], depth: int = 0) -> dict[str, Any]:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise BadSpec("its schema is too large or nests too deeply")
        if raw is True:
            return {}
        if not isinstance(raw, Mapping):
            raise BadSpec(f"a schema is an object, not {raw!r:.60}")
        if "$ref" in raw:
            return self.reference(raw, inside, depth)
        choices = next((raw[key] for key in ("anyOf", "oneOf", "allOf") if key in raw), None)
        if choices is not None:
            return self.choice(raw, choices, inside, depth)
        out: dict[str, Any] = {}
        kind = types_of(raw.get("type"))
        if kind is None and "properties" in raw:
            kind = "object"
        if kind is not None:
            out["type"] = kind
        out |= plain_fields(raw)
        self.children(raw, out, inside, depth)
        return out

    def reference(
        self, raw: Mapping[str, Any], inside: tuple[str, ...], depth: int
    ) -> dict[str, Any]:
        ref = raw["$ref"]
        if ref in inside:
            raise BadSpec(f"its type {ref} contains itself")
        found: Any = self.root
        if not isinstance(ref, str) or not ref.startswith("#"):
            raise BadSpec(f"it refers to {ref!r:.60}, which is not in the specification")
        for key in filter(None, ref[1:].split("/")):
            found = found.get(key) if isinstance(found, Mapping) else None
        if found is None:
            raise BadSpec(f"it refers to {ref!r:.60}, which is not in the specification")
        merged = {**found, **{k: v for k, v in raw.items() if k != "$ref"}}
        return self.schema(merged, (*inside, ref), depth + 1)

    def choice(
        self, raw: Mapping[str, Any], choices: Any, inside: tuple[str, ...], depth: int
    ) -> dict[str, Any]:
        """Merge alternatives: one schema where they agree on a shape, the union of types else."""
        if not isinstance(choices, (list, tuple)) or not choices:
            raise BadSpec("anyOf, oneOf and allOf need a list")
        parts = [self.schema(part, inside, depth + 1) for part in choices]
        kinds = [k for part in parts for k in kinds_of(part)]
        solid = [part for part in parts if part.get("type") != "null"]
        out = dict(solid[0]) if solid else {}
        for part in solid[1:]:
            out = {**part, **out}
            if "properties" in part:
                out["properties"] = {**part["properties"], **out.get("properties", {})}
        if "allOf" not in raw and len(solid) > 1:
            out.pop("required", None)
        if all(part.get("type") for part in parts) and "allOf" not in raw:
            unique = list(dict.fromkeys(kinds))
            out["type"] = unique[0] if len(unique) == 1 else unique
        elif "allOf" not in raw:
            out.pop("type", None)
        return out | plain_fields(raw)

    def children(
        self, raw: Mapping[str, Any], out: dict[str, Any], inside: tuple[str, ...], depth: int
    ) -> None:
        properties = raw.get("properties")
        if properties is not None:
            if not isinstance(properties, Mapping):
                raise BadSpec("'properties' is not an object")
            out["properties"] = {
                str(name): self.schema(part, inside, depth + 1) for name, part in properties.items()
            }
        items = raw.get("items")
        if isinstance(items, Mapping):
            out["items"] = self.schema(items, inside, depth + 1)
        required = raw.get("required")
        if isinstance(required, (list, tuple)):
            if not all(isinstance(name, str) for name in required):
                raise BadSpec("'required' is not a list of names")
            out["required"] = list(dict.fromkeys(required))
        elif required is not None and not isinstance(required, bool):
            raise BadSpec("'required' is not a list of names")


def types_of(kind: Any) -> str | list[str] | None:
    """Map a type name, or a list of them, to JSON types; None allows anything."""
    if kind is None:
        return None
    if isinstance(kind, (list, tuple)):
        found = [types_of(one) for one in kind]
        names = [one for one in found if isinstance(one, str)]
        return list(dict.fromkeys(names)) if len(names) == len(found) else None
    if not isinstance(kind, str):
        raise BadSpec(f"its type {kind!r:.60} is not a name")
    name = re.sub(r"<.*>$", "", kind.strip()).lower()
    if name.endswith("[]"):
        return "array"
    if name in ANY:
        return None
    if name not in TYPES:
        raise BadSpec(f"its type {kind!r:.60} is unknown")
    return TYPES[name]


def kinds_of(schema: Mapping[str, Any]) -> list[str]:
    kind = schema.get("type")
    return [kind] if isinstance(kind, str) else list(kind or ())


def plain_fields(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the keywords that say something, checked; read enums out of descriptions."""
    out: dict[str, Any] = {}
    if isinstance(raw.get("description"), str):
        out["description"] = raw["description"].strip()
    for key in PLAIN:
        if key in raw and key != "title":
            if key in NUMBERS and (isinstance(raw[key], bool) or not is_number(raw[key])):
                raise BadSpec(f"its {key} {raw[key]!r:.60} is not a number")
            out[key] = raw[key]
    if "pattern" in raw:
        try:
            re.compile(raw["pattern"])
        except (re.error, TypeError) as error:
            raise BadSpec(f"its pattern {raw['pattern']!r:.60} does not compile: {error}") from None
        out["pattern"] = raw["pattern"]
    options = raw.get("enum", [raw["const"]] if "const" in raw else None)
    if options is not None:
        if not isinstance(options, (list, tuple)) or not options:
            raise BadSpec("its enum is not a list of values")
        out["enum"] = list(options)
    elif named := named_options(raw):
        out["enum"] = named
    default = raw.get("default")
    if default is not None and not (isinstance(default, str) and default in NOTHING[:3]):
        out["default"] = default
    return out


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and value == value and abs(value) != float("inf")


def named_options(raw: Mapping[str, Any]) -> list[str]:
    """Return the options that the description of a text names after `[Enum]`."""
    found = ENUM.search(str(raw.get("description", "")))
    if found is None or types_of(raw.get("type")) != "string":
        return []
    text = found.group(1).strip()
    if text.startswith("["):
        return QUOTED.findall(text) or [part.strip() for part in text[1:-1].split(",")]
    return [part.strip(" .'\"") for part in text.split(",") if part.strip(" .'\"")]
