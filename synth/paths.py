"""Where a value lies in a result: `$.id`, `$[*].id` (any row), `$[2].id` (one row)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

PART = re.compile(r"\.([^.\[\]]+)|\[(\*|\d+)\]")
Token = str | int
ANY = "*"


@lru_cache(maxsize=4096)
def parse(path: str) -> tuple[tuple[bool, Token], ...]:
    """Split a path after its first character into (is a position, name or index) parts."""
    parts: list[tuple[bool, Token]] = []
    for name, index in PART.findall(path):
        parts.append((False, name) if name else (True, index if index == ANY else int(index)))
    return tuple(parts)


def find_all(data: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield (path of one place, value) for every place that `path` may mean; absent ones not.

    A list is entered where the path does not say so: `$.id` means every row of a list of rows,
    `$.orders` every entry of a list of keys.
    """
    yield from walk(data, parse(path), path[:1])


def walk(data: Any, parts: tuple[tuple[bool, Token], ...], here: str) -> Iterator[tuple[str, Any]]:
    is_index, token = parts[0] if parts else (True, ANY)
    if isinstance(data, list) and (token == ANY or not is_index):
        rest = parts[1:] if is_index else parts
        for position, part in enumerate(data):
            yield from walk(part, rest, f"{here}[{position}]")
    elif not parts:
        yield here, data
    elif not is_index:
        if isinstance(data, dict) and token in data:
            yield from walk(data[token], parts[1:], f"{here}.{token}")
    elif isinstance(data, list) and isinstance(token, int) and token < len(data):
        yield from walk(data[token], parts[1:], f"{here}[{token}]")


def look_up(data: Any, path: str) -> Any:
    """Return the value at one place. Raises KeyError where there is none."""
    for _, token in parse(path):
        try:
            data = data[token]
        except (KeyError, IndexError, TypeError):
            raise KeyError(path) from None
    return data


def row_of(path: str) -> str:
    """Return the part of a concrete path up to its last position: what names the row."""
    return path[: path.rfind("]") + 1] if "]" in path else path[:1]
