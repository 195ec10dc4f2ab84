"""The dependency graph of a package's tools (VULCAN §3.2.2 stage 1), without asking a model.

An explicit edge: what one tool returns names the row that another asks for. An implicit edge: one
tool writes what another reads, as the engine's authorizer reports it; where the reader's guards
read it, the writer may enable or forbid the call ("guards"), else it changes the answer ("reads").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from synth.survey import Survey, Touch
from synth.views import View


class Edge(NamedTuple):
    """From `src` to `dst`. `via` = (result path, parameter) or (table, field)."""

    src: str
    dst: str
    kind: str
    via: tuple[str, str]
    strength: str
    column: str


@dataclass(frozen=True)
class Graph:
    """Tools and candidate edges; an edge is a fact only where an execution witnessed it."""

    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]
    unsupplied: tuple[str, ...] = ()

    @cached_property
    def leaving(self) -> Mapping[str, Sequence[Edge]]:
        return by(self.edges, lambda edge: edge.src)

    @cached_property
    def guarding(self) -> frozenset[tuple[str, str]]:
        """Pairs (src, dst) where the guards of `dst` read what `src` writes."""
        return frozenset((e.src, e.dst) for e in self.edges if e.strength == "guards")

    @property
    def density(self) -> float:
        """Return the share of ordered pairs of tools that have an edge."""
        pairs = {(edge.src, edge.dst) for edge in self.edges}
        count = len(self.nodes)
        return len(pairs) / (count * (count - 1)) if count > 1 else 0.0

    @cached_property
    def cycles(self) -> list[list[str]]:
        """Return the strongly connected components of more than one tool, largest first."""
        successors = {n: {e.dst for e in self.leaving.get(n, ())} for n in self.nodes}
        found = [sorted(part) for part in components(successors) if len(part) > 1]
        return sorted(found, key=lambda part: (-len(part), part))

    def to_json(self, env_id: str = "") -> dict[str, Any]:
        """Return the graph as the package's `graph.json` holds it."""
        return {
            "env_id": env_id,
            "nodes": list(self.nodes),
            "edges": [
                {
                    "src": edge.src,
                    "dst": edge.dst,
                    "kind": edge.kind,
                    "via": via_json(edge),
                    "origin": "rule",
                    "strength": edge.strength,
                }
                for edge in self.edges
            ],
            "density": round(self.density, 4),
            "unreachable": list(self.unsupplied),
            "cyclic_sccs": self.cycles,
        }


def via_json(edge: Edge) -> dict[str, str]:
    names = ("out_path", "in_param") if edge.kind == "explicit" else ("table", "field")
    return dict(zip(names, edge.via, strict=True))


def by(edges: Iterable[Edge], end: Callable[[Edge], str]) -> Mapping[str, Sequence[Edge]]:
    found: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        found[end(edge)].append(edge)
    return found


def graph_of(survey: Survey) -> Graph:
    """Build the candidate graph of a package."""
    return build_graph(survey.views, survey.touches)


def build_graph(views: Mapping[str, View], touches: Mapping[str, Touch]) -> Graph:
    """Join tools by the columns they return, ask for, write and read: no pairwise comparison."""
    suppliers: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, view in views.items():
        for path, column in view.outputs.items():
            if column in view.keys:
                suppliers[column].append((name, path))
    edges: list[Edge] = []
    lacking = []
    for name, view in views.items():
        for param in view.params:
            if param.column not in view.keys:
                continue
            found = [s for s in suppliers.get(param.column, ()) if s[0] != name]
            strength = "required" if param.required else "optional"
            edges += [
                Edge(src, name, "explicit", (path, param.name), strength, param.column)
                for src, path in found
            ]
            if param.required and not found:
                lacking.append(name)
    edges += implicit(touches)
    return Graph(tuple(views), tuple(edges), tuple(dict.fromkeys(lacking)))


def implicit(touches: Mapping[str, Touch]) -> list[Edge]:
    """Return one edge per pair where one tool writes what the other reads, guards first."""
    guards, reads = readers(touches, guards=True), readers(touches, guards=False)
    edges = []
    for src, touch in touches.items():
        seen = {src}
        for strength, index in (("guards", guards), ("reads", reads)):
            for written in sorted(touch.writes):
                table, _, field = written.partition(".")
                for dst, read in index.get(table if field == "*" else written, ()):
                    if dst not in seen:
                        seen.add(dst)
                        via = (table, read.partition(".")[2])
                        edges.append(Edge(src, dst, "implicit", via, strength, read))
    return edges


def readers(touches: Mapping[str, Touch], *, guards: bool) -> Mapping[str, list[tuple[str, str]]]:
    """Return who reads a column (by `table.column`) or anything of a table (by `table`)."""
    index: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, touch in touches.items():
        tables = set()
        for read in sorted(touch.guards if guards else touch.reads):
            table = read.partition(".")[0]
            index[read].append((name, read))
            if table not in tables:
                tables.add(table)
                index[table].append((name, read))
    return index


def components(successors: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return the strongly connected components (Kosaraju, without recursion)."""
    order: list[str] = []
    seen: set[str] = set()
    for root in successors:
        stack = [(root, iter(successors[root]))] if root not in seen else []
        seen.add(root)
        while stack:
            node, rest = stack[-1]
            following = next((n for n in rest if n not in seen), None)
            if following is None:
                order.append(node)
                stack.pop()
            else:
                seen.add(following)
                stack.append((following, iter(successors[following])))
    reverse: dict[str, list[str]] = defaultdict(list)
    for node, targets in successors.items():
        for target in targets:
            reverse[target].append(node)
    return [part for root in reversed(order) if (part := flood(root, reverse, seen))]


def flood(root: str, reverse: Mapping[str, list[str]], unseen: set[str]) -> list[str]:
    """Collect what reaches `root`, taking it out of `unseen`."""
    if root not in unseen:
        return []
    unseen.discard(root)
    found = [root]
    for node in found:
        for before in reverse.get(node, ()):
            if before in unseen:
                unseen.discard(before)
                found.append(before)
    return found
