"""`[f(a=1), g.h(b="x")]` -> calls, by reading Python's syntax tree; nothing is ever evaluated
except arithmetic on literals, which is bounded.
"""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

MAX_BITS = 100_000
MAX_ITEMS = 1_000_000

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.truediv,
        ast.FloorDiv: operator.floordiv,
        ast.Mod: operator.mod,
        ast.Pow: operator.pow,
        ast.LShift: operator.lshift,
        ast.RShift: operator.rshift,
        ast.BitOr: operator.or_,
        ast.BitXor: operator.xor,
        ast.BitAnd: operator.and_,
    }
)
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = MappingProxyType(
    {
        ast.USub: operator.neg,
        ast.UAdd: operator.pos,
        ast.Invert: operator.invert,
        ast.Not: operator.not_,
    }
)
_FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {f.__name__: f for f in (abs, bool, float, int, len, max, min, round, str, sum)}
)
_WIDE_FORMAT = re.compile(r"\d{4}|\*")


def parse_python(text: str) -> list[dict[str, Any]]:
    """Return the calls of a Python list, tuple, set or single call.

    Raises SyntaxError, ValueError, TypeError, AttributeError, ArithmeticError, MemoryError or
    RecursionError where the text is nothing of the kind.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes are the model's, not ours
        body = ast.parse(text.strip().strip("'"), mode="eval").body
    elements = [body] if isinstance(body, ast.Call) else _elements(body)
    return [_call(element) for element in elements]


def _elements(body: ast.expr) -> list[ast.Call]:
    if not isinstance(body, ast.List | ast.Tuple | ast.Set):
        raise ValueError("neither a call nor a list of calls")
    calls = [element for element in body.elts if isinstance(element, ast.Call)]
    if len(calls) != len(body.elts):
        raise ValueError("not every element is a call")
    return calls


def _call(node: ast.Call) -> dict[str, Any]:
    """Return {dotted name: keyword arguments}; positional ones are dropped, `**x` is named None."""
    parts, function = [], node.func
    while isinstance(function, ast.Attribute):
        parts.append(function.attr)
        function = function.value
    if isinstance(function, ast.Name):
        parts.append(function.id)
    arguments: dict[Any, Any] = {word.arg: _value(word.value) for word in node.keywords}
    return {".".join(reversed(parts)): arguments}


def _value(node: ast.expr | None) -> Any:
    match node:
        case ast.Constant():
            return "..." if node.value is Ellipsis else node.value
        case ast.UnaryOp():
            return _negated(node.operand)
        case ast.List():
            return [_value(item) for item in node.elts]
        case ast.Tuple():
            return tuple(_value(item) for item in node.elts)
        case ast.Dict():
            pairs = zip(node.keys, node.values, strict=True)
            return {_value(key): _value(value) for key, value in pairs}
        case ast.BinOp():
            return evaluate(node)
        case ast.Name():
            return node.id
        case ast.Call():
            return _call(node) if node.keywords else ast.unparse(node)
        case ast.Subscript():
            return f"{ast.unparse(node.value)}[{ast.unparse(node.slice)}]"
    raise ValueError(f"no value: {type(node).__name__}")


def _negated(operand: ast.expr) -> Any:
    """Return minus the operand whatever the unary operator was, as the official decoder does."""
    if not isinstance(operand, ast.Constant):
        raise ValueError(f"no number: {type(operand).__name__}")
    return -operand.value  # type: ignore[operator]


def evaluate(node: ast.expr) -> Any:
    """Return the value of arithmetic on literals.

    Raises ValueError for anything else and for results of an unreasonable size.
    """
    match node:
        case ast.Constant():
            return node.value
        case ast.BinOp():
            left, right = evaluate(node.left), evaluate(node.right)
            _check_size(node.op, left, right)
            return _BINARY[type(node.op)](left, right)
        case ast.UnaryOp():
            return _UNARY[type(node.op)](evaluate(node.operand))
        case ast.List():
            return [evaluate(item) for item in node.elts]
        case ast.Tuple():
            return tuple(evaluate(item) for item in node.elts)
        case ast.Call(func=ast.Name(id=name)) if name in _FUNCTIONS and not node.keywords:
            return _FUNCTIONS[name](*(evaluate(argument) for argument in node.args))
    raise ValueError(f"no arithmetic: {type(node).__name__}")


def _check_size(operation: ast.operator, left: Any, right: Any) -> None:
    """Raise ValueError where the result could fill the memory or take seconds."""
    match operation, left, right:
        case ast.Pow(), int(), int():
            too_large = left.bit_length() * right > MAX_BITS
        case ast.LShift(), int(), int():
            too_large = left.bit_length() + right > MAX_BITS
        case ast.Mult(), int(), int():
            too_large = left.bit_length() + right.bit_length() > MAX_BITS
        case ast.Mult(), str() | bytes() | list() | tuple(), int():
            too_large = len(left) * right > MAX_ITEMS
        case ast.Mult(), int(), str() | bytes() | list() | tuple():
            too_large = len(right) * left > MAX_ITEMS
        case ast.Mod(), str() | bytes(), _:
            too_large = _WIDE_FORMAT.search(str(left)) is not None
        case _:
            too_large = False
    if too_large:
        raise ValueError("the result is too large")
