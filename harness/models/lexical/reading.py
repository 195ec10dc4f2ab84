"""A request read once: its words, its mentions, and which mentions stand in one list."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from harness.models.lexical.mentions import Mention, find_mentions
from harness.models.lexical.words import terms, tokenize

LIST_GAP = re.compile(r"\s*(?:,|;|&|\band\b|\bor\b|,\s*(?:and|or)\b)\s*(?:the |an? )?", re.IGNORECASE)
LONGEST = 12_000  # characters of a request that are read; the rest is cut out of its middle


@dataclass(frozen=True, slots=True)
class Place:
    """A mention with the indices of its first and last word and of the list it stands in."""

    mention: Mention
    first: int
    last: int
    group: int


class Reading:
    """Everything the baseline knows of one text."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            text = f"{text[: LONGEST // 2]}\n{text[-LONGEST // 2 :]}"
        self.text = text
        self.tokens = tokenize(text)
        self.terms = list(terms(text))
        self.lower = [token.text.lower() for token in self.tokens]
        self.words = set(self.lower)
        self.where: dict[str, list[int]] = {}
        for index, token in enumerate(self.tokens):
            for term in {token.term, *terms(token.text)} - {""}:
                self.where.setdefault(term, []).append(index)
        self.breaks = list(accumulate(map(self.broken, range(len(self.tokens)))))
        self.places = list(self.locate())

    def broken(self, index: int) -> bool:
        """Say whether punctuation stands between a word and the one before it."""
        start = self.tokens[index - 1].end if index else 0
        return any(mark in ",.;:?!()" for mark in self.text[start : self.tokens[index].start])

    def locate(self) -> Iterator[Place]:
        """Yield every mention with its place among the words and its list."""
        starts = [token.start for token in self.tokens]
        group, before = 0, None
        for mention in find_mentions(self.text, self.tokens):
            if before is not None and not self.listed(before, mention):
                group += 1
            before = mention
            first = bisect_left(starts, mention.start)
            yield Place(mention, first, max(first, bisect_right(starts, mention.end - 1) - 1), group)

    def listed(self, left: Mention, right: Mention) -> bool:
        """Say whether two neighbouring mentions are members of one list."""
        return left.kind == right.kind and self.is_gap(left.end, right.start, left.unit)

    def is_gap(self, start: int, end: int, unit: str = "") -> bool:
        """Say whether the text between two places only separates members of a list."""
        if end - start > 40:
            return False
        gap = self.text[start:end].lower().lstrip().removeprefix(unit)
        return LIST_GAP.fullmatch(gap) is not None
