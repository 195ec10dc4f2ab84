"""Limits on arguments with which a method of the official classes would run for minutes.

Nothing here changes an answer that the official code gives within seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

MAX_DIGITS = 20_000


def guard_power(seen: dict[str, Any]) -> None:
    """Cut exponents whose result is too long to print anyway: the error text is the same."""
    base, exponent = seen.get("base"), seen.get("exponent")
    if type(base) is int and type(exponent) is int and exponent > 0:
        bits = abs(base).bit_length() - 1
        if bits * exponent > MAX_DIGITS:
            seen["exponent"] = MAX_DIGITS // bits + 1


def guard_precision(seen: dict[str, Any]) -> None:
    precision = seen.get("precision")
    if isinstance(precision, int | float) and precision > MAX_DIGITS:
        raise ValueError(f"a precision of more than {MAX_DIGITS} digits is not supported")


def guard_round(seen: dict[str, Any]) -> None:
    places = seen.get("decimal_places")
    if isinstance(places, int) and places < -MAX_DIGITS:
        raise ValueError(f"rounding to more than {MAX_DIGITS} places is not supported")


GUARDS: Mapping[str, Callable[[dict[str, Any]], None]] = {
    "power": guard_power,
    "logarithm": guard_precision,
    "square_root": guard_precision,
    "round_number": guard_round,
}
