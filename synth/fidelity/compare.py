"""Compare an official result and state with ours: status, shape, data, exact, changed fields."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from synth.vocabulary import tokens

MISSING = object()
TOLERANCE = 1e-6
PROSE = frozenset("message status result notification response error reason".split())


def shape_agrees(left: Any, right: Any) -> bool:
    """Tell whether two results have the same fields and types; empty lists fit any list."""
    left, right = hollow(left), hollow(right)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(shape_agrees(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return not left or not right or shape_agrees(left[0], right[0])
    return kind(left) == kind(right)


def hollow(value: Any) -> Any:
    """Return None for an object in which there is nothing but None."""
    if isinstance(value, dict) and all(item is None for item in value.values()):
        return None
    return value


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def data_agrees(left: Any, right: Any, known: frozenset[str], name: str = "") -> bool:
    """Tell whether all values agree, prose left out. `known` are texts that are data.

    Prose is an official text of at least two words in a field called message, status, result,
    notification or the like, or as the whole result, unless it is an argument or in the state.
    Nulls count as absent, numbers agree within one part in a million.
    """
    left, right = hollow(left), hollow(right)
    if isinstance(left, dict) and isinstance(right, dict):
        keys = {k for k in {**left, **right} if (left.get(k), right.get(k)) != (None, None)}
        return all(data_agrees(left.get(k), right.get(k), known, k) for k in keys)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(
            data_agrees(a, b, known, name) for a, b in zip(left, right, strict=True)
        )
    if isinstance(left, str) and isinstance(right, str) and is_prose(left, known, name):
        return True
    return equal(left, right)


def is_prose(text: str, known: frozenset[str], name: str) -> bool:
    return (
        (not name or bool(PROSE & set(tokens(name))))
        and len(text.split()) >= 2
        and text not in known
    )


def equal(left: Any, right: Any) -> bool:
    """Compare plain values; numbers within one part in a million."""
    if kind(left) == kind(right) == "number":
        return math.isclose(left, right, rel_tol=TOLERANCE, abs_tol=1e-9)
    return bool(left == right) and kind(left) == kind(right)


def same(left: Any, right: Any) -> bool:
    """Compare parts of states: nulls are absent, numbers close, records of a list in any order."""
    if isinstance(left, dict) and isinstance(right, dict):
        return all(same(left.get(k), right.get(k)) for k in {**left, **right})
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, ordered(left), ordered(right)))
    return equal(left, right)


def ordered(items: list[Any]) -> list[Any]:
    """Sort records, whose order in a table says nothing; leave other lists as they are."""
    if not all(isinstance(item, dict) for item in items):
        return items
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True, default=str))


def texts_in(value: Any) -> Iterable[str]:
    """Yield every text of a value, keys of objects included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from texts_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts_in(item)


def changes(before: Any, after: Any, path: str = "") -> dict[str, Any]:
    """Return {path: new value} of what differs, MISSING where it is gone; lists are one value."""
    if isinstance(before, dict) and isinstance(after, dict):
        found: dict[str, Any] = {}
        for key in {**before, **after}:
            old, new = before.get(key, MISSING), after.get(key, MISSING)
            if old is not MISSING or new is not MISSING:
                found |= changes(old, new, f"{path}/{key}")
        return found
    if before is MISSING and after is None:
        return {}
    return {} if unchanged(before, after) else {path: after}


def unchanged(before: Any, after: Any) -> bool:
    if MISSING in (before, after) if not isinstance(before, (dict, list)) else False:
        return before is after
    if before is MISSING or after is MISSING:
        return before is after
    return same(before, after)


def values_agree(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """Tell whether two sets of changes are the same, values included."""
    return left.keys() == right.keys() and all(
        (left[k] is MISSING) == (right[k] is MISSING)
        and (left[k] is MISSING or same(left[k], right[k]))
        for k in left
    )


def parsed(text: str) -> Any:
    """Return what a result text holds: JSON, None, else the text."""
    if text == "None":
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def is_error(value: Any) -> bool:
    """Tell the official way of refusing: an object with `error`."""
    return isinstance(value, dict) and "error" in value


def renamed(value: Any, names: Mapping[Any, Any]) -> Any:
    """Replace values, keys of objects included, by what they are called on the other side."""
    if isinstance(value, dict):
        return {
            names.get(str(k), k) if isinstance(k, str) else k: renamed(v, names)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [renamed(item, names) for item in value]
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return names.get(value, value)
    return value
