"""JavaScript literals as Python values, as the official checker reads them (see `literals`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from evaluators.bfcl.literals import INTEGER, PLAIN_FLOAT, read_boolean, read_number, read_untyped

SCRIPT_TYPES: Mapping[str, type] = MappingProxyType(
    {
        **dict.fromkeys(("integer", "Bigint"), int),
        **dict.fromkeys(("String", "any"), str),
        "float": float,
        "Boolean": bool,
        "dict": dict,
        "array": list,
    }
)

_BIGINT = re.compile(r"-?\d+n\n?\Z")
_NESTED_HEAD = re.compile(r"(?:(\[)|new\s+Array\()\s*\[")
_FLAT = re.compile(r"\[(.*?)\]|new\s+Array\((.*?)\)")
_ROW = re.compile(r"\[(.*?)\]")
_ROW_END = re.compile(r"\]\s*")
_NEXT_ROW = re.compile(r",\s*\[")
_OBJECT = re.compile(r"\{(.*?)\}")
_SPACES = re.compile(r"\s*")


def javascript_value(text: str, kind: str, inner: str | None = None) -> Any:
    """Read a literal declared as `kind`, an array's elements as `inner`.

    Raises KeyError (unknown type) and ValueError where the official checker fails too.
    """
    if kind == "String":
        return text[1:-1] if _is_quoted(text) else text
    if kind == "integer":
        return read_number(text, INTEGER, int)
    if kind == "float":
        return read_number(text, PLAIN_FLOAT, float)
    if kind == "Bigint":
        return read_number(text, _BIGINT, lambda digits: int(digits[:-1]))
    if kind == "Boolean":
        return read_boolean(text)
    if kind == "dict":
        return _object(text.strip())
    if kind == "array":
        return _array(text.strip(), inner)
    if SCRIPT_TYPES[kind] is not str:
        raise NotImplementedError(f"no reading of a JavaScript {kind}")
    return text


def _is_quoted(text: str) -> bool:
    return any(text.startswith(mark) and text.endswith(mark) for mark in "\"'")


def _untyped(text: str) -> Any:
    """Read an element of which no type is declared."""
    text = text.strip()
    if text in ("true", "false"):
        return text == "true"
    return text[1:-1] if _is_quoted(text) else read_untyped(text)


def _array(code: str, inner: str | None) -> Any:
    end = _nested_end(code)
    if end is not None:
        return _rows(code[:end])
    flat = _FLAT.match(code)
    if flat is None:
        return code
    inside = (flat[1] if flat[1] is not None else flat[2]).strip()
    elements = [element.strip() for element in inside.split(",")] if inside else []
    try:
        return [javascript_value(x, inner) if inner else _untyped(x) for x in elements]
    except ValueError:
        return code


def _nested_end(code: str) -> int | None:
    """Return where an array of arrays at the start of `code` ends, if there is one.

    It ends at the first `]` that the outer bracket follows; a row holds no line break.
    """
    head = _NESTED_HEAD.match(code)
    if head is None:
        return None
    outer, position = ("]" if head[1] else ")"), head.end()
    while (close := code.find("]", position)) >= 0 and code.find("\n", position, close) < 0:
        after = _ROW_END.match(code, close)
        position = after.end() if after else close + 1
        if code.startswith(outer, position):
            return position + 1
        following = _NEXT_ROW.match(code, position)
        position = following.end() if following else close + 1
    return None


def _rows(code: str) -> list[list[Any]]:
    rows = [row.strip() for row in _ROW.findall(code)]
    if rows[0].startswith("["):
        rows[0] = rows[0][1:]
    return [[_untyped(element) for element in row.split(",")] for row in rows]


def _object(code: str) -> Any:
    found = _OBJECT.match(code)
    if found is None:
        return code
    return {key.strip().strip("'\""): _member(value.strip()) for key, value in _pairs(found[1])}


def _member(value: str) -> Any:
    if value.startswith("[") and value.endswith("]"):
        return _array(value, None)
    return _untyped(value.strip("'\""))


def _pairs(content: str) -> Iterator[tuple[str, str]]:
    """Yield (key, value text): a value ends at a comma after which another colon comes first."""
    position, size = 0, len(content)
    while True:
        while content.startswith(":", position):
            position += 1
        colon = content.find(":", position)
        if colon < 0:
            return
        value = _skip_spaces(content, colon + 1)
        comma, following = _value_end(content, value)
        yield content[position:colon], content[value:comma]
        position = following
        if position >= size:
            return


def _value_end(content: str, start: int) -> tuple[int, int]:
    """Return the end of the value that begins at `start` and where the next key begins."""
    comma, size = content.find(",", start), len(content)
    while comma >= 0:
        next_comma = content.find(",", comma + 1)
        segment_end = size if next_comma < 0 else next_comma
        key = _skip_spaces(content, comma + 1)
        colon = content.rfind(":", comma + 1, segment_end)
        if colon > key:
            return comma, key
        if colon == key > comma + 1:
            return comma, key - 1
        comma = next_comma
    return size, size


def _skip_spaces(content: str, start: int) -> int:
    found = _SPACES.match(content, start)
    return found.end() if found else start
