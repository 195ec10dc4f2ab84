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
    """Yield (path of one place, value) for every place that `path` may mean; absent ones not."""
    yield from walk(data, parse(path), path[:1])


def walk(data: Any, parts: tuple[tuple[bool, Token], ...], here: str) -> Iterator[tuple[str, Any]]:
    if not parts:
        yield here, data
        return
    (is_index, token), rest = parts[0], parts[1:]
    if not is_index:
        if isinstance(data, dict) and token in data:
            yield from walk(data[token], rest, f"{here}.{token}")
    elif isinstance(data, list):
        for position in range(len(data)) if token == ANY else [int(token)]:
            if position < len(data):
                yield from walk(data[position], rest, f"{here}[{position}]")


def look_up(data: Any, path: str) -> Any:
    """Return the value at one place. Raises KeyError where there is none."""
    for _, value in find_all(data, path):
        return value
    raise KeyError(path)


def row_of(path: str) -> str:
    """Return the part of a concrete path up to its last position: what names the row."""
    return path[: path.rfind("]") + 1] if "]" in path else path[:1]
