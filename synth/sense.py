"""Which changes people ask for one after the other, and which nobody would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from synth.chains import Link, Node
from synth.graph import Edge
from synth.views import View

UNDOING = ("cancel", "reject", "delete", "postpone", "end", "close", "pause")
ENDING = ("cancel", "reject", "delete", "complete", "end", "close", "finish")


class Growing(Protocol):
    """A chain that is being grown."""

    @property
    def views(self) -> Mapping[str, View]: ...
    @property
    def nodes(self) -> Sequence[Node]: ...
    @property
    def links(self) -> Sequence[Link]: ...
    @property
    def turn(self) -> int: ...
    @property
    def about(self) -> Mapping[int, tuple[int, str]]:
        """The row that each change is about, by call."""
        ...


def is_odd(growing: Growing, node: Node, edge: Edge) -> bool:
    """Say whether nobody would ask for a change after what was asked for the same row."""
    dst = growing.views[edge.dst]
    if dst.reads or edge.column != dst.key_column:
        return False
    if not growing.about:
        return False
    about = carried(growing, node, edge)
    before = [n for n in growing.nodes if growing.about.get(n.id) == about]
    return any(
        odd(growing.views[other.tool], dst, same_turn=other.turn == growing.turn)
        for other in before
    )


def carried(growing: Growing, node: Node, edge: Edge) -> tuple[int, str]:
    """Name the row whose key an edge carries out of a call."""
    own = growing.views[node.tool].key_column == edge.column
    return row(growing, node) if own else (node.id, edge.via[0])


def row(growing: Growing, node: Node) -> tuple[int, str]:
    """Name the row that a call is about: by the call that first found or made it."""
    key = growing.views[node.tool].key
    for link in growing.links:
        if link.dst == node.id and key is not None and link.edge.via[1] == key.name:
            return carried(growing, growing.nodes[link.src - 1], link.edge)
    return (node.id, "own")


def odd(first: View, second: View, *, same_turn: bool) -> bool:
    """Say whether the second change of a row makes no sense after the first."""
    over = first.verb in ENDING or first.archetype == "delete"
    if over and (same_turn or second.archetype == "update"):
        return True
    undoes = second.verb in UNDOING or second.archetype == "delete"
    again = first.archetype == "create" and second.archetype == "update"
    return same_turn and (undoes or again)
