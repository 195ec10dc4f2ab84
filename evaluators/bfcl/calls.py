"""Calls as text, the way the official executor sees them, answered without `eval`.

The official code writes every call as `name(key=repr(value))`, puts the owner's name before each
method name that a regular expression finds (inside string arguments, too), refuses a few names
and evaluates the text. Here the text is parsed, and only what can be a call of a method or of a
harmless builtin is carried out; every other name is "not defined".
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import io
import json
import operator
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.types import ToolCall

DENIED = frozenset({"kill", "exit", "quit", "remove", "unlink", "popen", "Popen", "run"})
_NAME_BEFORE_PARENTHESIS = re.compile(r"\b([a-zA-Z_]\w*)\s*(?=\()")
_PURE: tuple[Callable[..., Any], ...] = (
    abs, all, any, ascii, bin, bool, callable, chr, complex, dict, divmod, enumerate, filter,
    float, format, frozenset, hex, int, isinstance, issubclass, len, list, max, min, next, oct,
    ord, range, repr, reversed, round, set, slice, sorted, str, sum, tuple, type, zip,
)  # fmt: skip
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}
_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
}

TEXT_ARGUMENT = "$text"
"""The one argument of a call that exists only as text (prompting mode)."""

Method = Callable[..., Any]


def call_text(name: str, arguments: Mapping[str, Any]) -> str:
    """Write a call as the official function-calling handlers do."""
    return f"{name}({','.join([f'{key}={value!r}' for key, value in arguments.items()])})"


def parsed_text(name: str, arguments: Mapping[str, Any]) -> str:
    """Write a call as the official prompting handlers do: a dict of dicts becomes a call.

    Raises LookupError, AttributeError or RecursionError where they fail.
    """
    return f"{name}({', '.join(f'{key}={_parsed(value)}' for key, value in arguments.items())})"


def _parsed(value: Any) -> str:
    if not isinstance(value, dict):
        return repr(value)
    if all(isinstance(item, dict) for item in value.values()):
        name, arguments = next(iter(value.items()), (None, None))
        if name is None or arguments is None:
            raise LookupError("an empty dict cannot be written")
        return parsed_text(name, arguments)
    return "{" + ", ".join(f"'{key}': {_parsed(item)}" for key, item in value.items()) + "}"


def written(call: ToolCall) -> str:
    """Return the text of a call of prompting mode."""
    text = call.arguments.get(TEXT_ARGUMENT)
    return text if isinstance(text, str) else parsed_text(call.name, call.arguments)


def rewrite(text: str, owners: Mapping[str, str]) -> str:
    """Put the owner before every known method name that precedes a parenthesis."""

    def replaced(match: re.Match[str]) -> str:
        name = match.group(1)
        return f"{owners[name]}.{name}" if name in owners else name

    return _NAME_BEFORE_PARENTHESIS.sub(replaced, text)


def refused(text: str) -> str | None:
    """Return the name that the official executor refuses to call in a rewritten text, if any."""
    head = text.split("(")[0] if "(" in text else text
    if "." in head:
        head = head.split(".")[1]
    return head if head in DENIED else None


def evaluate(text: str, objects: Mapping[str, Mapping[str, Method]]) -> Any:
    """Carry out a rewritten text. `objects` maps owner names to their methods.

    Raises what the official evaluation raises, with the same message, for every text that a call
    with JSON arguments or literal Python arguments can become.
    """
    text.encode()  # a lone surrogate is refused where it stands, before blanks are stripped
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text.lstrip(" \t"), "<string>", "eval")
        compile(tree, "<string>", "eval")
    return _Evaluation(objects).value(tree.body)


def rendered(result: Any) -> str:
    """Write a method's result as the text that the caller is shown."""
    if type(result) is str:
        return result
    if type(result) is dict:
        try:
            return json.dumps(result)
        except (TypeError, ValueError, RecursionError):
            return str(result)
    return str(result)


class _Owner:
    """The object an owner's name stands for: nothing but its methods."""

    def __init__(self, methods: Mapping[str, Method]) -> None:
        self.methods = methods


class _Evaluation:
    """Values of literals, and calls of what is allowed to be called."""

    def __init__(self, objects: Mapping[str, Mapping[str, Method]]) -> None:
        self.objects = objects

    def value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant():
                return node.value
            case ast.List():
                return self.values(node.elts)
            case ast.Tuple():
                return tuple(self.values(node.elts))
            case ast.Set():
                return set(self.values(node.elts))
            case ast.Dict():
                return {
                    self.key(k): self.value(v) for k, v in zip(node.keys, node.values, strict=True)
                }
            case ast.UnaryOp():
                return _UNARY[type(node.op)](self.value(node.operand))
            case ast.BinOp() if type(node.op) in _BINARY:
                return _BINARY[type(node.op)](self.value(node.left), self.value(node.right))
            case ast.Name():
                return self.name(node.id)
            case ast.Attribute():
                return self.attribute(self.value(node.value), node.attr)
            case ast.Call():
                return self.call(node)
        raise ValueError(f"{type(node).__name__} is not supported in a function call")

    def values(self, nodes: Sequence[ast.expr]) -> list[Any]:
        return [self.value(node) for node in nodes]

    def key(self, node: ast.expr | None) -> Any:
        if node is None:
            raise ValueError("unpacking is not supported in a function call")
        return self.value(node)

    def name(self, name: str) -> Any:
        if name in self.objects:
            return _Owner(self.objects[name])
        if name in _NAMES:
            return _NAMES[name]
        raise NameError(f"name '{name}' is not defined")

    def attribute(self, owner: Any, name: str) -> Any:
        if isinstance(owner, _Owner) and name in owner.methods:
            return owner.methods[name]
        raise AttributeError(f"'{type(owner).__name__}' object has no attribute '{name}'")

    def call(self, node: ast.Call) -> Any:
        function = self.value(node.func)
        arguments = self.values(node.args)
        keywords = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise ValueError("unpacking is not supported in a function call")
            keywords[keyword.arg] = self.value(keyword.value)
        if not callable(function):
            raise TypeError(f"'{type(function).__name__}' object is not callable")
        return function(*arguments, **keywords)


def _print(*arguments: Any, **keywords: Any) -> None:
    """Do what `print` does, except that nothing is printed."""
    if keywords.get("file") is None:
        keywords["file"] = io.StringIO()
    print(*arguments, **keywords)


_NAMES: Mapping[str, Any] = {
    **{function.__name__: function for function in _PURE},
    "print": _print,
    # Modules that the official executor happens to have imported: calling one is a TypeError.
    **{module.__name__: module for module in (copy, importlib, inspect, json, re)},
}
