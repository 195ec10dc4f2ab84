"""What the readings of Java and JavaScript literals share: numbers, quotes, untyped values.

The official checker reads source literals by pattern, not by grammar, and a literal that fits no
pattern stays a string. What it accepts is kept exactly, without patterns that can backtrack: on
unbalanced brackets the official ones take exponential time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

# A form ends before one trailing newline or at the end of the text, as `$` does.
INTEGER = re.compile(r"-?\d+\n?\Z")
PLAIN_FLOAT = re.compile(r"-?\d+(?:\.\d+)?\n?\Z")

LIST_TYPES = ("Array", "ArrayList", "array")


def read_number(text: str, form: re.Pattern[str], read: Callable[[str], Any]) -> Any:
    """Return `read(text)` where the text has that form, else the text itself."""
    return read(text) if form.match(text) else text


def read_boolean(text: str) -> Any:
    return text == "true" if text in ("true", "false") else text


def read_untyped(text: str) -> Any:
    """Read a number by Python's own rules; anything else stays text."""
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def spans(text: str, head: re.Pattern[str], close: str, least: int = 0) -> Iterator[str]:
    """Yield what stands on one line between each `head` and the next `close`, leftmost first.

    At least `least` characters are taken before `close` is looked for.
    """
    position = failed_line = 0
    while found := head.search(text, position):
        position = start = found.end()
        if start < failed_line:
            continue
        newline = text.find("\n", start)
        line_end = len(text) if newline < 0 else newline
        end = text.find(close, start + least, line_end)
        if end < 0:
            failed_line = line_end
        else:
            yield text[start:end]
            position = end + len(close)
