"""Write a mention as the value of an argument, in the declared kind and format."""

from __future__ import annotations

from typing import Any

from harness.models.lexical.dates import read_date
from harness.models.lexical.marks import Mention
from harness.models.lexical.signs import PERCENT
from harness.models.lexical.slots import MISSING, Slot
from harness.models.lexical.words import stem


def render(slot: Slot, kind: str, mention: Mention) -> Any:
    """Write a mention as a value of `kind`; MISSING where it is none."""
    value = mention.value
    if kind in ("integer", "number"):
        return MISSING if mention.kind != "number" else quantity(slot, kind, mention)
    if kind in ("array", "object"):
        fits = isinstance(value, list if kind == "array" else dict)
        return value if fits else MISSING
    if kind == "any" and mention.kind in ("number", "literal"):
        return value
    return MISSING if kind == "boolean" else text(slot, mention)


def quantity(slot: Slot, kind: str, mention: Mention) -> Any:
    """Write a number; a percentage is a fraction unless the slot speaks of percent."""
    value = mention.value
    if kind == "integer":
        return int(value) if value == int(value) else MISSING
    percent = mention.unit == "%" and PERCENT.isdisjoint(slot.cues)
    try:
        return float(value) / 100 if percent else float(value)
    except OverflowError:
        return value


def text(slot: Slot, mention: Mention) -> str:
    """Write a text: dates in the asked format, phrases without the slot's own words."""
    if mention.kind == "date" and slot.date_format:
        day = read_date(mention.text)
        return day.strftime(slot.date_format) if day else mention.text
    if mention.kind == "phrase":
        words = mention.text.split()
        kept = [word for word in words if stem(word) not in slot.names]
        return " ".join(kept or words)
    return mention.text
