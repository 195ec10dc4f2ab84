"""What chains grow on: the edges of a graph that lead somewhere, sorted once per package."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

from synth.chains import Chain, Node
from synth.files import files_of
from synth.graph import Edge, Graph
from synth.survey import Survey

NEVER_A_PURPOSE = frozenset({"login", "logout"})
By = Mapping[str, Sequence[Edge]]


class Ground:
    """A survey and its graph, with what growing asks of them again and again."""

    def __init__(self, survey: Survey, graph: Graph) -> None:
        self.views = survey.views
        self.obtainable = survey.obtainable
        self.graph = graph
        self.files = files_of(survey)

    @cached_property
    def onward(self) -> By:
        """Edges by which a call builds on another, per tool that they leave: a returned key, or a
        guard that reads what was written."""
        found: dict[str, list[Edge]] = defaultdict(list)
        for edge in self.graph.edges:
            if self.is_news(edge) if edge.kind == "explicit" else self.is_guard(edge):
                found[edge.src].append(edge)
        return found

    @cached_property
    def supply(self) -> Mapping[tuple[str, str], Sequence[Edge]]:
        """Edges that can supply a parameter, per (tool, parameter)."""
        found: dict[tuple[str, str], list[Edge]] = defaultdict(list)
        for edges in self.onward.values():
            for edge in edges:
                if edge.kind == "explicit":
                    found[edge.dst, edge.via[1]].append(edge)
        return found

    @cached_property
    def least(self) -> Mapping[str, int]:
        """How many calls a tool needs at least, itself counted, when nothing is known yet."""
        return {
            name: 1 + len({p.column for p in view.needs if p.column in self.obtainable})
            for name, view in self.views.items()
        }

    @cached_property
    def apart(self) -> Sequence[str]:
        """Tools that compute something from values alone: nothing leads to them or from them."""
        return [n for n, v in self.views.items() if v.effect == "compute" and not v.needs]

    def is_news(self, edge: Edge) -> bool:
        """Say whether the next call says more than the result it builds on already did."""
        src, dst = self.views[edge.src], self.views[edge.dst]
        if not dst.reads:
            return dst.archetype not in NEVER_A_PURPOSE
        if dst.key is None or edge.column != dst.key_column:
            return True
        own = src.key_column == edge.column
        return not own or not set(dst.outputs.values()) <= set(src.outputs.values())

    def is_guard(self, edge: Edge) -> bool:
        """Say whether a change decides on another: of the same row, whose key it does not return,
        or of what there is only one of."""
        src, dst = self.views[edge.src], self.views[edge.dst]
        if (follows := self.files.follows(src.name, dst.name)) is not None:
            return follows
        if edge.strength != "guards" or NEVER_A_PURPOSE & {src.archetype, dst.archetype}:
            return False
        if src.key is None or dst.key is None:
            return not src.needs and not dst.needs
        return src.key.column == dst.key.column and not src.paths(src.key_column)


def bundle(ground: Ground, size: int, rng: random.Random) -> Chain:
    """Draw calls that do not build on one another: of one tool, or of several (VULCAN A.2)."""
    size = min(size, len(ground.apart))
    tools = rng.sample(ground.apart, size)
    if rng.random() < 0.5:
        tools = [tools[0]] * size
    return Chain(tuple(Node(number, tool, 0) for number, tool in enumerate(tools, 1)), ())
