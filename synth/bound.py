"""A call of a chain while its plan is being searched for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from synth.chains import Chain, Node
from synth.plans import Step
from synth.scene import Act, Fact, Mention, RowId, Wish
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


def step_of(bound: Bound, hidden: bool, chain: Chain) -> Step:
    """Write a bound call as a step of a plan."""
    args = {
        name: {"ref": arg["ref"]} if "ref" in arg else {"literal": arg["literal"]}
        for name, arg in bound.args.items()
    }
    node = bound.node
    depends = tuple(dict.fromkeys(str(link.src) for link in chain.parents(node.id)))
    return Step(str(node.id), node.tool, args, node.turn, hidden, depends)


def act_of(bound: Bound) -> Act:
    """Write a bound call as something a user asks for."""
    columns = {param.name: param.column for param in bound.view.params}
    return Act(
        str(bound.node.id),
        bound.node.tool,
        bound.node.turn,
        bound.mention.id if bound.mention is not None else None,
        tuple((name, columns[name], value) for name, value in bound.literals.items()),
        bound.about,
        bound.wish,
        bound.facts,
        bound.before,
    )
