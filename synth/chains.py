"""Chains of tools: connected acyclic subgraphs, one per turn, in sequence (VULCAN §3.2.2 stage 2).

Conditions on a chain: (1) the tools of a subgraph are distinct, (2) a terminal node of each
subgraph leads to an initial node of the next, (3) the dependencies in use form no cycle between
tools. "Fully connected" is read as weakly connected: a complete digraph has cycles.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from synth.graph import Edge, components


class Node(NamedTuple):
    """One call of a chain: numbered from 1 in an order in which it can be made."""

    id: int
    tool: str
    turn: int


class Link(NamedTuple):
    """An edge in use between two nodes."""

    src: int
    dst: int
    edge: Edge


@dataclass(frozen=True)
class Chain:
    """Nodes in order of execution, and the edges that tie them together."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]

    @cached_property
    def id(self) -> str:
        """Return 12 hex digits over tools, turns and links."""
        text = json.dumps([self.nodes, [(s, d, *e) for s, d, e in self.links]])
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def turns(self) -> int:
        return self.nodes[-1].turn + 1 if self.nodes else 0

    @property
    def calls_per_turn(self) -> list[int]:
        return [len(self.of(turn)) for turn in range(self.turns)]

    def of(self, turn: int) -> list[Node]:
        return [node for node in self.nodes if node.turn == turn]

    def within(self, turn: int) -> list[Link]:
        """Return the links between nodes of one turn."""
        ids = {node.id for node in self.of(turn)}
        return [link for link in self.links if link.src in ids and link.dst in ids]

    def terminals(self, turn: int) -> list[Node]:
        """Return the nodes of a turn that nothing in the turn builds on."""
        used = {link.src for link in self.within(turn)}
        return [node for node in self.of(turn) if node.id not in used]

    def initials(self, turn: int) -> list[Node]:
        """Return the nodes of a turn that build on nothing in the turn."""
        fed = {link.dst for link in self.within(turn)}
        return [node for node in self.of(turn) if node.id not in fed]

    def parents(self, node: int) -> list[Link]:
        return self.incoming.get(node, [])

    @cached_property
    def incoming(self) -> Mapping[int, list[Link]]:
        found: dict[int, list[Link]] = defaultdict(list)
        for link in self.links:
            found[link.dst].append(link)
        return found

    @cached_property
    def consumers(self) -> Mapping[int, list[Link]]:
        """Return per node the links that carry its result onward."""
        found: dict[int, list[Link]] = defaultdict(list)
        for link in self.links:
            if link.edge.kind == "explicit":
                found[link.src].append(link)
        return found

    @property
    def depth(self) -> int:
        """Return the number of nodes on the longest path."""
        longest: dict[int, int] = {}
        for node in self.nodes:
            before = [longest[link.src] for link in self.parents(node.id)]
            longest[node.id] = 1 + max(before, default=0)
        return max(longest.values(), default=0)

    @cached_property
    def json(self) -> dict[str, Any]:
        """Return the chain with its conditions and sizes, as the data model has it."""
        broken = broken_conditions(self)
        return {
            "chain_id": self.id,
            "subgraphs": [
                [{"node": n.id, "tool": n.tool} for n in self.of(turn)]
                for turn in range(self.turns)
            ],
            "edges": [
                {"src": link.src, "dst": link.dst, "kind": link.edge.kind, "via": [*link.edge.via]}
                for link in self.links
            ],
            "turns": self.turns,
            "calls_per_turn": self.calls_per_turn,
            "conditions": {name: name not in broken for name in CONDITIONS},
        }


CONDITIONS = ("ordered", "connected", "distinct", "terminal_to_initial", "acyclic")


def broken_conditions(chain: Chain) -> list[str]:
    """Return the names of the conditions that a chain breaks (none for a valid chain)."""
    turns = range(chain.turns)
    tests = {
        "ordered": all(link.src < link.dst for link in chain.links),
        "connected": all(is_connected(chain.of(t), chain.within(t)) for t in turns),
        "distinct": all(is_distinct(chain.of(t)) for t in turns),
        "terminal_to_initial": all(follows(chain, t) for t in list(turns)[1:]),
        "acyclic": is_acyclic(chain),
    }
    return [name for name in CONDITIONS if not tests[name]]


def is_distinct(nodes: Iterable[Node]) -> bool:
    tools = [node.tool for node in nodes]
    return len(set(tools)) == len(tools)


def is_connected(nodes: Sequence[Node], links: Iterable[Link]) -> bool:
    """Say whether the nodes hang together when directions are ignored."""
    both: dict[str, set[str]] = {str(node.id): set() for node in nodes}
    for link in links:
        both[str(link.src)].add(str(link.dst))
        both[str(link.dst)].add(str(link.src))
    return len(components(both)) <= 1


def follows(chain: Chain, turn: int) -> bool:
    """Say whether a terminal of the turn before leads to an initial node of this turn."""
    ends = {node.id for node in chain.terminals(turn - 1)}
    starts = {node.id for node in chain.initials(turn)}
    return any(link.src in ends and link.dst in starts for link in chain.links)


def is_acyclic(chain: Chain) -> bool:
    """Say whether the dependencies in use, taken between tools, have no cycle."""
    tools = {node.id: node.tool for node in chain.nodes}
    successors: dict[str, set[str]] = {tool: set() for tool in tools.values()}
    for link in chain.links:
        if tools[link.src] == tools[link.dst]:
            return False
        successors[tools[link.src]].add(tools[link.dst])
    return all(len(part) == 1 for part in components(successors))


def is_path(chain: Chain) -> bool:
    """Say whether every call builds on the one before it (connectivity "strict_chain")."""
    pairs = {(link.src, link.dst) for link in chain.links}
    return all((node.id - 1, node.id) in pairs for node in chain.nodes[1:])


def numbered(nodes: Sequence[Node], links: Sequence[Link]) -> Chain | None:
    """Number calls in an order in which they can be made; None where there is none."""
    order: list[Node] = []
    waiting = list(nodes)
    while waiting:
        done = {node.id for node in order}
        turn = min(node.turn for node in waiting)
        ready = (
            node
            for node in waiting
            if node.turn == turn and all(link.src in done for link in links if link.dst == node.id)
        )
        node = next(ready, None)
        if node is None:
            return None
        order.append(node)
        waiting.remove(node)
    number = {node.id: position for position, node in enumerate(order, 1)}
    return Chain(
        tuple(Node(number[n.id], n.tool, n.turn) for n in order),
        tuple(sorted(Link(number[s], number[d], edge) for s, d, edge in links)),
    )
