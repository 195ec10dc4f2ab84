"""`<functions><function name=…>…</functions>` -> calls, in the verbose and the concise form."""

from __future__ import annotations

import ast
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from typing import Any


def parse_verbose(text: str) -> list[dict[str, Any]]:
    """Return the calls of `<param name= value= type=/>` elements, inside `<params>` if it is there.

    Raises SyntaxError, LookupError, ValueError, TypeError, MemoryError or RecursionError.
    """
    calls = []
    for function in ET.fromstring(text).findall("function"):
        container = function.find("params")
        holder = function if container is None else container
        arguments = {
            param.get("name"): _typed(param.get("value", ""), param.get("type", "string"))
            for param in holder.findall("param")
        }
        calls.append({function.attrib["name"]: arguments})
    return calls


def parse_concise(text: str) -> list[dict[str, Any]]:
    """Return the calls of `<param name= type=>value</param>` elements.

    Raises SyntaxError, LookupError, ValueError, TypeError, MemoryError or RecursionError.
    """
    return [
        {function.attrib["name"]: dict(_concise_arguments(function.findall("param")))}
        for function in ET.fromstring(text).findall("function")
    ]


def _concise_arguments(params: list[ET.Element]) -> Iterable[tuple[str, Any]]:
    for param in params:
        value = (param.text or "").strip()
        yield param.attrib["name"], _typed(value, param.get("type", "string"))


def _typed(text: str, kind: str) -> Any:
    if kind == "integer":
        return int(text)
    if kind == "float":
        return float(text)
    if kind == "boolean":
        return text.lower() == "true"
    if kind == "null":
        return None
    if kind in ("array", "tuple", "object", "dict"):
        return ast.literal_eval(text)
    return text
