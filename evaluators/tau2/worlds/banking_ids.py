"""Ids that follow from what they stand for, so that equal actions leave equal databases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

TODAY = "11/14/2025"


def digest(seed: str, length: int = 16) -> str:
    """Return the first `length` hex digits of the seed's sha256."""
    return hashlib.sha256(seed.encode()).digest()[: length // 2].hex()


def transaction_id(
    user_id: str, card_type: str, merchant: str, amount: float, category: str
) -> str:
    """Raises TypeError or ValueError on arguments of other types, as the official code does."""
    parts = ["transaction", user_id, card_type, merchant, f"{amount:.2f}", category]
    return f"txn_{digest(':'.join(parts), 12)}"


def referral_id(referrer_id: str, account_type: str) -> str:
    return digest(":".join(["referral", referrer_id, account_type]))


def verification_id(user_id: str, time_verified: str) -> str:
    suffix = time_verified.replace(" ", "_").replace(":", "").replace("-", "")
    return f"{user_id}_{suffix}"


def call_id(tool: str, arguments: Mapping[str, Any]) -> str:
    """Name a customer's call of a tool that the agent gave."""
    return digest(f"user_discoverable_tool_call:{tool}:{json.dumps(arguments, sort_keys=True)}")


def prefixed(prefix: str, *parts: object) -> str:
    """Return `prefix_` and twelve digits of the parts joined by colons."""
    return f"{prefix}_{digest(':'.join(map(str, parts)), 12)}"
