"""Tool schemas from the tool modules' signatures and docstrings, as pydantic would write them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evaluators.tau2.archive.docstrings import parse
from evaluators.tau2.archive.schemas import Scope, sort_keys, title_of
from harness.faults import UserMistake

Json = dict[str, Any]


def read_toolkits(folder: Path, kits: Mapping[str, str]) -> Json:
    """Return the offered tools of each side, and all tools' types (hidden ones included)."""
    scope = scope_of(folder)
    out: Json = {"agent": [], "user": [], "types": {}}
    for side, name in kits.items():
        tools = list(declared(scope.classes.get(name), name))
        out[side] = [tool_schema(node, scope) for node, _, hidden in tools if not hidden]
        out["types"][side] = {node.name: kind for node, kind, _ in tools}
    return out


def scope_of(folder: Path) -> Scope:
    """Parse the modules of a domain."""
    return Scope.of(ast.parse(path.read_text("utf-8")) for path in sorted(folder.glob("*.py")))


def declared(node: ast.ClassDef | None, name: str) -> Iterator[tuple[ast.FunctionDef, str, bool]]:
    """Yield the tools of a class: the method, its type, and whether it has to be discovered."""
    if node is None:
        raise UserMistake(f"the tau2 source has no class {name}: another revision?")
    for method in node.body:
        if not isinstance(method, ast.FunctionDef):
            continue
        for mark in method.decorator_list:
            if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name):
                kind = ast.unparse(mark.args[0]).rpartition(".")[2].lower() if mark.args else "read"
                if mark.func.id in ("is_tool", "is_discoverable_tool"):
                    yield method, kind, mark.func.id == "is_discoverable_tool"


def tool_schema(method: ast.FunctionDef, scope: Scope) -> Json:
    """Return one tool in the form that chat completion endpoints take."""
    doc = parse(ast.get_docstring(method, clean=False))
    parameters: Json = {"properties": {}, "title": "parameters", "type": "object"}
    required = []
    definitions: Json = {}
    arguments = method.args.args[1:]
    first_default = len(arguments) - len(method.args.defaults)
    for position, argument in enumerate(arguments):
        field = scope.schema(argument.annotation, definitions)
        if "$ref" not in field:
            field["title"] = title_of(argument.arg)
        if argument.arg in doc.params:
            field["description"] = doc.params[argument.arg]
        if position >= first_default:
            field["default"] = ast.literal_eval(method.args.defaults[position - first_default])
        else:
            required.append(argument.arg)
        parameters["properties"][argument.arg] = field
    if required:
        parameters["required"] = required
    if definitions:
        parameters["$defs"] = definitions
    description = doc.description or method.name
    function = {"name": method.name, "description": description}
    return {"type": "function", "function": {**function, "parameters": sort_keys(parameters)}}
