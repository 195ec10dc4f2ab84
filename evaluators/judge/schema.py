"""Does a call fit its tool's declaration?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluators.judge.case import Tool
from evaluators.judge.trace import Act
from evaluators.judge.values import as_number, fold, same

_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "str": (str,),
    "integer": (int, float),
    "int": (int, float),
    "number": (int, float),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "bool": (bool,),
    "array": (list, tuple),
    "list": (list, tuple),
    "tuple": (list, tuple),
    "object": (Mapping,),
    "dict": (Mapping,),
}
_COUNTS = ("integer", "int")
_TRUTHS = ("boolean", "bool")


def missing_parameters(act: Act, tool: Tool | None) -> list[str]:
    """Name the required parameters that a call leaves out."""
    return [n for n in tool.required if act.arguments.get(n) is None] if tool else []


def violations(act: Act, tool: Tool | None) -> list[str]:
    """Say how a call breaks its tool's schema, beyond missing parameters."""
    if act.call.raw is not None:
        return ["the arguments are not a JSON object"]
    if tool is None or not (tool.properties or tool.required):
        return []
    found = []
    for name, value in act.arguments.items():
        if name not in tool.properties:
            found.append(f"{name} is no parameter of {tool.name}")
        elif wrong := unfit(value, tool.properties[name]):
            found.append(f"{name} {wrong}")
    return found


def unfit(value: Any, schema: Any) -> str:
    """Say why a value does not fit a parameter's schema, or return an empty text."""
    if not isinstance(schema, Mapping) or value is None:
        return ""
    kind = schema.get("type")
    if isinstance(kind, str) and not of_kind(value, kind):
        return f"is not of type {kind}: {value!r}"[:200]
    options = schema.get("enum")
    chosen = isinstance(options, list | tuple) and not isinstance(value, list | tuple | Mapping)
    if chosen and not any(same(option, value) for option in options or ()):
        return f"is none of its options: {value!r}"[:200]
    return ""


def of_kind(value: Any, kind: str) -> bool:
    """Check a JSON type. Numbers written as texts pass: models and tools are lenient there."""
    wanted = _KINDS.get(kind)
    if wanted is None:
        return True
    if isinstance(value, bool):
        return kind in _TRUTHS or kind in ("string", "str")
    if isinstance(value, str) and (int in wanted or bool in wanted):
        return as_number(fold(value)) is not None or fold(value) in ("true", "false")
    if isinstance(value, float) and kind in _COUNTS:
        return value.is_integer()
    if isinstance(value, int | float) and str in wanted:
        return True
    return isinstance(value, wanted)
