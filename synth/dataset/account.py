"""What models were asked on the way to a data set, added up per stage."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.outcomes import Outcome
from harness.store import write_text

SUMMED = ("calls", "cached", "repairs", "accepted", "rejected", "tokens_in", "tokens_out")
COUNTED = ("rounds", "failures")
ASKED = "asked.json"
Account = dict[str, dict[str, Any]]


def add_up(ledgers: Iterable[Mapping[str, Mapping[str, Any]]]) -> Account:
    """Add ledgers stage by stage. A cost is None once a part of it is not known."""
    found: Account = {}
    for ledger in ledgers:
        for name, stage in ledger.items():
            total = found.setdefault(name, nothing())
            for key in SUMMED:
                total[key] += stage[key]
            for key in COUNTED:
                counts = {str(k): n for k, n in stage.get(key, {}).items()}
                total[key] = dict(sorted((Counter(total[key]) + Counter(counts)).items()))
            by_rules = stage.get("by_rules", 0)
            total["by_rules"] += by_rules if isinstance(by_rules, int) else len(by_rules)
            total["cost_usd"] = plus(total["cost_usd"], stage["cost_usd"])
    return dict(sorted(found.items()))


def nothing() -> dict[str, Any]:
    counts: dict[str, Any] = {**dict.fromkeys(SUMMED, 0), "by_rules": 0, "cost_usd": 0.0}
    return {**counts, **{key: {} for key in COUNTED}}


def read_asked(folder: Path) -> Account:
    """Return what was asked beside the episodes of a run folder, in all its sessions."""
    try:
        found: Account = json.loads((folder / ASKED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def keep_asked(folder: Path, ledger: Mapping[str, Mapping[str, Any]]) -> None:
    """Add what a session asked beside its episodes to what the folder holds."""
    if ledger and folder.is_dir():
        total = add_up([read_asked(folder), ledger])
        write_text(folder / ASKED, json.dumps(total, indent=1) + "\n")


def plus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def played_account(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """Return what both parties of episodes were asked; `accepted` are episodes that passed.

    Outcomes know tokens and cost, not how often a model was called.
    """
    total = {**nothing(), "calls": None}
    for outcome in outcomes:
        total["repairs"] += outcome.retries
        total["accepted"] += outcome.status == "pass"
        total["rejected"] += outcome.status != "pass"
        total["tokens_in"] += outcome.tokens_in
        total["tokens_out"] += outcome.tokens_out
        total["cost_usd"] = plus(total["cost_usd"], outcome.cost_usd)
    return total
