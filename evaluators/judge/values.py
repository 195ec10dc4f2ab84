"""When two argument values are the same: case, blanks, numbers, amounts and dates normalised."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from evaluators.judge.case import ANY, OneOf

_NUMBER = re.compile(r"([-+]?)[$€£¥]?((?:0|[1-9]\d*)(?:\.\d+)?|[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?)")
_QUOTES = str.maketrans("‘’“”–—−\u00a0", "''\"\"--- ")
_MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
]  # fmt: skip
_MONTH = "|".join(f"{name}|{name[:3]}" for name in _MONTHS)
_DATES = (
    (re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:t00:00(?::00(?:\.0+)?)?z?)?"), "ymd"),
    (re.compile(rf"({_MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})"), "mdy"),
    (re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH})\.?,? (\d{{4}})"), "dmy"),
    (re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})"), "mdy"),
)
_TRUTHS = {"true": True, "false": False}


def same(gold: Any, given: Any, *, unordered: bool = False) -> bool:
    """Say whether a given value equals a gold one. "*" in the gold matches anything.

    Values are JSON. Nested objects need the same keys; lists the same order unless `unordered`.
    """
    if isinstance(gold, str) and gold == ANY:
        return True
    if isinstance(gold, OneOf):
        return any(same(value, given, unordered=unordered) for value in gold.values)
    if isinstance(gold, dict):
        return isinstance(given, dict) and _same_objects(gold, given, unordered)
    if isinstance(gold, (list, tuple)):
        return isinstance(given, (list, tuple)) and _same_lists(gold, given, unordered)
    if isinstance(given, (list, tuple, dict)):
        return False
    return bool(gold == given or plain(gold) == plain(given))


def _same_objects(gold: dict[str, Any], given: dict[str, Any], unordered: bool) -> bool:
    if any(value is not None and key not in gold for key, value in given.items()):
        return False
    return all(
        is_optional(value)
        if given.get(key) is None
        else same(value, given[key], unordered=unordered)
        for key, value in gold.items()
    )


def is_optional(gold: Any) -> bool:
    """Say whether a gold value may be left out."""
    return gold is None or gold == ANY or (isinstance(gold, OneOf) and gold.optional)


def _same_lists(gold: Any, given: Any, unordered: bool) -> bool:
    if len(gold) != len(given):
        return False
    if not unordered:
        return all(same(a, b) for a, b in zip(gold, given, strict=True))
    left = list(given)
    for item in gold:
        place = next((i for i, other in enumerate(left) if same(item, other, unordered=True)), None)
        if place is None:
            return False
        del left[place]
    return True


def has_wildcard(value: Any) -> bool:
    """Say whether "*" stands anywhere in a gold value."""
    if isinstance(value, str):
        return value == ANY
    if isinstance(value, dict):
        return any(map(has_wildcard, value.values()))
    return isinstance(value, (list, tuple)) and any(map(has_wildcard, value))


def plain(value: Any) -> Any:
    """Return the normal form of a scalar: a truth, a number, an ISO date or a folded text."""
    if isinstance(value, str):
        return _plain_text(value)
    if isinstance(value, bool) or value is None:
        return ("truth", value)
    return value


@lru_cache(maxsize=1 << 16)
def _plain_text(text: str) -> Any:
    folded = fold(text)
    if folded in _TRUTHS:
        return ("truth", _TRUTHS[folded])
    if (number := as_number(folded)) is not None:
        return number
    return as_date(folded) or folded


def fold(text: str) -> str:
    """Casefold a text, straighten its quotes and dashes, and collapse its blanks."""
    return " ".join(text.translate(_QUOTES).casefold().split())


def as_number(text: str) -> int | float | None:
    """Read "5", "5.0", "$1,000"; None for anything else, such as an id with leading zeros."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    digits = found[1] + found[2].replace(",", "")
    return float(digits) if "." in digits else int(digits[:4000])


def as_date(folded: str) -> str | None:
    """Read a whole text as a date in one of the usual forms and return it as ISO, else None."""
    for pattern, order in _DATES:
        if found := pattern.fullmatch(folded):
            return _iso(found.groups(), order)
    return None


def dates_in(folded: str) -> set[str]:
    """Find every date in a folded text, as ISO."""
    found = {_iso(m.groups(), order) for pattern, order in _DATES for m in pattern.finditer(folded)}
    return {iso for iso in found if iso}


def _iso(parts: tuple[str, ...], order: str) -> str | None:
    named = dict(zip(order, parts, strict=True))
    month = named["m"]
    number = int(month) if month.isdigit() else 1 + [n[:3] for n in _MONTHS].index(month[:3])
    try:
        return date(int(named["y"]), number, int(named["d"])).isoformat()
    except ValueError:
        return None


def leaves(value: Any) -> Iterator[Any]:
    """Yield the scalars of a value, keys left out."""
    stack = [dict(value) if isinstance(value, Mapping) else value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack.extend(reversed(item.values()))
        elif isinstance(item, (list, tuple)):
            stack.extend(reversed(item))
        elif isinstance(item, OneOf):
            stack.extend(item.values[:1])
        else:
            yield item
