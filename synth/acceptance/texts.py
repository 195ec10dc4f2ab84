"""Accept what users are to say: all that is needed, nothing that only the world knows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Turn:
    """What one user text must hold (`said`) in any wording; `wish` says what it is to ask for."""

    wish: str
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Brief:
    """What is to be worded: turns in order, and texts that must not occur (tools, hidden ids)."""

    turns: Sequence[Turn]
    hidden: tuple[str, ...] = ()
    persona: str = ""
    style: str = ""


def check_wording(brief: Brief, texts: Sequence[str]) -> str | None:
    """Say what is wrong with user texts, one per turn, or None."""
    if len(texts) != len(brief.turns):
        return f"{len(texts)} texts were given for {len(brief.turns)} turns"
    for number, (turn, text) in enumerate(zip(brief.turns, texts, strict=True), 1):
        if not text.strip():
            return f"text {number} is empty"
        for word in brief.hidden:
            if holds(text, word):
                return f"text {number} gives away {word!r}"
        earlier = " ".join(texts[:number])
        for value in turn.said:
            if not holds(earlier, value):
                return f"text {number} does not say {value!r}"
    return None


def holds(text: str, value: str) -> bool:
    """Say whether a text holds a value as whole words in any case; numbers count by value."""
    if NUMBER.fullmatch(value.strip()):
        numbers = NUMBER.findall(text.replace(",", ""))
        return any(float(found) == float(value) for found in numbers)
    wanted = re.escape(" ".join(value.lower().split()))
    return re.search(rf"(?<!\w){wanted}(?!\w)", " ".join(text.lower().split())) is not None
