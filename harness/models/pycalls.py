"""Calls written as a Python list, `[f(a=1), g(b="x")]`: read without running anything.

The grammar is the one BFCL's prompting mode accepts: bare names are strings, sums and products of
literals are computed, a nested call is its text. Two differences: positional arguments get the
names of the tool's parameters (BFCL drops them when it matches calls, yet runs them), and tuples
become lists, because a call must survive being stored as JSON.
"""

from __future__ import annotations

import ast
import keyword
import math
import operator
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.models.values import INT_BITS, Undecodable, encode, require_shallow
from harness.types import ToolCall, ToolSpec

Parsed = tuple[str, dict[str, Any], str | None]
TEXT = 100_000

_SUMS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_SIGNS: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}


def read_calls(text: str, tools: Sequence[ToolSpec] = ()) -> list[Parsed]:
    """Parse a reply that is nothing but a list of calls.

    Returns (name, arguments, raw) triples; raises Undecodable on any other text.
    """
    body = text.strip("`\n ")
    if len(body) > TEXT or "(" not in body:
        raise Undecodable("not a list of calls")
    body = body if body.startswith("[") else "[" + body
    body = body if body.endswith("]") else body + "]"
    aliases = {f"tool_{i}_": t.name for i, t in enumerate(tools) if not is_dotted(t.name)}
    for alias, name in aliases.items():
        body = re.sub(rf"(?<![\w.]){re.escape(name)}(?=\s*\()", alias, body)
    parameters = {tool.name: tuple(tool.parameters.get("properties", ())) for tool in tools}
    try:
        tree = parse(body)
        if not isinstance(tree, ast.List):
            raise Undecodable("not a list")
        calls = [read_call(node, parameters, aliases) for node in tree.elts]
        return [(name, restore(args, aliases), raw) for name, args, raw in calls]
    except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise Undecodable(str(error)) from None


def restore(value: Any, aliases: Mapping[str, str]) -> Any:
    """Give back the true names where an alias landed inside a string."""
    if isinstance(value, dict):
        return {key: restore(item, aliases) for key, item in value.items()} if aliases else value
    if isinstance(value, list):
        return [restore(item, aliases) for item in value]
    if isinstance(value, str):
        for alias, name in aliases.items():
            value = value.replace(alias, name)
    return value


def parse(body: str) -> ast.expr:
    """Parse one expression; whatever the parser objects to becomes Undecodable."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(body, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise Undecodable(str(error)) from None


def is_dotted(name: str) -> bool:
    """Say whether Python's grammar can call `name` as it stands."""
    return all(part.isidentifier() and not keyword.iskeyword(part) for part in name.split("."))


def read_call(
    node: ast.expr, parameters: Mapping[str, Sequence[str]], aliases: Mapping[str, str]
) -> Parsed:
    """Read one call; positional arguments without a known parameter leave it raw."""
    if not isinstance(node, ast.Call):
        raise Undecodable("not a call")
    name = dotted_name(node.func)
    name = aliases.get(name, name)
    names = parameters.get(name, ())
    arguments: dict[str, Any] = {}
    if len(node.args) > len(names) or any(isinstance(arg, ast.Starred) for arg in node.args):
        return name, {}, ast.unparse(node)
    for key, value in zip(names, node.args, strict=False):
        arguments[key] = read_value(value)
    for pair in node.keywords:
        value = read_value(pair.value)
        if pair.arg is not None:
            arguments[pair.arg] = value
        elif isinstance(value, dict):
            arguments.update(value)
        else:
            raise Undecodable("** of something that is not a dict")
    require_shallow(arguments)
    return name, arguments, None


def dotted_name(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        raise Undecodable("the called thing has no name")
    return ".".join([node.id, *reversed(parts)])


def read_value(node: ast.expr) -> Any:
    """Turn a literal into a JSON value."""
    match node:
        case ast.Constant(value=value):
            return plain("..." if value is Ellipsis else value)
        case ast.Name(id=name):
            return name
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [read_value(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            return dict(read_pair(k, v) for k, v in zip(keys, values, strict=True))
        case ast.UnaryOp(op=sign, operand=ast.Constant(value=value)) if type(sign) in _SIGNS:
            return plain(_SIGNS[type(sign)](value))
        case ast.BinOp(op=sum_, left=left, right=right) if type(sum_) in _SUMS:
            return compute(type(sum_), read_value(left), read_value(right))
        case ast.Call(keywords=[]) | ast.Subscript():
            return ast.unparse(node)
        case ast.Call():
            name, arguments, _ = read_call(node, {}, {})
            return {name: arguments}
    raise Undecodable(f"{type(node).__name__} is no literal")


def read_pair(key: ast.expr | None, value: ast.expr) -> tuple[str, Any]:
    if key is None:
        raise Undecodable("** inside a dict")
    name = read_value(key)
    if isinstance(name, dict | list):
        raise Undecodable("a dict key must be a scalar")
    return name if isinstance(name, str) else encode(name), read_value(value)


def compute(sum_: type[ast.operator], left: Any, right: Any) -> Any:
    """Compute a sum or product of literals within bounds: text may only be joined."""
    if isinstance(left, str) and isinstance(right, str) and sum_ is ast.Add:
        return left + right
    if not (isinstance(left, int | float) and isinstance(right, int | float)):
        raise Undecodable("arithmetic on something that is not a number")
    if sum_ is ast.Pow and (abs(right) > 64 or abs(left) > 2**64):
        raise Undecodable("a power too large")
    return plain(_SUMS[sum_](left, right))


def plain(value: Any) -> Any:
    """Return a JSON scalar as it is; refuse bytes, complex numbers and giant integers."""
    if not isinstance(value, str | int | float | None):
        raise Undecodable(f"{type(value).__name__} is not JSON")
    if isinstance(value, int) and value.bit_length() > INT_BITS:
        raise Undecodable("an integer too large")
    return value


def write_calls(calls: Sequence[ToolCall]) -> str:
    """Write calls as a Python list, the inverse of `read_calls`."""
    return "[" + ", ".join(write_call(call) for call in calls) + "]"


def write_call(call: ToolCall) -> str:
    if call.raw is not None:
        return call.raw if call.raw.startswith(call.name) else f"{call.name}({call.raw})"
    if all(is_dotted(key) and "." not in key for key in call.arguments):
        inside = ", ".join(f"{key}={write_value(v)}" for key, v in call.arguments.items())
    else:
        inside = "**" + write_value(call.arguments)
    return f"{call.name}({inside})"


def write_value(value: Any) -> str:
    """Write one JSON value as a Python literal."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k!r}: {write_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(write_value(item) for item in value) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return "(1e999-1e999)" if math.isnan(value) else "1e999" if value > 0 else "-1e999"
    return repr(value)
