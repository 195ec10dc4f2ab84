"""Marked spans: values that their form alone gives away, such as quotes, numbers and dates."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isinf
from typing import Any

from harness.models.lexical.dates import DATE
from harness.models.lexical.words import STOP

SCALES = {"hundred": 100, "thousand": 10**3, "k": 10**3, "million": 10**6, "billion": 10**9}
PATTERN = re.compile(
    r"""
      (?P<quote>"[^"\n]{1,2000}"|“[^”]{1,2000}”|`[^`]{1,2000}`|「[^」]{1,500}」|«[^»]{1,500}»
          |(?<![\w])['‘](?:[^'’\n]|['’](?=\w)){1,1000}['’](?!\w))
    | (?P<literal>\[(?:[^\[\]]|\[[^\[\]]{0,500}\]){0,2000}\]|\{[^{}]{1,2000}\}
          |\((?:\s?-?\d+(?:\.\d+)?\s?,){1,50}\s?-?\d+(?:\.\d+)?\s?\))
    | (?P<url>https?://[^\s'"<>)\]]+|www\.[^\s'"<>)\]]+)
    | (?P<email>[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+)
    | (?P<path>(?<![\w/.])(?:~|\.{1,2})?(?:/[\w.@-]+){1,20}/?|\b[A-Za-z]:\\[\w\\.-]+
          |\b[A-Za-z]:/[\w./-]+|\b(?:[\w-]{1,80}\.){1,5}(?:[a-z]{2,4}|mp3|mp4|7z)\b(?!\())
    | (?P<formula>(?:[\w.()]{1,20}\s?[-+*/]\s?){0,6}[\w.()]{1,20}(?:\^|\*\*)[\w.()]{1,20}
          (?:\s?[-+*/]\s?[\w.()^*]{1,20}){0,10})
    | (?P<date>"""
    + DATE
    + r""")
    | (?P<time>\b\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]\.?m\b)?|\b\d{1,2}\s?[ap]\.?m\b)
    | (?P<code>\b[A-Za-z][A-Za-z_-]{0,40}\d[\w-]{0,80}|\b\w{1,80}_\w{1,80}\b|\#\w{1,80}
          |\b\d{1,30}(?:[-x]\d{1,30}){1,10}\b|\b(?-i:\d{1,30}[-/]?[A-Z]{2,30}\w{0,80}))
    | (?P<number>(?<![\w.])[-+−]?[$€£¥]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:e[-+]?\d+)?)
    """,
    re.VERBOSE | re.IGNORECASE,
)
UNIT = re.compile(r"\s?-?(%|°?[A-Za-z]+)")
BARE = {ord(mark): None for mark in ",+$€£¥"} | {ord("−"): "-"}
LONGEST = 300  # digits beyond which a number is a code


@dataclass(frozen=True, slots=True)
class Mention:
    """A value in a text. `kind` is the group of PATTERN that found it, or name or phrase."""

    kind: str
    value: Any
    start: int
    end: int
    unit: str = ""
    text: str = ""

    @property
    def digits(self) -> bool:
        """Say whether a number is written in digits."""
        return self.text[-1:].isdigit()


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
    raw = match.group()
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
        elif word.lower() not in STOP:
            unit = unit or word.lower()
    return Mention("number", value, match.start(), end, unit, raw)


def literal(raw: str) -> Any:
    """Read a bracketed value as JSON, or its parts as plain texts."""
    if raw.startswith("("):
        raw = f"[{raw[1:-1]}]"
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
