"""Choices: values that a schema lists and the text speaks of, word for word or inflected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness.models.lexical.reading import Reading
from harness.models.lexical.slots import Slot
from harness.models.lexical.words import PART, stem

Span = tuple[int, int]  # first and last word
Spoken = tuple[Span, Any]


def spoken(slot: Slot, reading: Reading) -> list[Spoken]:
    """Return each choice of a slot that the text holds, in the order of the text.

    A slot without an enum is read by the quoted words of its description, which must be
    in the text as they are.
    """
    return sorted(_spoken(slot, reading), key=lambda pair: pair[0])


def _spoken(slot: Slot, reading: Reading) -> Iterator[Spoken]:
    for choice in slot.choices:
        if not isinstance(choice, bool) and (at := find(str(choice)[:80], reading, exact=False)):
            number = isinstance(choice, int | float)
            yield at, str(choice) if slot.kind == "string" and number else choice
    if not slot.choices and slot.kind in ("string", "any", "array"):
        for hint in slot.hints:
            if at := find(hint, reading, exact=True):
                yield at, hint


def find(words: str, reading: Reading, exact: bool) -> Span | None:
    """Say where the text holds some words: as they are or, if not `exact`, inflected."""
    spots: list[int] = []
    for part in PART.findall(words):
        lower = part.lower()
        at = [] if exact else inflected(lower, reading)
        if not at and lower in reading.words and (exact or len(part) > 1):
            at = [reading.lower.index(lower)]
        if not at:
            return None
        spots.append(at[0])
    if not spots or max(spots) - min(spots) >= 4 * len(spots):
        return None
    return min(spots), max(spots)


def inflected(word: str, reading: Reading) -> list[int]:
    """List where the text holds a word in any inflection; "acted" is none of "action"."""
    length = max(3, len(word) - 2)
    at = reading.where.get(stem(word), [])
    return [i for i in at if reading.lower[i][:length] == word[:length]]


def listed(at: Span, found: Sequence[Spoken], reading: Reading) -> tuple[Any, ...]:
    """Return the later choices that the text names in one list with the one at `at`."""
    tokens, run, others = reading.tokens, at, []
    for spot, value in found:
        if spot[0] > run[1] and reading.is_gap(tokens[run[1]].end, tokens[spot[0]].start):
            others.append(value)
            run = spot
    return tuple(others)
