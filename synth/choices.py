"""Choosing, apart from what is chosen: at random with weights, or every way there is in order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class DeadEnd(Exception):
    """The choices made so far lead nowhere."""


class Choices(Protocol):
    def choose(self, options: Sequence[T], weights: Sequence[float] | None = None) -> T:
        """Return one option. Raises DeadEnd where there is none."""
        ...


class Dice:
    """Weighted random choices."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def choose(self, options: Sequence[T], weights: Sequence[float] | None = None) -> T:
        if not options:
            raise DeadEnd
        return self.rng.choices(options, weights)[0]


class Odometer:
    """Takes every way in turn: play once, `advance`, play again, until `advance` is False."""

    def __init__(self) -> None:
        self.digits: list[int] = []
        self.sizes: list[int] = []
        self.position = 0

    def choose(self, options: Sequence[T], weights: Sequence[float] | None = None) -> T:
        if not options:
            raise DeadEnd
        if self.position == len(self.digits):
            self.digits.append(0)
            self.sizes.append(len(options))
        choice = options[self.digits[self.position]]
        self.position += 1
        return choice

    def advance(self) -> bool:
        """Turn to the next way, depth first; the choices of the last play are taken back."""
        del self.digits[self.position :], self.sizes[self.position :]
        self.position = 0
        while self.digits and self.digits[-1] + 1 == self.sizes[-1]:
            self.digits.pop()
            self.sizes.pop()
        if not self.digits:
            return False
        self.digits[-1] += 1
        return True
