"""Java literals as Python values, as the official checker reads them (see `literals`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from evaluators.bfcl.literals import INTEGER, read_boolean, read_number, read_untyped, spans

JAVA_TYPES: Mapping[str, type] = MappingProxyType(
    {
        **dict.fromkeys(("byte", "short", "integer", "long"), int),
        **dict.fromkeys(("float", "double"), float),
        **dict.fromkeys(("char", "String", "any"), str),
        **dict.fromkeys(("Array", "ArrayList", "Queue", "Stack"), list),
        **dict.fromkeys(("HashMap", "Hashtable"), dict),
        "boolean": bool,
        "Set": set,
    }
)

_LONG = re.compile(r"-?\d+[lL]\n?\Z")
_DOUBLE = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\n?\Z")
_FLOAT = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[fF]\n?\Z")

_AS_LIST = re.compile(r"new\s+ArrayList<\w*>\(Arrays\.asList\(")
_EMPTY_LIST = re.compile(r"new\s+ArrayList<\w*>\(\)")
_ADDED_LIST = re.compile(_EMPTY_LIST.pattern + r"\s*\{\{\s*")
_ADD = re.compile(r"add\(")
_ARRAY = re.compile(r"new\s+\w+\[\]\s*\{")
_MAP = re.compile(r"new\s+HashMap<")
_MAP_ARGUMENTS = re.compile(r">\s*\(\)")
_MAP_BODY = re.compile(_MAP_ARGUMENTS.pattern + r"\s*\{\s*\{?\s*")
_PUT = re.compile(r'put\("')
_SPACES = re.compile(r"\s*")


def java_value(text: str, kind: str, inner: str | None = None) -> Any:
    """Read a literal declared as `kind`, a list's elements as `inner`.

    Raises KeyError (unknown type), NotImplementedError and ValueError where the official checker
    fails too.
    """
    if kind in ("byte", "short", "integer"):
        return read_number(text, INTEGER, int)
    if kind == "long":
        return read_number(text, _LONG, _suffixed_int)
    if kind == "double":
        return read_number(text, _DOUBLE, float)
    if kind == "float":
        return read_number(text, _FLOAT, _suffixed_float)
    if kind == "boolean":
        return read_boolean(text)
    if kind == "ArrayList":
        return _list(text, inner)
    if kind == "Array":
        return _array(text, inner)
    if kind == "HashMap":
        return _map(text)
    if JAVA_TYPES[kind] is not str:
        raise NotImplementedError(f"no reading of a Java {kind}")
    return text


def _suffixed_int(text: str) -> int:
    return int(text.rstrip("\n")[:-1])


def _suffixed_float(text: str) -> float:
    return float(text.rstrip("\n")[:-1])


def _untyped(text: str) -> Any:
    """Read an element of which no type is declared."""
    if text in ("true", "false"):
        return text == "true"
    if text.startswith('"') and text.endswith('"'):
        return text[1:-1]
    if _LONG.match(text):
        return _suffixed_int(text)
    if _FLOAT.match(text):
        return _suffixed_float(text)
    return read_untyped(text)


def _element(text: str, inner: str | None) -> Any:
    return java_value(text, inner) if inner else _untyped(text)


def _list(text: str, inner: str | None) -> Any:
    elements = next((span.split(",") for span in spans(text, _AS_LIST, "))", 1)), None)
    if elements is None:
        if not _EMPTY_LIST.search(text):
            return text
        elements = list(_added(text))
    items = [element.strip() for element in elements]
    if inner in ("char", "String"):
        return [item[1:-1] for item in items]
    return [_element(item, inner) for item in items]


def _added(text: str) -> Iterator[str]:
    """Yield the arguments of `add(…)` in the first double-brace initialiser, if there is one."""
    head = _ADDED_LIST.search(text)
    end = text.find("}}", head.end() + 1) if head else -1
    if head and end >= 0:
        yield from spans(text[head.end() : end], _ADD, ")", 1)


def _array(text: str, inner: str | None) -> Any:
    for span in spans(text, _ARRAY, "}"):
        return [_element(x.strip(), inner) for x in span.split(",") if x.strip()]
    return text


def _map(text: str) -> Any:
    head = _MAP.search(text)
    if head is None:
        return text
    body = _MAP_BODY.search(text, head.end())
    end = text.find("}", body.end()) if body else -1
    if body and end >= 0:
        inside = text[body.end() : end].rstrip()
        return {key: _untyped(value.strip()) for key, value in _puts(inside)}
    return {} if _is_empty_map(text) else text


def _is_empty_map(text: str) -> bool:
    """Say whether a `new HashMap<…>()` stands in the text, its type arguments on one line."""
    failed_line = 0
    for head in _MAP.finditer(text):
        if head.end() < failed_line:
            continue
        arguments = _MAP_ARGUMENTS.search(text, head.end())
        if arguments is None:
            return False
        failed_line = text.find("\n", head.end(), arguments.start())
        if failed_line < 0:
            return True
    return False


def _puts(text: str) -> Iterator[tuple[str, str]]:
    """Yield (key, value text) of each `put("key", value)`; neither may hold a line break."""
    position = 0
    while found := _PUT.search(text, position):
        start = found.end()
        newline = text.find("\n", start)
        line_end = len(text) if newline < 0 else newline
        position = line_end
        # Either the value ends on the key's line, or it starts on the next one.
        for key_end in (text.find('",', start, line_end), text.rfind('",', start, line_end)):
            span = _value_span(text, key_end + 2) if key_end >= 0 else None
            if span:
                yield text[start:key_end], text[slice(*span)]
                position = span[1] + 1
                break


def _value_span(text: str, start: int) -> tuple[int, int] | None:
    """Return where the value after a comma begins and ends (before the next `)` on its line)."""
    spaces = _SPACES.match(text, start)
    begin = spaces.end() if spaces else start
    end = text.find(")", begin)
    return (begin, end) if end >= 0 and text.find("\n", begin, end) < 0 else None
