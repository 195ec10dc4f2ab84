"""Reject values that no person would give: placeholders, zero quantities, copied descriptions.

VULCAN's own examples hold them (a note that says 'value', "How many liters is 0 gallons?").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.types import ToolSpec
from synth.vocabulary import tokens

PLACEHOLDERS = frozenset(
    """value values test tests testing tester example examples sample string text foo bar baz qux
    foobar lorem ipsum empty none null nil nan undefined placeholder todo tbd fixme unknown default
    dummy temp tmp 12345 123456 1234567890 123 1234 abc xyz abc123 asdf qwerty n/a na yourname
    name_here something anything whatever blah 00000 1111111111""".split()
)
PATTERNS = (
    re.compile(
        r"(some|your|my|a|an|the|enter|insert)[ _-](value|text|string|name|id|query)( here)?"
    ),
    re.compile(
        r"(value|text|string|arg|param|item|name|title|test|example|sample|foo)[ _-]?\d{1,3}"
    ),
    re.compile(r"lorem ipsum.*", re.DOTALL),
    re.compile(r"<[a-z_ ]+>|\{[a-z_ ]+\}|\[[a-z_ ]+\]|x{3,}|\.{3}|-+|_+|\?+"),
)
QUANTITIES = frozenset(
    """amount quantity qty price cost fee distance gallons gallon liters litres liter miles
    kilometers weight height width length area volume budget salary payment deposit count size
    duration passengers people guests rooms tickets nights""".split()
)
TELLING = 3
Call = tuple[str, Mapping[str, Any]]


def unreal_values(
    calls: Iterable[Call], specs: Mapping[str, ToolSpec], known: Iterable[str] = ()
) -> list[str]:
    """Return what is wrong with the values of calls, as "tool.parameter: reason".

    `known` are texts that values may be taken from whatever they are (results of tools): values of
    three characters and more; a 0 is in every text.
    """
    said = "\n".join(known).lower()
    found = []
    for name, arguments in calls:
        schemas = specs[name].parameters.get("properties", {}) if name in specs else {}
        for parameter, value in arguments.items():
            for part, reason in complaints(parameter, value, schemas.get(parameter, {})):
                word = str(part).lower()
                if not (len(word) >= TELLING and word in said):
                    found.append(f"{name}.{parameter}: {reason}")
    return found


def unreal_argument(parameter: str, value: Any, schema: Mapping[str, Any]) -> str:
    """Say what is wrong with an argument or one of its parts; "" where nothing is."""
    return next((reason for _, reason in complaints(parameter, value, schema)), "")


def complaints(parameter: str, value: Any, schema: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
    """Yield the unreal parts of an argument; defaults and options of the schema are real."""
    if value in (schema.get("default"), *schema.get("enum", ())):
        return
    for part in scalars(value):
        if reason := unreal(parameter, part, schema):
            yield part, reason


def unreal(parameter: str, value: Any, schema: Mapping[str, Any]) -> str:
    """Say why a value is none that a person would give; "" where nothing speaks against it."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, (int, float)):
        words = set(tokens(parameter))
        if value == 0 and words & QUANTITIES:
            return "a quantity of 0"
        return "a placeholder number" if str(value) in PLACEHOLDERS and value > 999 else ""
    text = str(value).strip().lower()
    if not text:
        return "empty"
    if text in PLACEHOLDERS or any(pattern.fullmatch(text) for pattern in PATTERNS):
        return f"the placeholder {value!r}"
    if text.rstrip(".") == str(schema.get("description", "")).strip().lower().rstrip("."):
        return "its own description"
    return "its own name" if text in (parameter.lower(), " ".join(tokens(parameter))) else ""


def scalars(value: Any) -> Iterator[Any]:
    """Yield the scalar parts of an argument."""
    if isinstance(value, Mapping):
        for part in value.values():
            yield from scalars(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from scalars(part)
    else:
        yield value
