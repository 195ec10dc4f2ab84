"""Executed witnesses for edges of the dependency graph: a candidate is confirmed by running it.

An explicit edge is witnessed when the source's result, put into the parameter, makes a call that
succeeds. An implicit edge is witnessed when running the source first changes what the same call
answers: it enables it, forbids it, or alters its result.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.faults import ToolFault
from synth.graph import Edge, Graph
from synth.paths import find_all
from synth.survey import Survey
from synth.values import Values
from synth.world import SqlWorld

TRIES = 16
SAMPLE = 5_000


@dataclass(frozen=True)
class Witness:
    """A state and two calls that show an edge. `effect`: supplies, enables, forbids, alters."""

    edge: Edge
    state: str
    src_args: Mapping[str, Any]
    dst_args: Mapping[str, Any]
    effect: str


class Prober:
    """Runs pairs of calls in one initial state and leaves no trace."""

    def __init__(self, survey: Survey, state_id: str, rng: random.Random) -> None:
        self.survey = survey
        self.state_id = state_id
        self.rng = rng
        self.values = Values(survey, state_id)
        self.world = SqlWorld(survey.blueprint(state_id))

    def witness(self, edge: Edge) -> Witness | None:
        """Look for a witness, at most TRIES pairs of calls."""
        look = self.supplies if edge.kind == "explicit" else self.affects
        for _ in range(TRIES):
            self.world.own("savepoint probe")
            try:
                found = look(edge)
            finally:
                self.world.own("rollback to probe")
                self.world.own("release probe")
            if found is not None:
                return found
        return None

    def supplies(self, edge: Edge) -> Witness | None:
        src_args = self.values.call(self.survey.views[edge.src], self.rng)
        if src_args is None or (result := self.run(edge.src, src_args)) is None:
            return None
        path, param = edge.via
        found = [v for _, v in find_all(json.loads(result), path) if v is not None]
        if not found:
            return None
        dst_args = self.call(edge.dst, {param: self.rng.choice(found)})
        if dst_args is None or self.run(edge.dst, dst_args) is None:
            return None
        return Witness(edge, self.state_id, src_args, dst_args, "supplies")

    def affects(self, edge: Edge) -> Witness | None:
        dst_args = self.call(edge.dst, {})
        src_args = None if dst_args is None else self.call(edge.src, self.same_row(edge, dst_args))
        if dst_args is None or src_args is None:
            return None
        self.world.own("savepoint before")
        if self.rng.random() < 0.5:
            dst_args = dst_args | self.made(edge, self.run(edge.src, src_args))
            self.world.own("rollback to before")
        before = self.run(edge.dst, dst_args)
        self.world.own("rollback to before")
        if self.run(edge.src, src_args) is None:
            return None
        after = self.run(edge.dst, dst_args)
        if before == after:
            return None
        effect = "enables" if before is None else "forbids" if after is None else "alters"
        return Witness(edge, self.state_id, src_args, dst_args, effect)

    def made(self, edge: Edge, result: str | None) -> dict[str, Any]:
        """Let the second call be about the row that the source returns (it may have made it)."""
        view, data = self.survey.views[edge.src], json.loads(result or "null")
        keys = {c: v for p, c in view.outputs.items() for _, v in find_all(data, p)}
        return {
            p.name: keys[p.column]
            for p in self.survey.views[edge.dst].needs
            if keys.get(p.column) is not None
        }

    def same_row(self, edge: Edge, dst_args: Mapping[str, Any]) -> dict[str, Any]:
        """Let the source be about the rows that the second call is about."""
        views = self.survey.views
        keyed = {p.column: dst_args.get(p.name) for p in views[edge.dst].params}
        return {
            p.name: keyed[p.column]
            for p in views[edge.src].params
            if p.column in views[edge.src].keys and keyed.get(p.column) is not None
        }

    def call(self, tool: str, fixed: dict[str, Any]) -> dict[str, Any] | None:
        return self.values.call(self.survey.views[tool], self.rng, fixed)

    def run(self, tool: str, args: Mapping[str, Any]) -> str | None:
        try:
            return self.world.run(tool, args)
        except ToolFault:
            return None


def confirm(
    survey: Survey, edges: Iterable[Edge], rng: random.Random
) -> dict[Edge, Witness | None]:
    """Look for a witness of every edge, in each initial state in turn."""
    probers = [Prober(survey, state_id, rng) for state_id in survey.package.states]
    found: dict[Edge, Witness | None] = {}
    for edge in edges:
        tries = (prober.witness(edge) for prober in probers)
        found[edge] = next((witness for witness in tries if witness is not None), None)
    return found


def confirmed_share(
    survey: Survey, graph: Graph, rng: random.Random, size: int = SAMPLE
) -> dict[str, Any]:
    """Report which share of a seeded sample of edges an execution confirms, by kind."""
    edges = list(graph.edges)
    sample = rng.sample(edges, min(size, len(edges)))
    found = confirm(survey, sample, rng)
    kinds: dict[str, list[bool]] = {}
    for edge, witness in found.items():
        kinds.setdefault(f"{edge.kind} {edge.strength}", []).append(witness is not None)
    shares = {
        kind: {"sampled": len(hits), "confirmed": sum(hits), "share": sum(hits) / len(hits)}
        for kind, hits in sorted(kinds.items())
    }
    total = sum(witness is not None for witness in found.values())
    share = total / len(found) if found else 0.0
    return {"edges": len(edges), "sampled": len(found), "share": share, "kinds": shares}
