"""The `calculate` tool: arithmetic as Python's `eval` would answer it, without `eval`."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

ALLOWED = "0123456789+-*/(). "
MAX_BITS = 1_000_000

BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: lambda left, right: power(left, right),
}


def calculate(expression: str) -> str:
    """Return the value rounded to two places; raises what `eval` raises on the same text."""
    if not all(char in ALLOWED for char in expression):
        raise ValueError("Invalid characters in expression")
    if not isinstance(expression, str):
        raise TypeError("eval() arg 1 must be a string, bytes or code object")
    tree = ast.parse(expression.lstrip(" "), "<string>", "eval")
    return str(round(float(value_of(tree.body)), 2))


def value_of(node: ast.expr) -> Any:
    """Evaluate what the allowed characters can spell: numbers, operators, (), ... and calls."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.BinOp):
        return BINARY[type(node.op)](value_of(node.left), value_of(node.right))
    if isinstance(node, ast.UnaryOp):
        value = value_of(node.operand)
        return -value if isinstance(node.op, ast.USub) else +value
    if isinstance(node, ast.Call):
        name = type(value_of(node.func)).__name__
        raise TypeError(f"{name!r} object is not callable")
    return ()  # an empty pair of parentheses; no comma can be spelt


def power(base: Any, exponent: Any) -> Any:
    """Raise to a power; one that could not become a float is refused before it is computed."""
    if (
        isinstance(base, int)
        and isinstance(exponent, int)
        and exponent > 0
        and base.bit_length() * exponent > MAX_BITS
        and abs(base) > 1
    ):
        raise OverflowError("int too large to convert to float")
    return base**exponent
