"""Texts as tokens, and the longest run of them that a text shares with known texts."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

LONGEST = 8
TOKEN = re.compile(r"[a-z0-9]+")


def tokenize(text: str) -> list[str]:
    return TOKEN.findall(text.lower())


@dataclass
class Runs:
    """Every run of up to 8 tokens of the texts taken in, each with the first source that holds it.

    Runs are kept once per place where one can start, as in a suffix array: sorted, the neighbours
    of a run are those that share most of its beginning. Complete before the first question.
    """

    source_of: dict[str, str] = field(default_factory=dict)
    known: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, source: str, tokens: Sequence[str]) -> None:
        for start in range(len(tokens)):
            self.source_of.setdefault(" ".join(tokens[start : start + LONGEST]), source)

    @cached_property
    def ordered(self) -> list[str]:
        return sorted(self.source_of)

    def longest(self, tokens: Sequence[str]) -> tuple[int, str]:
        """Return how many tokens in a row (at most 8) are shared with a text, and its source."""
        best = (0, "")
        for start in range(len(tokens)):
            if best[0] == LONGEST:
                break
            found = self.begins(" ".join(tokens[start : start + LONGEST]))
            best = max(best, found, key=lambda one: one[0])
        return best

    def begins(self, run: str) -> tuple[int, str]:
        """Return how many of a run's first tokens begin a known run, and whose that is."""
        if run not in self.known:
            place = bisect_left(self.ordered, run)
            near = self.ordered[max(0, place - 1) : place + 1]
            found = ((shared(run, other), self.source_of[other]) for other in near)
            self.known[run] = max(found, key=lambda one: one[0], default=(0, ""))
        return self.known[run]


def shared(one: str, two: str) -> int:
    """Count the tokens that two runs begin with together."""
    count = 0
    for a, b in zip(one.split(), two.split(), strict=False):
        if a != b:
            break
        count += 1
    return count
