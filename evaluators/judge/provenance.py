"""Where an argument's value comes from: is it grounded in what the agent had seen by then?

Sources are user texts, earlier tool results, the policy, and the called tool's own description.
The agent's own words are no source. A value is also grounded as a date in another form, or as a
non-integer amount that follows from a few visible numbers; ids, counts and dates never follow.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from itertools import permutations
from typing import Any

from evaluators.judge.case import Case, Tool
from evaluators.judge.trace import Act, Trace
from evaluators.judge.values import as_date, as_number, dates_in, fold, leaves

_NUMBERS = re.compile(r"(?<![\w.])[-+]?[$€£¥]?[0-9][0-9,]*(?:\.[0-9]+)?")
_MARKS = str.maketrans("", "", ",$€£¥")
_WORDS = re.compile(r"[\w@#.+-]*\w")
_SPOKEN = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20,
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "single": 1, "once": 1, "both": 2, "twice": 2, "pair": 2, "dozen": 12, "half": 0.5,
}  # fmt: skip
_NUMERALS = re.compile(rf"\b(?:{'|'.join(_SPOKEN)})\b")
_VISIBLE = 12
COMPOSED_WORDS = 4


class Sources:
    """Texts that a value may come from, searched as folded text, words, numbers and dates."""

    def __init__(self, texts: Iterable[str], recent: Iterable[str] = ()) -> None:
        self.text = fold("\n".join(texts))
        self.recent = tuple(recent)
        self._words: frozenset[str] | None = None
        self._numbers: frozenset[float] | None = None
        self._dates: frozenset[str] | None = None

    @property
    def words(self) -> frozenset[str]:
        if self._words is None:
            self._words = frozenset(_WORDS.findall(self.text))
        return self._words

    @property
    def numbers(self) -> frozenset[float]:
        if self._numbers is None:
            spoken = (float(_SPOKEN[word]) for word in _NUMERALS.findall(self.text))
            self._numbers = frozenset(numbers_in(self.text)).union(spoken)
        return self._numbers

    @property
    def dates(self) -> frozenset[str]:
        if self._dates is None:
            self._dates = frozenset(dates_in(self.text))
        return self._dates

    def holds(self, value: Any) -> bool:
        """Say whether a scalar is grounded. Truths, nulls and empty texts always are."""
        if value is None or isinstance(value, bool) or value == "":
            return True
        if isinstance(value, int | float):
            return self._holds_number(value)
        return self._holds_text(fold(str(value)))

    def _holds_number(self, value: float) -> bool:
        number = real(value)
        if not math.isfinite(number):
            return str(value)[:400] in self.text
        if number in self.numbers or abs(number) in self.numbers:
            return True
        return not number.is_integer() and derivable(number, self.recent)

    def _holds_text(self, text: str) -> bool:
        if (number := as_number(text)) is not None:
            return real(number) in self.numbers or self._has(text)
        if (day := as_date(text)) is not None:
            return day in self.dates or self._has(text)
        words = _WORDS.findall(text)
        if len(words) >= COMPOSED_WORDS or not words or self._has(text):
            return True
        bare = [word.strip("#@.") for word in words]
        return all(w in self.words or self._has(w) for w in bare if w)

    def _has(self, text: str) -> bool:
        """Find a text bounded by the ends of words."""
        start = self.text.find(text)
        while start >= 0:
            end = start + len(text)
            before = self.text[start - 1 : start]
            after = self.text[end : end + 1]
            if not (before.isalnum() and text[0].isalnum()) and not (
                after.isalnum() and text[-1].isalnum()
            ):
                return True
            start = self.text.find(text, start + 1)
        return False


def real(value: float) -> float:
    """Return a number as a float; infinity where it is too large for one."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def numbers_in(text: str) -> set[float]:
    """Read every number that stands in a text, thousands separators and currencies dropped."""
    return {float(token.translate(_MARKS)[:300]) for token in _NUMBERS.findall(text)}


def derivable(number: float, recent: Iterable[str]) -> bool:
    """Say whether an amount is a sum, difference, product or quotient of two recent numbers.

    At most 12 numbers are looked at: with many, almost any amount would follow.
    """
    seen = sorted({n for text in recent for n in numbers_in(fold(text))})[:_VISIBLE]
    for a, b in permutations(seen, 2):
        results = [a + b, a - b, a * b, *([a / b] if b else [])]
        if any(equals_rounded(number, result) for result in results):
            return True
    return any(equals_rounded(number, n) for n in seen)


def equals_rounded(stated: float, exact: float) -> bool:
    """Say whether a number is another one, rounded to 0 to 3 digits or not at all."""
    gap = abs(stated - exact)
    if gap == 0 or gap > 0.501:
        return gap == 0
    return any(gap <= 0.5 * 10**-n + 1e-9 and round(stated, n) == stated for n in range(4))


def sources_before(case: Case, trace: Trace, act: Act) -> Sources:
    """Collect what the agent could have taken an argument of `act` from."""
    texts = [case.policy, *tool_texts(case.tools, act.name)]
    visible: list[str] = []
    for line in trace.log[: act.message]:
        if line.author == "user" or (line.author == "tool" and line.owner != "user"):
            visible.append(line.text)
    return Sources([*texts, *visible], visible[-2:])


def tool_texts(tools: Mapping[str, Tool] | None, name: str) -> list[str]:
    tool = (tools or {}).get(name)
    return [tool.text] if tool else []


def ungrounded(value: Any, sources: Sources) -> list[Any]:
    """Return the scalars of a value that nothing visible explains."""
    return [leaf for leaf in leaves(value) if not sources.holds(leaf)]
