"""Decode what a model wrote into plain JSON values that everything after it can carry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

DEPTH = 64
INT_BITS = 14_000


class Undecodable(ValueError):
    """The text holds no value that can be stored, compared and sent again."""


def loads(text: str | bytes) -> Any:
    """Parse JSON. Raises Undecodable on bad syntax, on giant integers and on deep nesting.

    Later stages copy, hash and encode values recursively, so depth is bounded here, once.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Undecodable(str(error)) from None
    if brackets(text) > DEPTH:
        require_shallow(value)
    return value


def brackets(text: str | bytes) -> int:
    """Count the opening brackets: no value nests deeper than that."""
    if isinstance(text, str):
        return text.count("{") + text.count("[")
    return text.count(b"{") + text.count(b"[")


def require_shallow(value: Any) -> None:
    """Raise Undecodable where containers nest deeper than `DEPTH`, without recursion."""
    level = [value]
    for _ in range(DEPTH):
        level = [child for item in level for child in children(item)]
        if not level:
            return
    raise Undecodable(f"nested deeper than {DEPTH} levels")


def children(item: Any) -> list[Any]:
    """List the containers directly inside a container."""
    inside = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
    return [child for child in inside if isinstance(child, dict | list)]


def read_arguments(given: Any) -> tuple[dict[str, Any], str | None]:
    """Return (arguments, None), or ({}, raw text) where `given` is no JSON object.

    `given` is the argument text of a call, or the object itself where a server sends that. An
    empty text is no object either, as in BFCL's official loop; only an absent one means none.
    """
    if given is None:
        return {}, None
    try:
        value = loads(given) if isinstance(given, str) else given
        if isinstance(value, dict):
            require_shallow(value)
            return value, None
        return {}, given if isinstance(given, str) else encode(given)
    except Undecodable:
        return {}, given if isinstance(given, str) else "(not JSON)"


def encode(value: Any) -> str:
    """Write JSON for a model to read: no ASCII escapes, mappings of any kind."""
    try:
        return json.dumps(value, ensure_ascii=False, default=_plain)
    except (ValueError, RecursionError) as error:
        raise Undecodable(str(error)) from None


def _plain(item: Any) -> Any:
    if isinstance(item, Mapping):
        return dict(item)
    raise TypeError(f"{type(item).__name__} is not JSON: {item!r}")


def scrub(text: str) -> str:
    """Replace lone surrogates, which no UTF-8 request can hold, by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
