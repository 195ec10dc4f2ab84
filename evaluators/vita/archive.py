"""Bring the official source archive into the pack's shape, without importing any of its code."""

from __future__ import annotations

import ast
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evaluators.tau2.archive.docstrings import Docstring, parse
from evaluators.tau2.archive.schemas import Scope, title_of
from harness.faults import UserMistake

Json = dict[str, Any]
Tools = dict[str, Json]
KITS = {"delivery": "DeliveryTools", "instore": "InStoreTools", "ota": "OTATools"}
SHARED = "ToolKitBase"
TASKS = ("delivery", "instore", "ota", "cross_domain")
LANGUAGES = {"english": "EN", "chinese": "ZH"}
KINDS = ("read", "write", "think", "generic")


def normalise(raw: Path, shaped: Path) -> None:
    """Write the pack made of the unpacked archive `raw` into the new folder `shaped`."""
    for name in TASKS:
        target = shaped / "domains" / name
        target.mkdir(parents=True)
        for path in sorted((raw / "data" / "vita" / "domains" / name).glob("tasks*.json")):
            shutil.copyfile(path, target / path.name)
    text = json.dumps({"domains": schemas(raw / "src" / "vita")}, indent=1, ensure_ascii=False)
    (shaped / "tool_schemas.json").write_text(text, encoding="utf-8")


def schemas(source: Path) -> Json:
    """Return what each domain offers, by language; `cross` offers everything once."""
    models = modules(source / "data_model")
    base = modules(source / "environment")
    shared = {lang: toolkit(base, SHARED, lang, models) for lang in LANGUAGES}
    found: dict[str, dict[str, Tools]] = {}
    for name, kit in KITS.items():
        own = modules(source / "domains" / name)
        found[name] = {lang: toolkit(own, kit, lang, models) | shared[lang] for lang in LANGUAGES}
    found["cross"] = {
        lang: shared[lang]
        | {tool: entry for name in KITS for tool, entry in found[name][lang].items()}
        for lang in LANGUAGES
    }
    return {
        name: {lang: summary(tools) for lang, tools in offered.items()}
        for name, offered in found.items()
    }


def summary(tools: Tools) -> Json:
    """Return tools with how many there are of each type."""
    counts = Counter(tool["tool_type"] for tool in tools.values())
    statistics = {"num_tools": len(tools), **{f"num_{kind}_tools": counts[kind] for kind in KINDS}}
    return {"n_tools": len(tools), "statistics": statistics, "tools": list(tools.values())}


def modules(folder: Path) -> list[ast.Module]:
    return [ast.parse(path.read_text("utf-8")) for path in sorted(folder.glob("*.py"))]


def toolkit(own: list[ast.Module], name: str, language: str, models: list[ast.Module]) -> Tools:
    """Read the tools that a class declares itself, documented in one language."""
    scope = Scope.of([*models, *own])
    if name not in scope.classes:
        raise UserMistake(f"the vita source has no class {name}: another revision?")
    texts = descriptions(own, LANGUAGES[language])
    return {
        method.name: {
            "name": method.name,
            "tool_type": kind,
            "schema": tool_schema(method, texts.get(method.name), scope),
        }
        for method, kind in declared(scope.classes[name])
    }


def declared(node: ast.ClassDef) -> Iterator[tuple[ast.FunctionDef, str]]:
    """Yield the methods of a class that are tools, with their types."""
    for method in node.body:
        if isinstance(method, ast.FunctionDef):
            for mark in method.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "is_tool":
                    given = [*mark.args, *(word.value for word in mark.keywords)]
                    kind = ast.unparse(given[0]).rpartition(".")[2] if given else "read"
                    yield method, kind.lower()


def descriptions(own: list[ast.Module], suffix: str) -> Json:
    """Return the table of tool descriptions in one language, by tool."""
    name = f"TOOL_DESCRIPTIONS_{suffix}"
    for node in (node for module in own for node in module.body):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith(name):
            table: Json = ast.literal_eval(node.value)
            return table
    raise UserMistake(f"the vita source has no {name}: another revision?")


def tool_schema(method: ast.FunctionDef, text: Json | None, scope: Scope) -> Json:
    """Return one tool in the form that chat completion endpoints take."""
    doc = documented(text) if text else parse(ast.get_docstring(method, clean=False))
    properties: Json = {}
    required = []
    arguments = method.args.args[1:]
    first_default = len(arguments) - len(method.args.defaults)
    for position, argument in enumerate(arguments):
        field: Json = {}
        if position >= first_default:
            field["default"] = ast.literal_eval(method.args.defaults[position - first_default])
        else:
            required.append(argument.arg)
        if argument.arg in doc.params:
            field["description"] = doc.params[argument.arg]
        field["title"] = title_of(argument.arg)
        properties[argument.arg] = typed(field, scope.schema(argument.annotation, {}))
    parameters: Json = {"properties": properties}
    if required:
        parameters["required"] = required
    parameters |= {"title": "parameters", "type": "object"}
    function = {"name": method.name, "description": doc.description or method.name}
    return {"type": "function", "function": {**function, "parameters": parameters}}


def documented(text: Json) -> Docstring:
    """Read a tool's entry in the table as the docstring that it stands for.

    Without arguments the official parser takes it all, headings included, as the description.
    """
    rest = (
        f"Preconditions:\n    - {text['preconditions']}\n"
        f"Postconditions:\n    - {text['postconditions']}\n\n"
        + "".join(["Args:\n", *(f"    {name}: {about}\n" for name, about in text["args"].items())])
        + f"\nReturns:\n    {text['returns']}"
    )
    if not text["args"]:
        return Docstring(f"{text['description']}\n\n{rest}")
    return parse(f"{text['description']}\n{rest}")


def typed(field: Json, schema: Json) -> Json:
    """Give a parameter its type: of a union the first member, without its enum, as officially."""
    if "anyOf" not in schema:
        return dict(sorted({**field, **schema}.items()))
    first = schema["anyOf"][0]
    return {**field, **{key: first[key] for key in ("type", "items") if key in first}}
