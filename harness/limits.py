"""When an episode must end: limits as a pure function of a running tally of the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.types import Message


@dataclass(frozen=True, slots=True)
class Limits:
    """None means no limit. A step is one spoken message or one batch of tool results.

    The episode ends when `steps` or `errors` are reached, when *more* than `steps_per_turn`
    batches ran within one turn, or when `seconds` of wall clock have passed.
    """

    steps: int | None = 200
    errors: int | None = 10
    steps_per_turn: int | None = None
    seconds: float | None = None

    def hit(self, tally: Tally) -> str | None:
        """Name the limit that `tally` has reached; errors override steps (tau2's order)."""
        if self.errors is not None and tally.errors >= self.errors:
            return "max_errors"
        if self.steps is not None and tally.steps >= self.steps:
            return "max_steps"
        if self.steps_per_turn is not None and tally.turn_batches > self.steps_per_turn:
            return "max_steps_per_turn"
        return None


@dataclass(slots=True)
class Tally:
    """Running counts of a log: cheap to keep, and to recompute from a stored episode."""

    turns: int = 0
    steps: int = 0
    errors: int = 0
    calls: int = 0
    turn_batches: int = 0

    def open(self, opening: Iterable[Message]) -> Tally:
        """Count the turns of lines that were said before the episode began, and nothing else."""
        self.turns += sum(m.author == "user" and not m.calls for m in opening)
        return self

    def spoke(self, message: Message) -> None:
        """Count a spoken message."""
        self.steps += 1
        if message.author == "user" and not message.calls:
            self.turns += 1
            self.turn_batches = 0

    def ran(self, results: Iterable[Message]) -> None:
        """Count one batch of tool results."""
        self.steps += 1
        self.turn_batches += 1
        for result in results:
            self.calls += 1
            self.errors += result.error


def tally_of(log: Iterable[Message], opening: int = 0) -> Tally:
    """Recount a stored log whose first `opening` lines were said before the episode began."""
    lines = list(log)
    tally = Tally().open(lines[:opening])
    batch: list[Message] = []
    for line in lines[opening:]:
        if line.author == "tool":
            batch.append(line)
            continue
        if batch:
            tally.ran(batch)
            batch = []
        tally.spoke(line)
    if batch:
        tally.ran(batch)
    return tally
