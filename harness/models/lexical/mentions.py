"""Mentions: the spans of a text that could be the value of an argument."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from math import isinf
from typing import Any

from harness.models.lexical.words import GENERIC, Token

ONES = {
    word: number
    for number, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
        fifteen sixteen seventeen eighteen nineteen twenty""".split()
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
SCALES = {"hundred": 100, "thousand": 10**3, "k": 10**3, "million": 10**6, "billion": 10**9}
MONTHS = {
    name: number
    for number, name in enumerate(
        "jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1
    )
}
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
PATTERN = re.compile(
    r"""
      (?P<quote>"[^"\n]{1,2000}"|“[^”]{1,2000}”|`[^`]{1,2000}`|「[^」]{1,500}」|«[^»]{1,500}»
          |(?<![\w])['‘](?:[^'’\n]|['’](?=\w)){1,2000}['’](?!\w))
    | (?P<literal>\[(?:[^\[\]]|\[[^\[\]]{0,500}\]){0,2000}\]|\{[^{}]{1,2000}\})
    | (?P<url>https?://[^\s'"<>)\]]+|www\.[^\s'"<>)\]]+)
    | (?P<email>[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+)
    | (?P<path>(?<![\w/.])(?:~|\.{1,2})?(?:/[\w.@-]+){1,20}/?|\b[A-Za-z]:\\[\w\\.-]+
          |\b[A-Za-z]:/[\w./-]+|\b(?:[\w-]{1,80}\.){1,5}(?:[a-z]{2,4}|mp3|mp4|7z)\b(?!\())
    | (?P<formula>(?:[\w.()]{1,20}\s?[-+*/]\s?){0,6}[\w.()]{1,20}(?:\^|\*\*)[\w.()]{1,20}
          (?:\s?[-+*/]\s?[\w.()^*]{1,20}){0,10})
    | (?P<date>\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b|\b\d{1,2}[/.-]\d{1,2}[/.-]\d{4}\b
          |\b"""
    + _MONTH
    + r"""\.?\s+\d{1,2}(?:st|nd|rd|th)?(?:,?\s+\d{4})?\b
          |\b\d{1,2}(?:st|nd|rd|th)?\s+(?:of\s+)?"""
    + _MONTH
    + r"""\b(?:,?\s+\d{4})?)
    | (?P<time>\b\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]\.?m\b)?|\b\d{1,2}\s?[ap]\.?m\b)
    | (?P<code>\b(?=[\w-]*[A-Za-z])(?=[\w-]*\d)[A-Za-z][\w-]*\d[\w-]*|\b\w+_\w+\b|\#\w+)
    | (?P<number>(?<![\w.])[-+−]?[$€£¥]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?)
    """,
    re.VERBOSE | re.IGNORECASE,
)
UNIT = re.compile(r"\s?-?(%|°?[A-Za-z]+)")
BARE = {ord(mark): None for mark in ",+$€£¥"} | {ord("−"): "-"}
LONGEST = 300  # digits beyond which a number is a code
JOINERS = frozenset({"of", "the", "de", "la", "von", "van", "der", "del", "al", "&"})


@dataclass(frozen=True, slots=True)
class Mention:
    """A value in a text. `kind` is the group of PATTERN that found it, or name or phrase."""

    kind: str
    value: Any
    start: int
    end: int
    unit: str = ""
    text: str = ""


def find_mentions(text: str, tokens: list[Token]) -> list[Mention]:
    """Find what could be a value, in the order of the text and without overlaps."""
    found = list(marked(text))
    taken = spans(found)
    free = [token for token in tokens if not taken(token.start)]
    found += number_words(text, free)
    taken = spans(found)
    free = [token for token in free if not taken(token.start)]
    found += names(text, free)
    taken = spans(found)
    found += phrases(text, [token for token in free if not taken(token.start)])
    return sorted(found, key=lambda mention: mention.start)


def spans(mentions: list[Mention]) -> Any:
    """Return a test whether a position lies in one of the mentions."""
    covered = {place for m in mentions for place in range(m.start, m.end)}
    return covered.__contains__


def marked(text: str) -> Iterator[Mention]:
    """Yield the spans whose form alone gives them away: quotes, numbers, dates, paths."""
    for match in PATTERN.finditer(text):
        kind, raw = str(match.lastgroup), match.group()
        if kind == "quote":
            yield Mention(kind, raw[1:-1].strip(), match.start(), match.end(), "", raw[1:-1])
        elif kind == "literal":
            yield Mention(kind, literal(raw), match.start(), match.end(), "", raw)
        elif kind == "number":
            yield number(text, match)
        elif kind == "formula":
            raw = raw.rstrip(".,")
            value = raw.replace("^", "**")
            yield Mention(kind, value, match.start(), match.start() + len(raw), "", value)
        else:
            raw = raw.rstrip(".,;:!?")
            yield Mention(kind, raw, match.start(), match.start() + len(raw), "", raw)


def number(text: str, match: re.Match[str]) -> Mention:
    """Read digits, their scale ("2 million") and their unit ("5 km", "10%")."""
    raw = match.group().rstrip(",")
    plain = raw.translate(BARE)
    value: int | float = float(plain) if set(plain.lower()) & set(".e") else int(plain[:LONGEST])
    if len(plain) > LONGEST or isinf(value):
        return Mention("code", raw, match.start(), match.start() + len(raw), "", raw)
    end, unit = match.start() + len(raw), "$" if set(raw) & set("$€£¥") else ""
    if after := UNIT.match(text, end):
        word = after.group(1)
        if word.lower() in SCALES and word != "K":
            value, end = value * SCALES[word.lower()], after.end()
            value = int(value) if value == int(value) else value
        else:
            unit = unit or word.lower()
    return Mention("number", value, match.start(), end, unit, raw)


def number_words(text: str, tokens: list[Token]) -> Iterator[Mention]:
    """Yield numbers written as words: five, twenty-one, two hundred."""
    index = 0
    while index < len(tokens):
        first, total = index, 0
        while index < len(tokens) and (word := tokens[index].text.lower()) in ONES | SCALES:
            if word in SCALES and index == first:
                break
            total = total * SCALES[word] if word in SCALES else total + ONES[word]
            index += 1
        if index > first and not (index - first == 1 and tokens[first].text.lower() == "one"):
            start, end = tokens[first].start, tokens[index - 1].end
            unit = tokens[index].text.lower() if index < len(tokens) else ""
            yield Mention("number", total, start, end, unit, text[start:end])
        index = max(index, first + 1)


def names(text: str, tokens: list[Token]) -> Iterator[Mention]:
    """Yield runs of capitalised words ("New York City", "San Francisco, CA")."""
    run: list[Token] = []
    for token in tokens:
        if run and not joined(text, run[-1], token):
            yield from name_of(text, run)
            run = []
        if token.text[0].isupper() or (run and token.text.lower() in JOINERS):
            run.append(token)
        elif run:
            yield from name_of(text, run)
            run = []
    yield from name_of(text, run)


def joined(text: str, left: Token, right: Token) -> bool:
    """Say whether two words belong to one name: a blank, or a comma before two capitals."""
    gap = text[left.end : right.start]
    if gap in (" ", "-", ". ", ".", " & "):
        return gap != ". " or len(left.text) <= 2
    return gap == ", " and len(right.text) == 2 and right.text.isupper()


def name_of(text: str, run: list[Token]) -> Iterator[Mention]:
    """Trim a run of capitalised words: no joiner at its end, no verb that opens a sentence."""
    while run and run[-1].text.lower() in JOINERS:
        run = run[:-1]
    while run and opens(text, run[0]) and (len(run) == 1 or common(run[0])):
        run = run[1:]
    while run and (not run[0].term or run[0].text in JOINERS):
        run = run[1:]
    if run:
        start, end = run[0].start, run[-1].end
        value = text[start:end]
        if value.endswith(("'s", "’s")):
            value, end = value[:-2], end - 2
        yield Mention("name", value, start, end, "", value)


def opens(text: str, token: Token) -> bool:
    """Say whether a word opens a sentence, where a capital means nothing."""
    before = text[max(0, token.start - 3) : token.start].rstrip()[-1:]
    return before in ("", ".", "!", "?", ":", '"', "“", "'")


def common(token: Token) -> bool:
    return not token.term or token.term in GENERIC


def phrases(text: str, tokens: list[Token]) -> Iterator[Mention]:
    """Yield runs of plain content words: the weakest candidates for a text."""
    run: list[Token] = []
    for token in tokens:
        if run and (not token.term or text[run[-1].end : token.start] not in (" ", "-")):
            yield phrase_of(text, run)
            run = []
        if token.term:
            run.append(token)
    if run:
        yield phrase_of(text, run)


def phrase_of(text: str, run: list[Token]) -> Mention:
    start, end = run[0].start, run[-1].end
    return Mention("phrase", text[start:end], start, end, "", text[start:end])


def literal(raw: str) -> Any:
    """Read a bracketed value as JSON, or its parts as plain texts."""
    for candidate in (raw, raw.replace("'", '"')):
        try:
            return json.loads(candidate)
        except (ValueError, RecursionError):
            continue
    if raw.startswith("{"):
        pairs = [part.split(":", 1) for part in raw[1:-1].split(",") if ":" in part]
        return {key.strip(" '\""): scalar(value) for key, value in pairs}
    return [scalar(part) for part in raw[1:-1].split(",") if part.strip()]


def scalar(raw: str) -> Any:
    """Read a number where there is one, else the bare text."""
    try:
        return json.loads(raw.strip())
    except (ValueError, RecursionError):
        return raw.strip(" '\"")


def read_date(text: str) -> date | None:
    """Read a written date; None where a part is missing or impossible."""
    numbers = [int(part) for part in re.findall(r"\d+", text)]
    month = re.search(_MONTH, text, re.IGNORECASE)
    if month and len(numbers) == 2:
        day, year = sorted(numbers)
        parts = (year, MONTHS[month.group()[:3].lower()], day)
    elif len(numbers) == 3 and numbers[0] > 31:
        parts = (numbers[0], numbers[1], numbers[2])
    elif len(numbers) == 3:
        first, second = numbers[:2]
        parts = (numbers[2], second, first) if first > 12 else (numbers[2], first, second)
    else:
        return None
    try:
        return date(*parts)
    except ValueError:
        return None
