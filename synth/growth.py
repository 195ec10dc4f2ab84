"""How chains grow: a purpose first, then backwards to what it needs, then on to the next turn."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from synth.chains import Chain, Link, Node, broken_conditions, is_path, numbered
from synth.choices import Choices, DeadEnd, Dice, Odometer
from synth.graph import Edge
from synth.ground import NEVER_A_PURPOSE, Ground
from synth.sense import is_odd, row
from synth.views import Param, View

TRIES = 40
PURPOSES = {"create": 3.0, "transition": 3.0, "update": 3.0, "delete": 1.0, "get": 2.0, "find": 1.0}


class Grower:
    """Grows one chain. Nodes get their final numbers at the end; here they are in order of birth.

    `left` is how many calls the subgraph under way may still have; `open` are nodes whose needs
    are being met, which nothing new may build on (it would close a circle).
    """

    def __init__(self, ground: Ground, choices: Choices, *, exact: bool = True) -> None:
        self.ground = ground
        self.exact = exact
        self.views = ground.views
        self.choices = choices
        self.nodes: list[Node] = []
        self.links: list[Link] = []
        self.open: set[int] = set()
        self.about: dict[int, tuple[int, str]] = {}
        self.turn = 0
        self.left = 0

    def chain(self, sizes: Sequence[int]) -> Chain:
        """Grow one subgraph per size, each from the end of the one before. Raises DeadEnd."""
        for self.turn, self.left in enumerate(sizes):
            if self.turn:
                self.follow()
            else:
                self.start()
            while self.left:
                self.grow()
        chain = numbered(self.nodes, self.links)
        if chain is None or broken_conditions(chain):
            raise DeadEnd
        return chain

    def grow(self) -> None:
        """Extend the subgraph; one that cannot be stays as it is, unless sizes are exact."""
        nodes, links = len(self.nodes), len(self.links)
        try:
            self.extend()
        except DeadEnd:
            if self.exact:
                raise
            del self.nodes[nodes:], self.links[links:]
            self.open.clear()
            self.about = {number: r for number, r in self.about.items() if number <= nodes}
            self.left = 0

    @property
    def here(self) -> list[Node]:
        return [node for node in self.nodes if node.turn == self.turn]

    def start(self) -> None:
        """Choose what the first turn is for."""
        tools = [
            view
            for view in self.views.values()
            if view.archetype not in NEVER_A_PURPOSE
            and self.ground.least[view.name] <= self.left
            and self.ground.files.is_purpose(view.name)
        ]
        weights = [PURPOSES.get(view.archetype, 1.0) for view in tools]
        self.add(self.choices.choose(tools, weights))

    def follow(self) -> None:
        """Begin a turn with a call that builds on a terminal of the turn before."""
        past = Chain(tuple(self.nodes), tuple(self.links))
        options = [
            (node, edge)
            for node in past.terminals(self.turn - 1)
            for edge in self.ground.onward.get(node.tool, ())
            if not is_odd(self, node, edge)
        ]
        node, edge = self.choices.choose(options, [self.weight(edge) for _, edge in options])
        self.add(self.views[edge.dst], (node, edge), fresh=False)

    def weight(self, edge: Edge) -> float:
        """Prefer changes to reads, and returned keys to guards."""
        if edge.kind == "implicit":
            return 0.3
        return 1.0 if self.views[edge.dst].reads else 2.0

    def extend(self) -> None:
        """Add a call that builds on one of this turn."""
        tools = {node.tool for node in self.here}
        options = [
            (node, edge)
            for node in self.here
            for edge in self.ground.onward.get(node.tool, ())
            if edge.dst not in tools
            and not self.passes_on(edge, node)
            and not is_odd(self, node, edge)
        ]
        node, edge = self.choices.choose(options, [self.weight(edge) for _, edge in options])
        self.add(self.views[edge.dst], (node, edge))

    def passes_on(self, edge: Edge, node: Node | None = None) -> bool:
        """Say whether a reader merely hands back a key that it was given."""
        src = self.views[edge.src]
        given = {link.edge.column for link in self.links if node and link.dst == node.id}
        if src.key is not None:
            given.add(src.key.column)
        return src.reads and edge.column in given

    def add(
        self,
        view: View,
        link: tuple[Node, Edge] | None = None,
        wanted: str = "",
        *,
        fresh: bool = True,
    ) -> Node:
        """Add a call and meet its needs; `fresh` lets it call for new calls of this turn.

        A search for keys of the column `wanted` is not narrowed by such a key.
        """
        if self.left < 1 or any(node.tool == view.name for node in self.here):
            raise DeadEnd
        self.left -= 1
        node = Node(len(self.nodes) + 1, view.name, self.turn)
        self.nodes.append(node)
        self.open.add(node.id)
        given = None
        if link is not None:
            given = link[1].via[1] if link[1].kind == "explicit" else None
            self.links.append(Link(link[0].id, node.id, link[1]))
        for param in view.needs:
            if param.name != given:
                self.supply(node, param, fresh=fresh)
        if view.finds and fresh:
            for param in view.links:
                if param.name == given or param.column == wanted:
                    continue
                if self.choices.choose((True, False), (2.0, 1.0)):
                    self.supply(node, param, fresh=True)
                    break
        self.unlock(node)
        self.open.discard(node.id)
        if not view.reads:
            self.about[node.id] = row(self, node)
        return node

    def supply(self, node: Node, param: Param, *, fresh: bool) -> None:
        """Let another call's result supply a parameter; a key that no tool shows is known."""
        edges = self.ground.supply.get((node.tool, param.name), ())
        known = [
            (other, edge)
            for edge in edges
            for other in self.nodes
            if other.tool == edge.src and self.can_reuse(other, edge)
        ]
        new = [e for e in edges if fresh and self.can_call(e)]
        options: list[tuple[Node | None, Edge]] = [*known, *((None, edge) for edge in new)]
        weights = [3.0 if other.turn == self.turn else 1.0 for other, _ in known]
        weights += [8.0 if self.finds_key(edge) else 0.5 for edge in new]
        known_by_heart = param.column not in self.ground.obtainable
        if known_by_heart and (not options or self.choices.choose((True, False), (4.0, 1.0))):
            return
        other, edge = self.choices.choose(options, weights)
        if other is None:
            other = self.add(self.views[edge.src], wanted=edge.column)
        self.links.append(Link(other.id, node.id, edge))

    def can_reuse(self, other: Node, edge: Edge) -> bool:
        if other.id in self.open:
            return False
        return other.turn < self.turn or not self.passes_on(edge, other)

    def can_call(self, edge: Edge) -> bool:
        src = self.views[edge.src]
        asks = src.effect == "read" or src.archetype == "login"
        return asks and not self.passes_on(edge) and self.left > 0

    def finds_key(self, edge: Edge) -> bool:
        src = self.views[edge.src]
        return src.finds and src.key_column == edge.column

    def unlock(self, node: Node) -> None:
        """Log in before a call whose guards ask for it, or leave that to the initial state."""
        doors = [
            view
            for view in self.views.values()
            if view.archetype == "login" and (view.name, node.tool) in self.ground.graph.guarding
        ]
        opened = {n.tool for n in self.nodes} & {view.name for view in doors}
        if doors and not opened and self.choices.choose((True, False)):
            door = self.choices.choose(doors)
            edge = next(e for e in self.ground.graph.leaving[door.name] if e.dst == node.tool)
            self.links.append(Link(self.add(door).id, node.id, edge))


def sample_chain(
    ground: Ground,
    sizes: Sequence[int],
    rng: random.Random,
    connectivity: str = "weak",
    *,
    exact: bool = True,
) -> Chain | None:
    """Draw a chain with `sizes[t]` calls in turn t (at most, where not exact).

    None where TRIES attempts found none. `connectivity`: weak, or strict_chain (a path).
    """
    for _ in range(TRIES):
        try:
            chain = Grower(ground, Dice(rng), exact=exact).chain(sizes)
        except DeadEnd:
            continue
        if connectivity == "weak" or is_path(chain):
            return chain
    return None


def enumerate_chains(
    ground: Ground, sizes: Sequence[int], connectivity: str = "weak"
) -> Iterator[Chain]:
    """Yield every chain of the given sizes once, always in the same order."""
    odometer, seen = Odometer(), set()
    while True:
        try:
            chain = Grower(ground, odometer).chain(sizes)
        except DeadEnd:
            chain = None
        if chain is not None and chain.id not in seen:
            seen.add(chain.id)
            if connectivity == "weak" or is_path(chain):
                yield chain
        if not odometer.advance():
            return
