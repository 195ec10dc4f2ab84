"""From gold answers to calls a model could have made: accepted values, written as it would."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from evaluators.bfcl.categories import Language, language_of
from evaluators.bfcl.classes import OfficialClasses
from evaluators.bfcl.data import BfclData

Call = tuple[str, dict[str, Any]]

_JAVA_BOXES = {"integer": "Integer", "long": "Long", "float": "Float", "double": "Double"}
_JAVA_SUFFIXES = {"long": "L", "float": "f"}
_JAVA_ITEMS = {"integer": "int", "any": "Object", "": "Object"}


def single_turn_calls(data: BfclData, task_id: str, *, as_text: bool = False) -> list[Call]:
    """Return the gold calls of an AST entry: the first accepted value of every argument that
    cannot be left out. Java and JavaScript values are source text; with `as_text`, strings are
    quoted as they must be inside a written call."""
    docs = {doc["name"]: doc["parameters"] for doc in data.prompt(task_id)["function"]}
    language = language_of(task_id)
    return [
        (name, gold_arguments(accepted, docs.get(name, {}), language, as_text))
        for gold in data.answer(task_id)
        for name, accepted in gold.items()
    ]


def gold_arguments(
    accepted: Mapping[str, Sequence[Any]],
    parameters: Mapping[str, Any],
    language: Language,
    as_text: bool,
) -> dict[str, Any]:
    """Choose and write down the arguments of one gold call."""
    schema = parameters.get("properties", {})
    required = parameters.get("required", ())
    return {
        name: spelled(chosen(values), schema.get(name, {}), language, as_text)
        for name, values in accepted.items()
        if name in required or "" not in values
    }


def chosen(accepted: Sequence[Any]) -> Any:
    """Return the first accepted value that says something, gold values inside it resolved."""
    return resolved(next((value for value in accepted if value != ""), ""))


def resolved(value: Any) -> Any:
    """Turn a gold value into a value: dicts hold the accepted values of each key."""
    if isinstance(value, dict):
        return {
            key: chosen(values) if isinstance(values, list) else values
            for key, values in value.items()
            if not isinstance(values, list) or "" not in values
        }
    if isinstance(value, list):
        return [resolved(item) for item in value]
    return value


def spelled(
    value: Any, schema: Mapping[str, Any], language: Language, as_text: bool = False
) -> Any:
    """Write a value as the language's source text; Python values stay as they are."""
    if language == "python":
        return value
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if as_text else value
    if language == "javascript":
        return json.dumps(value, ensure_ascii=False)
    return _java(value, schema.get("type", ""), (schema.get("items") or {}).get("type", ""))


def _java(value: Any, kind: str, item: str) -> str:
    if isinstance(value, dict):
        puts = "".join(f" put({_java_item(k, '')}, {_java_item(v, '')});" for k, v in value.items())
        return f"new HashMap<String, Object>() {{{{{puts} }}}}"
    if isinstance(value, list):
        if kind == "Array":  # the official reader keeps the quotes of an array's strings
            inner = ", ".join(v if isinstance(v, str) else _java_item(v, item) for v in value)
            return f"new {_JAVA_ITEMS.get(item, item)}[]{{{inner}}}"
        inner = ", ".join(_java_item(v, item) for v in value)
        return f"new ArrayList<{_JAVA_BOXES.get(item, item or 'Object')}>(Arrays.asList({inner}))"
    return _java_item(value, kind)


def _java_item(value: Any, kind: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value}{_JAVA_SUFFIXES.get(kind, '')}"
    if isinstance(value, list | dict):
        return _java(value, "", "")
    return json.dumps(value, ensure_ascii=False)


def multi_turn_calls(data: BfclData, classes: OfficialClasses, task_id: str) -> list[list[Call]]:
    """Return the gold calls of a multi-turn entry, turn by turn, with every argument named."""
    methods: dict[str, list[str]] = {}
    for name in data.prompt(task_id)["involved_classes"]:
        methods.update(methods_of(classes, name))
    return [[named_call(text, methods) for text in turn] for turn in data.answer(task_id)]


@lru_cache(maxsize=64)
def methods_of(classes: OfficialClasses, name: str) -> Mapping[str, list[str]]:
    """Return the names of each method's parameters, worked out once per class."""
    found = inspect.getmembers(classes.load(name), inspect.isfunction)
    return {name: list(inspect.signature(method).parameters)[1:] for name, method in found}


def named_call(text: str, parameters: Mapping[str, Sequence[str]]) -> Call:
    """Read a gold call; positional arguments get the names of the method's parameters."""
    node = ast.parse(text.strip(), mode="eval").body
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise ValueError(f"not a call: {text!r}")
    name = node.func.id
    arguments = {
        parameter: ast.literal_eval(value)
        for parameter, value in zip(parameters[name], node.args, strict=False)
    }
    for keyword in node.keywords:
        if keyword.arg is not None:
            arguments[keyword.arg] = ast.literal_eval(keyword.value)
    return name, arguments
