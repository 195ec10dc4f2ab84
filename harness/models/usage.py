"""Token counts and prices: what one response consumed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.faults import UserMistake
from harness.types import Usage

PRICES = ("input", "output", "cached")


def require_price(price: Mapping[str, float] | None) -> None:
    """Raise UserMistake unless `price` is None or gives input and output (and maybe cached)."""
    if price is None:
        return
    wrong = [key for key in price if key not in PRICES]
    missing = [key for key in ("input", "output") if not isinstance(price.get(key), int | float)]
    if wrong or missing:
        raise UserMistake(
            f"price {dict(price)} must hold input and output (and optionally cached) in USD per "
            "million tokens, or be null"
        )


def cost_usd(
    tokens_in: int, tokens_out: int, cached: int, price: Mapping[str, float] | None
) -> float | None:
    """Price a call in USD; None where no price is known."""
    if price is None:
        return None
    cached_price = price.get("cached")
    if cached_price is None:
        cached_price = price["input"]
    fresh = max(tokens_in - cached, 0)
    return (fresh * price["input"] + cached * cached_price + tokens_out * price["output"]) / 1e6


def read_usage(data: Any, price: Mapping[str, float] | None, seconds: float, retries: int) -> Usage:
    """Read the `usage` object of a response. Reasoning tokens count as output.

    Some servers leave them out of completion_tokens; the total then tells.
    """
    given = data.get("usage") if isinstance(data, dict) else None
    usage = given if isinstance(given, dict) else {}
    tokens_in = count(usage, "prompt_tokens")
    tokens_out = max(count(usage, "completion_tokens"), count(usage, "total_tokens") - tokens_in)
    details = usage.get("prompt_tokens_details")
    cached = min(count(details, "cached_tokens"), tokens_in)
    cost = cost_usd(tokens_in, tokens_out, cached, price) if given else None
    return Usage(tokens_in, tokens_out, cached, cost, seconds, retries)


def count(data: Any, key: str) -> int:
    """Return a non-negative integer member, 0 where it is missing or absurd."""
    value = data.get(key) if isinstance(data, dict) else None
    sane = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
    return int(value) if sane else 0  # type: ignore[arg-type]
