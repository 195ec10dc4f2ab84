"""Amounts as the bank's records hold them: numbers, or texts like `$1,234.50`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def dollars(amount: float) -> str:
    return f"${amount:.2f}"


def parsed(value: Any) -> float:
    """Read an amount; raises ValueError on a text that is none, 0 for anything stranger."""
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        return float(value.replace("$", "").replace(",", ""))
    return 0.0


def balance_of(account: Mapping[str, Any]) -> float:
    """Return what a bank account holds."""
    return parsed(account.get("current_holdings", account.get("balance", 0)))


def amount_or_zero(value: Any) -> float:
    """Read an amount of a card account; 0 where it is not one."""
    try:
        return float(str(value).replace("$", "").replace(",", ""))
    except ValueError:
        return 0.0
