"""What a check found: which check, where, and one plain sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference. A note is worth knowing and fails nothing."""

    check: str
    where: str
    text: str
    grave: bool = True

    def __str__(self) -> str:
        return f"{self.check}: {self.where}: {self.text}" if self.where else self.text


@dataclass(slots=True)
class Findings:
    """A growing list of findings, and how much was looked at."""

    items: list[Finding] = field(default_factory=list)
    checked: Counter[str] = field(default_factory=Counter)

    def add(self, check: str, where: object, text: str) -> None:
        self.items.append(Finding(check, str(where), text))

    def note(self, check: str, where: object, text: str) -> None:
        self.items.append(Finding(check, str(where), text, grave=False))

    def differ(self, check: str, where: object, what: str, stored: Any, found: Any) -> None:
        """Add a finding that a stored value is not what is found."""
        self.add(check, where, f"{what} is stored as {brief(stored)}, but is {brief(found)}")

    @property
    def grave(self) -> list[Finding]:
        return [item for item in self.items if item.grave]

    def lines(self, most: int = SHOWN) -> list[str]:
        """Say what was found: at most a screen per check, then how many more there are."""
        by_check: dict[str, list[Finding]] = {}
        for item in self.items:
            by_check.setdefault(item.check, []).append(item)
        lines = []
        for check, items in by_check.items():
            lines += [f"{'' if i.grave else 'note: '}{i}" for i in items[:most]]
            if len(items) > most:
                lines.append(f"{check}: and {len(items) - most} more")
        looked = ", ".join(f"{count} {what}" for what, count in self.checked.items())
        verdict = f"{len(self.grave)} differences" if self.grave else "no difference"
        return [*lines, f"checked {looked or 'nothing'}: {verdict}"]


def brief(value: Any, most: int = 60) -> str:
    """Write a value in one short piece."""
    if isinstance(value, Mapping):
        value = dict(value)
    text = repr(value)
    return text if len(text) <= most else text[: most - 1] + "…"
