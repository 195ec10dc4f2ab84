"""A call of a chain while its plan is being searched for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from synth.chains import Node
from synth.scene import Fact, Mention, RowId, Wish
from synth.views import View

Args = dict[str, dict[str, Any]]
"""Parameter -> {"literal" or "ref", "value"}: how it is said and what it is."""


@dataclass
class Bound:
    """A call of the chain with its arguments and result. `pick` is the row chosen in it."""

    node: Node
    view: View
    args: dict[str, dict[str, Any]]
    result: Any
    mention: Mention | None = None
    pick: str = ""
    literals: dict[str, Any] = field(default_factory=dict)
    wish: Wish | None = None
    facts: tuple[Fact, ...] = ()
    about: tuple[RowId, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    places: dict[str, tuple[str, Any]] = field(default_factory=dict)
