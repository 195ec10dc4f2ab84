"""What rules and judges find: labels with their evidence, and the whole judgement of a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from evaluators.judge.categories import primary_of, table_of
from evaluators.judge.trace import Act

Decider = Literal["rule", "hint", "judge"]
Attribution = Literal["task", "user", "agent", "environment", "infrastructure"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One category (or tag) with where it shows.

    `turn` counts user texts from 0, `message` is an index of the log, `call` names a tool, `span`
    is the text or value in question. `decided_by` a hint means: likely, and not decided.
    """

    category: str
    reason: str
    turn: int | None = None
    message: int | None = None
    call: str | None = None
    span: str = ""
    decided_by: Decider = "rule"

    def evidence(self) -> dict[str, Any]:
        """Return the finding as JSON, without its empty fields."""
        fields = ("category", "decided_by", "turn", "message", "call", "span", "reason")
        values = {name: getattr(self, name) for name in fields}
        return {name: value for name, value in values.items() if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything found about one case.

    `findings` are decided, `hints` are not. `undetermined` gives reasons for what could not be
    looked at. `score` is the share of the plan that was carried out, None without a plan.
    """

    case_id: str
    findings: tuple[Finding, ...] = ()
    hints: tuple[Finding, ...] = ()
    tags: tuple[Finding, ...] = ()
    undetermined: tuple[str, ...] = ()
    attribution: Attribution | None = None
    blame: str = ""
    first_error: int | None = None
    score: float | None = None
    single_turn: bool = False

    def categories(self, table: int) -> list[str]:
        """Return the decided categories of a table, the primary one first."""
        found = list(dict.fromkeys(f.category for f in self.findings))
        mine = [c for c in found if table_of(c) == table]
        first = primary_of(mine, table)
        return sorted(mine, key=lambda c: c != first)

    @property
    def primary(self) -> str | None:
        """The primary category of Table 9, of Table 8 for single-turn tasks; else of the other."""
        found = [f.category for f in self.findings]
        first, second = (8, 9) if self.single_turn else (9, 8)
        return primary_of(found, first) or primary_of(found, second)


@dataclass(slots=True)
class Notes:
    """Findings under way; a category is noted once per place."""

    found: list[Finding] = field(default_factory=list)

    def add(self, categories: str | Sequence[str], reason: str, **where: Any) -> None:
        """Note one reason under one category or several."""
        for category in [categories] if isinstance(categories, str) else categories:
            self.found.append(Finding(category, reason, **where))

    def about(self, act: Act, categories: str | Sequence[str], reason: str, **more: Any) -> None:
        """Note something about a call."""
        self.add(categories, reason, turn=act.turn, message=act.message, call=act.name, **more)

    def has(self, category: str) -> bool:
        return any(f.category == category for f in self.found)
