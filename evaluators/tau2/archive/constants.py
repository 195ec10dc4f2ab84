"""Texts of a Python source file, read from its syntax tree."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

from harness.faults import UserMistake


def constants(module: ast.Module) -> dict[str, str]:
    """Return the module's string constants, `.strip()` applied where it is written."""
    found = {}
    for node in module.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = text_of(node.value)
            if text is not None:
                found[node.targets[0].id] = text
    return found


def text_of(node: ast.expr) -> str | None:
    """Return a string expression's text; an f-string becomes a template with its names."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(map(template_part, node.values))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        inner = text_of(node.func.value)
        return inner.strip() if inner is not None and node.func.attr == "strip" else None
    return None


def template_part(node: ast.expr) -> str:
    if isinstance(node, ast.FormattedValue):
        return f"{{{ast.unparse(node.value)}}}"
    return str(ast.literal_eval(node))


def function(tree: ast.AST, name: str) -> ast.FunctionDef:
    """Find the first function called `name`, at any depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    raise UserMistake(f"the tau2 source has no function {name}: another revision?")


def docstring_of(tree: ast.AST, name: str) -> str:
    return inspect.cleandoc(ast.get_docstring(function(tree, name)) or "")


def local_records(tree: ast.AST, name: str, variable: str) -> dict[str, dict[str, str]]:
    """Return the records of texts that a function assigns; a field that is computed is left out."""
    for node in ast.walk(function(tree, name)):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == variable:
            return {key: texts_of(value) for key, value in items(node.value)}
    raise UserMistake(f"the tau2 source's {name} sets no {variable}: another revision?")


def items(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Yield the entries of a dict display whose keys are texts."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value


def texts_of(node: ast.expr) -> dict[str, str]:
    texts = ((key, text_of(value)) for key, value in items(node))
    return {key: text for key, text in texts if text is not None}


def local_text(tree: ast.AST, name: str, variable: str) -> str:
    """Return the text that a function assigns to a local variable."""
    for node in ast.walk(function(tree, name)):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == variable:
            text = text_of(node.value)
            if text is not None:
                return text
    raise UserMistake(f"the tau2 source's {name} sets no text {variable}: another revision?")
