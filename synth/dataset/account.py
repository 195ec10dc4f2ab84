"""What models were asked on the way to a data set, added up per stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.outcomes import Outcome

SUMMED = ("calls", "cached", "repairs", "accepted", "rejected", "tokens_in", "tokens_out")
Account = dict[str, dict[str, Any]]


def add_up(ledgers: Iterable[Mapping[str, Mapping[str, Any]]]) -> Account:
    """Add ledgers stage by stage. A cost is None once a part of it is not known."""
    found: Account = {}
    for ledger in ledgers:
        for name, stage in ledger.items():
            total = found.setdefault(name, {**dict.fromkeys(SUMMED, 0), "cost_usd": 0.0})
            for key in SUMMED:
                total[key] += stage[key]
            total["cost_usd"] = plus(total["cost_usd"], stage["cost_usd"])
    return dict(sorted(found.items()))


def plus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def played_account(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """Return what both parties of episodes were asked; `accepted` are episodes that passed.

    Outcomes know tokens and cost, not how often a model was called.
    """
    total: dict[str, Any] = {**dict.fromkeys(SUMMED, 0), "calls": None, "cost_usd": 0.0}
    for outcome in outcomes:
        total["repairs"] += outcome.retries
        total["accepted"] += outcome.status == "pass"
        total["rejected"] += outcome.status != "pass"
        total["tokens_in"] += outcome.tokens_in
        total["tokens_out"] += outcome.tokens_out
        total["cost_usd"] = plus(total["cost_usd"], outcome.cost_usd)
    return total
