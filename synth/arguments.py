"""Check a call's arguments against its JSON Schema, compiled once per tool."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], str | None]
TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict, Mapping),
    "null": (type(None),),
}
BOUNDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, bound: value >= bound,
    "maximum": lambda value, bound: value <= bound,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "exclusiveMaximum": lambda value, bound: value < bound,
    "minLength": lambda value, bound: len(value) >= bound,
    "maxLength": lambda value, bound: len(value) <= bound,
    "minItems": lambda value, bound: len(value) >= bound,
    "maxItems": lambda value, bound: len(value) <= bound,
}


class Arguments:
    """The compiled parameters of one tool: `check` says what is wrong, `bind` makes SQL values."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        properties: Mapping[str, Any] = schema.get("properties", {})
        self.required = tuple(schema.get("required", ()))
        self.checks = {name: compile_check(part) for name, part in properties.items()}
        self.defaults = {name: part.get("default") for name, part in properties.items()}

    def check(self, arguments: Mapping[str, Any]) -> str | None:
        """Return the first thing that is wrong with `arguments`, or None."""
        for name in self.required:
            if name not in arguments:
                return f"missing required argument '{name}'"
        for name, value in arguments.items():
            check = self.checks.get(name)
            if check is None:
                return f"unexpected argument '{name}'"
            wrong = check(value)
            if wrong is not None:
                return f"argument '{name}' {wrong}"
        return None

    def bind(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return every parameter as a value that SQLite takes; absent ones get their default."""
        return {
            name: sql_value(arguments.get(name, default)) for name, default in self.defaults.items()
        }


def compile_check(schema: Mapping[str, Any]) -> Check:
    """Compile type, enum, pattern, bounds and items of one parameter's schema."""
    checks: list[Check] = []
    kinds = schema.get("type")
    names = [kinds] if isinstance(kinds, str) else list(kinds or ())
    if names:
        checks.append(type_check(names))
    if "enum" in schema:
        checks.append(enum_check(list(schema["enum"])))
    if "pattern" in schema:
        checks.append(pattern_check(re.compile(schema["pattern"])))
    checks += [bound_check(key, schema[key]) for key in BOUNDS if key in schema]
    if isinstance(schema.get("items"), Mapping):
        checks.append(item_check(compile_check(schema["items"])))
    if schema.get("properties") or schema.get("required"):
        checks.append(object_check(schema))

    def check(value: Any) -> str | None:
        for one in checks:
            wrong = one(value)
            if wrong is not None:
                return wrong
        return None

    return check


def type_check(names: list[str]) -> Check:
    allowed = tuple(kind for name in names for kind in TYPES.get(name, (object,)))
    takes_bool = "boolean" in names or any(name not in TYPES for name in names)
    whole = "integer" in names

    def check(value: Any) -> str | None:
        if isinstance(value, bool) and not takes_bool:
            return f"must be {' or '.join(names)}, not boolean"
        if isinstance(value, allowed) or (
            whole and isinstance(value, float) and value.is_integer()
        ):
            return None
        return f"must be {' or '.join(names)}, not {type(value).__name__}"

    return check


def enum_check(options: list[Any]) -> Check:
    def check(value: Any) -> str | None:
        if any(value == option and type(value) is type(option) for option in options):
            return None
        return f"must be one of {', '.join(map(str, options))}"

    return check


def pattern_check(pattern: re.Pattern[str]) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, str) and not pattern.search(value):
            return f"does not match {pattern.pattern}"
        return None

    return check


def bound_check(key: str, bound: Any) -> Check:
    holds = BOUNDS[key]

    def check(value: Any) -> str | None:
        try:
            return None if holds(value, bound) else f"breaks {key} {bound}"
        except TypeError:
            return None

    return check


def item_check(inner: Check) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, (list, tuple)):
            for position, item in enumerate(value):
                wrong = inner(item)
                if wrong is not None:
                    return f"item {position} {wrong}"
        return None

    return check


def object_check(schema: Mapping[str, Any]) -> Check:
    """Check the fields of an object; fields that the schema does not name are allowed."""
    inner = {name: compile_check(part) for name, part in schema.get("properties", {}).items()}
    required = tuple(schema.get("required", ()))

    def check(value: Any) -> str | None:
        if not isinstance(value, Mapping):
            return None
        for name in required:
            if name not in value:
                return f"lacks the field '{name}'"
        for name, one in inner.items():
            if name in value and (wrong := one(value[name])) is not None:
                return f"field '{name}' {wrong}"
        return None

    return check


def sql_value(value: Any) -> Any:
    """Turn a JSON value into what SQLite binds: booleans 0/1, lists and objects JSON text.

    Raises OverflowError for integers beyond 64 bits.
    """
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (list, tuple, Mapping)):
        return json.dumps(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise OverflowError("an integer beyond 64 bits")
    return value
