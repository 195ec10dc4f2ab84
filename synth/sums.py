"""The value of a written sum (numbers, + - * /, parentheses): a function for the SQL of worlds."""

from __future__ import annotations

import re

TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d*)?|\.\d+)|([-+*/()]))")
LONGEST = 1_000
DEEPEST = 50
DIGITS = 10


def value_of(text: object) -> int | float | None:
    """Return what an expression comes to; None for what is none, and for divisions by 0."""
    if not isinstance(text, str) or len(text) > LONGEST:
        return None
    tokens = split(text)
    if not tokens:
        return None
    try:
        value, rest = added(tokens, 0)
    except (ZeroDivisionError, IndexError, OverflowError, ValueError):
        return None
    if rest or abs(value) >= 2**63:
        return None
    return value if isinstance(value, int) else round(value, DIGITS)


def split(text: str) -> list[str]:
    """Return the numbers and signs of a text; none where anything else is in it."""
    found, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            return []
        found.append(match.group(1) or match.group(2))
        place = match.end()
    return found[::-1]


def added(tokens: list[str], depth: int) -> tuple[int | float, list[str]]:
    """Take sums and differences off the end of a reversed list. Raises what `value_of` catches."""
    value, tokens = multiplied(tokens, depth)
    while tokens and tokens[-1] in "+-":
        sign = tokens.pop()
        other, tokens = multiplied(tokens, depth)
        value = value + other if sign == "+" else value - other
    return value, tokens


def multiplied(tokens: list[str], depth: int) -> tuple[int | float, list[str]]:
    value, tokens = single(tokens, depth)
    while tokens and tokens[-1] in "*/":
        sign = tokens.pop()
        other, tokens = single(tokens, depth)
        value = value * other if sign == "*" else value / other
    return value, tokens


def single(tokens: list[str], depth: int) -> tuple[int | float, list[str]]:
    """Take a number, a signed one, or a sum in parentheses."""
    if depth > DEEPEST:
        raise ValueError("too deep")
    token = tokens.pop()
    if token in "+-":
        value, tokens = single(tokens, depth + 1)
        return (-value if token == "-" else value), tokens
    if token == "(":
        value, tokens = added(tokens, depth + 1)
        if tokens.pop() != ")":
            raise ValueError("a parenthesis is open")
        return value, tokens
    return (float(token) if "." in token else int(token)), tokens
