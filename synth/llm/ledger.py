"""What the model calls of each stage consumed and what came of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from harness.types import Usage

REASONS_KEPT = 1_000


@dataclass
class Stage:
    """Counts of one stage. `cost_usd` is None once a call had no known price.

    `accepted` + `rejected` = items; `repairs` are further calls for the same item, `rounds` says
    how many items were accepted in their n-th; `cached` are calls that the cache answered: they
    count no tokens. `failures` counts replies that were not accepted, by what was wrong; `trails`
    keeps that round by round for items that are traced. `by_rules` names the rejected items that
    rules then took over, with the reason.
    """

    calls: int = 0
    cached: int = 0
    repairs: int = 0
    accepted: int = 0
    rejected: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = 0.0
    rounds: dict[int, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    trails: dict[str, list[str]] = field(default_factory=dict)
    by_rules: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    def add(self, usage: Usage | None) -> None:
        """Count one call that a model answered."""
        self.calls += 1
        used = usage or Usage()
        self.tokens_in += used.tokens_in
        self.tokens_out += used.tokens_out
        known = self.cost_usd is not None and used.cost_usd is not None
        self.cost_usd = self.cost_usd + used.cost_usd if known else None  # type: ignore[operator]

    def accept(self, rounds: int) -> None:
        """Count an item that was accepted in its n-th round."""
        self.accepted += 1
        self.rounds[rounds] = self.rounds.get(rounds, 0) + 1

    def fail(self, mode: str) -> None:
        """Count a reply that was not accepted."""
        self.failures[mode] = self.failures.get(mode, 0) + 1

    def reject(self, reason: str) -> None:
        self.rejected += 1
        if len(self.reasons) < REASONS_KEPT:
            self.reasons.append(reason[:500])

    def leave(self, items: Iterable[str]) -> None:
        """Note rejected items that rules took over."""
        for item in items:
            told = (r.removeprefix(f"{item}: ") for r in self.reasons if r.startswith(f"{item}: "))
            self.by_rules[item] = next(told, "no reply was accepted")


class Ledger:
    """Stages by name, made when they are first mentioned."""

    def __init__(self) -> None:
        self.stages: dict[str, Stage] = {}

    def __getitem__(self, name: str) -> Stage:
        return self.stages.setdefault(name, Stage())

    def __iter__(self) -> Iterator[tuple[str, Stage]]:
        return iter(sorted(self.stages.items()))

    def to_json(self) -> dict[str, Any]:
        """Return every stage's counts, in order of name."""
        return {name: asdict(stage) for name, stage in self}
