"""What a bound plan is about, in the terms people speak in: rows that are mentioned, and acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from synth.chains import Chain
from synth.plans import Plan, Step
from synth.survey import Survey

RowId = tuple[str, Any]


COUNT = "number of rows"


class Fact(NamedTuple):
    """What an agent must tell: what it is (COUNT: how many rows there are), its column, its value,
    the keys of the rows it is of."""

    what: str
    column: str
    value: Any
    rows: tuple[Any, ...] = ()


How = Literal["found", "parent", "made", "given"]
Wish = Literal["fields", "count", "names", "result"]


@dataclass(frozen=True)
class Mention:
    """A row that the conversation is about, and how it comes to be known.

    found: by what is told of it, among the rows of `owners`; parent: the row that `child` belongs
    to; made: by a step of the plan; given: the user knows its key. `told` are (column, value).
    """

    table: str
    key: Any
    how: How
    step: str
    turn: int
    told: tuple[tuple[str, Any], ...] = ()
    owners: tuple[RowId, ...] = ()
    child: RowId | None = None

    @property
    def id(self) -> RowId:
        return (self.table, self.key)


@dataclass(frozen=True)
class Act:
    """Something a user asks for: a change (`wish` empty) or something to be told.

    `values` are (parameter, column, value) that the user must say; `about` are other rows that
    the call involves; `facts` are what the agent must tell.
    """

    step: str
    tool: str
    turn: int
    subject: RowId | None
    values: tuple[tuple[str, str, Any], ...] = ()
    about: tuple[RowId, ...] = ()
    wish: Wish | None = None
    facts: tuple[Fact, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """A plan with its mentions and acts: everything that wording needs.

    `refused` is a call that the user's last wish comes down to and a guard refuses, `reason` the
    guard's own text; it is no part of the plan.
    """

    survey: Survey
    plan: Plan
    mentions: Mapping[RowId, Mention]
    acts: tuple[Act, ...]
    chain: Chain
    refused: Step | None = None
    reason: str = ""

    @property
    def turns(self) -> int:
        return max((act.turn for act in self.acts), default=0) + 1

    def of(self, turn: int) -> list[Act]:
        return [act for act in self.acts if act.turn == turn]
