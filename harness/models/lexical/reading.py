"""A request read once: its words, its mentions, and which mentions stand in one list."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

from harness.models.lexical.marks import Mention
from harness.models.lexical.mentions import find_mentions
from harness.models.lexical.words import GENERIC, stem, terms, tokenize

RANGE_GAP = re.compile(r"\s*(?:to|until|till|through|[-–])\s*(?:the )?", re.IGNORECASE)
LIST_GAP = re.compile(
    r"\s*(?:,|;|&|\band\b|\bor\b|,\s*(?:and|or)\b)\s*(?:the |an? )?", re.IGNORECASE
)
SENTENCE_END = re.compile(r"[.!?;]\s|\n")
_OPENERS = "also then finally what how please tell give who where when"
OPENERS = frozenset(_OPENERS.split())
LONGEST = 12_000  # characters of a request that are read; the rest is cut out of its middle


@dataclass(frozen=True, slots=True)
class Place:
    """A mention with the indices of its first and last word and of the run it stands in.

    `listed` says that the run is a list; else it is a range ("5 to 10"), a place with the one
    around it ("Paris, France") or the mention alone.
    """

    mention: Mention
    first: int
    last: int
    group: int
    listed: bool = False


class Reading:
    """Everything the baseline knows of one text."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            text = f"{text[: LONGEST // 2]}\n{text[-LONGEST // 2 :]}"
        text = text.strip()
        if text[:1] == text[-1:] == '"' and text.count('"') == 2:
            text = text[1:-1]
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
        self.digits = any(p.mention.kind == "number" and p.mention.digits for p in self.places)

    def broken(self, index: int) -> bool:
        """Say whether punctuation stands between a word and the one before it."""
        start = self.tokens[index - 1].end if index else 0
        return any(mark in ",.;:?!()" for mark in self.text[start : self.tokens[index].start])

    def locate(self) -> Iterator[Place]:
        """Yield every mention with its place among the words and its list."""
        starts = [token.start for token in self.tokens]
        mentions = find_mentions(self.text, self.tokens)
        for group, members in enumerate(self.runs(mentions)):
            listed = self.listed(members)
            for mention in members:
                first = min(bisect_left(starts, mention.start), max(0, len(starts) - 1))
                last = max(first, bisect_left(starts, mention.end) - 1)
                yield Place(mention, first, last, group, listed)

    def runs(self, mentions: list[Mention]) -> Iterator[list[Mention]]:
        """Yield runs of mentions that form one list or one range."""
        run: list[Mention] = []
        for mention in mentions:
            if run and not (mention.kind == run[-1].kind and self.joins(run[-1], mention)):
                yield run
                run = []
            run.append(mention)
        if run:
            yield run

    def joins(self, left: Mention, right: Mention) -> bool:
        """Say whether the text between two mentions makes them one list or one range."""
        gap = self.text[left.end : min(right.start, left.end + 40)]
        gap = gap.lower().lstrip().removeprefix(left.unit)
        return bool(LIST_GAP.fullmatch(gap) or RANGE_GAP.fullmatch(gap))

    def listed(self, run: list[Mention]) -> bool:
        """Say whether a run is a list: commas and conjunctions, more than "Paris, France"."""
        gaps = [self.text[a.end : b.start].lower() for a, b in pairwise(run)]
        if not gaps or any(RANGE_GAP.fullmatch(gap) for gap in gaps):
            return False
        joined = any(" and " in gap or " or " in gap or "&" in gap for gap in gaps)
        return joined or len(run) > 2 or run[0].kind not in ("name", "phrase")

    def is_gap(self, start: int, end: int) -> bool:
        """Say whether the text between two places only separates members of a list."""
        return end - start < 40 and LIST_GAP.fullmatch(self.text, start, end) is not None

    def clauses(self) -> list[tuple[int, int]]:
        """Cut the words into clauses: half-open ranges of indices, in order."""
        cuts = [0]
        for index in range(1, len(self.tokens)):
            start, end = self.tokens[index - 1].end, self.tokens[index].start
            if SENTENCE_END.search(self.text, start, end + 1) or self.turns(index):
                cuts.append(index)
        return [(a, b) for a, b in pairwise([*cuts, len(self.tokens)]) if b > a]

    def turns(self, index: int) -> bool:
        """Say whether a new request begins at a word: "also", "then", "and find"."""
        word = self.lower[index]
        if word in ("also", "then", "additionally", "afterwards", "finally"):
            return self.lower[index - 1] != "and"
        following = self.tokens[index + 1].text.lower() if index + 1 < len(self.tokens) else ""
        return word == "and" and (following in OPENERS or stem(following) in GENERIC)

    def terms_of(self, clause: tuple[int, int]) -> list[str]:
        """Return the stems of a clause."""
        first, last = self.tokens[clause[0]], self.tokens[clause[1] - 1]
        return list(terms(self.text[first.start : last.end]))
