"""Google-style docstrings as the official tools are documented: what it does, and its Args."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field

TITLE = re.compile(
    r"^(Arguments|Args|Parameters|Params|Raises|Exceptions|Except|Attributes|Examples?|Returns|Yields)"
    r":[ \t\r\f\v]*$",
    re.MULTILINE,
)
ARGS = ("Arguments", "Args", "Parameters", "Params")
ENTRY = re.compile(r"^(?=\S)", re.MULTILINE)


@dataclass
class Docstring:
    """`description`: the first line, and the rest as a second paragraph."""

    description: str = ""
    params: dict[str, str] = field(default_factory=dict)


def parse(text: str | None) -> Docstring:
    """Split a docstring into its description and its parameters' descriptions."""
    clean = inspect.cleandoc(text or "")
    titles = list(TITLE.finditer(clean))
    head = clean[: titles[0].start()] if titles else clean
    short, _, rest = head.partition("\n")
    out = Docstring("\n\n".join(part for part in (short, rest.strip()) if part))
    ends = [title.start() for title in titles[1:]] + [len(clean)] * bool(titles)
    for title, end in zip(titles, ends, strict=True):
        if title.group(1) in ARGS:
            out.params |= entries(clean[title.end() : end])
    return out


def entries(block: str) -> dict[str, str]:
    """Read `name: text` entries; indented lines go on with the entry above."""
    found = {}
    for entry in ENTRY.split(inspect.cleandoc(block)):
        before, colon, text = entry.partition(":")
        if colon:
            first, newline, more = text.partition("\n")
            joined = f"{first}\n{inspect.cleandoc(more)}" if newline else first
            found[before.split("(")[0].strip()] = joined.strip()
    return found
