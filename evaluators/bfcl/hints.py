"""Function docs as models are shown them: descriptions carry hints about the language.

Java and JavaScript parameters are declared as strings that hold source literals. The texts of
the hints are read from the pack; only where they go is decided here.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluators.bfcl.categories import Language
from harness.faults import UserMistake

Doc = dict[str, Any]

_LISTS = {"java": ("ArrayList", "Array"), "javascript": ("array",)}


@dataclass(frozen=True)
class HintTexts:
    """The hints of one language: on the function, and templates for its parameters.

    `any_type`, `typed`, `listed` and `schema` are empty for Python.
    """

    function: str
    any_type: str = ""
    typed: str = ""
    listed: str = ""
    schema: str = ""


def read_hints(source: Path) -> Mapping[Language, HintTexts]:
    """Read the hint texts from the official `utils.py`; UserMistake where they are not there."""
    try:
        tree = ast.parse(source.read_text(encoding="utf-8"))
        bodies = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        java, script, python = _returned_texts(bodies["_get_language_specific_hint"])
        added = _added_templates(bodies["_func_doc_language_specific_pre_processing"])
        _, java_any, java_typed, java_list, any_, typed, listed, schema = added
    except (OSError, SyntaxError, KeyError, ValueError) as error:
        raise UserMistake(
            f"cannot read the language hints of BFCL from {source} ({error!r}): "
            "the pack is damaged or another version"
        ) from error
    return {
        "python": HintTexts(python),
        "java": HintTexts(java, java_any, java_typed, java_list),
        "javascript": HintTexts(script, any_, typed, listed, schema),
    }


def hinted(functions: Sequence[Doc], language: Language, texts: HintTexts) -> list[Doc]:
    """Return copies of the docs with the hints of `language`; the originals stay as they are."""
    return [_hinted_function(doc, language, texts) for doc in functions]


def _hinted_function(doc: Doc, language: Language, texts: HintTexts) -> Doc:
    shown = {**doc, "description": doc["description"] + texts.function}
    if language == "python":
        return shown
    properties = {
        name: _hinted_parameter(value, language, texts)
        for name, value in doc["parameters"]["properties"].items()
    }
    shown["parameters"] = {**doc["parameters"], "properties": properties}
    return shown


def _hinted_parameter(value: Doc, language: Language, texts: HintTexts) -> Doc:
    shown, kind = dict(value), value["type"]
    text = texts.any_type if kind == "any" else texts.typed.format(kind)
    if kind in _LISTS[language]:
        text += texts.listed.format(shown.pop("items")["type"])
    elif kind == "dict" and language == "javascript" and "properties" in shown:
        text += texts.schema.format(json.dumps(shown.pop("properties")))
    shown["description"] = value["description"] + text
    shown["type"] = "string"
    return shown


def _returned_texts(function: ast.FunctionDef) -> list[str]:
    """Return the constants a function returns, in source order."""
    found = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
    found.sort(key=lambda node: node.lineno)
    return [ast.literal_eval(node.value) for node in found if node.value is not None]


def _added_templates(function: ast.FunctionDef) -> list[str]:
    """Return the texts a function adds to descriptions, as templates, in source order."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(function):
        if isinstance(node, ast.AugAssign):
            found.append((node.lineno, _template(node.value)))
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp):
            found.append((node.lineno, ""))
    return [text for _, text in sorted(found)]


def _template(node: ast.expr) -> str:
    """Turn a string constant or f-string into a `str.format` template with `{}` for each value."""
    if isinstance(node, ast.JoinedStr):
        return "".join("{}" if isinstance(v, ast.FormattedValue) else _text(v) for v in node.values)
    return _text(node)


def _text(node: ast.expr) -> str:
    value: str = ast.literal_eval(node)
    return value.replace("{", "{{").replace("}", "}}")
