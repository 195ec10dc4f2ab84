"""A catalogue of the offered tools: an inverted index that ranks them for a request."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from harness.models.lexical.slots import Slot, read_slots
from harness.models.lexical.words import terms, weight
from harness.types import ToolSpec

NAME, DESCRIPTION, PARAMETER = 3.0, 1.5, 1.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A tool with the stems of its name and the weight of every stem it mentions."""

    spec: ToolSpec
    name: tuple[str, ...]
    fields: Mapping[str, float]
    slots: tuple[Slot, ...]


def read_tool(spec: ToolSpec) -> Entry:
    """Read one tool; a malformed schema has no slots."""
    slots = read_slots(spec.parameters)
    fields: dict[str, float] = {}
    for slot in slots[:60]:
        for term in slot.cues:
            fields[term] = PARAMETER * 0.5
        for term in slot.names:
            fields[term] = PARAMETER
        for choice in slot.choices[:50]:
            fields.update((term, PARAMETER) for term in terms(str(choice)[:80]))
    description = spec.description if isinstance(spec.description, str) else ""
    fields.update((term, DESCRIPTION) for term in terms(description[:1500]))
    name = tuple(dict.fromkeys(terms(str(spec.name)[:200])))
    fields.update((term, NAME) for term in name)
    return Entry(spec, name, fields, slots)


@dataclass(frozen=True, slots=True)
class Match:
    """How well a tool fits: `rank` compares tools, `fit` in 0..1 decides whether to call."""

    entry: Entry
    rank: float
    fit: float
    evidence: frozenset[str]


class Catalog:
    """The offered tools, indexed by stem."""

    def __init__(self, tools: Sequence[ToolSpec]) -> None:
        self.tools = tuple(tools)
        self.entries = [read_tool(spec) for spec in self.tools]
        self.postings: dict[str, list[tuple[int, float]]] = {}
        for index, entry in enumerate(self.entries):
            for term, field in entry.fields.items():
                self.postings.setdefault(term, []).append((index, field))
        total = len(self.entries)
        self.idf = {
            term: weight(term) * math.log(1 + total / len(postings)) / math.log(1 + total)
            for term, postings in self.postings.items()
        }

    def matches(self, request: Collection[str]) -> list[Match]:
        """Score every tool that shares a stem with the request, in the order of the offer."""
        sums: dict[int, float] = {}
        shared: dict[int, list[str]] = {}
        for term in sorted(set(request)):
            for index, field in self.postings.get(term, ()):
                sums[index] = sums.get(index, 0.0) + field * self.idf[term]
                shared.setdefault(index, []).append(term)
        asked = sum(map(weight, set(request)))
        return [self.match(index, sums[index], shared[index], asked) for index in sorted(sums)]

    def match(self, index: int, total: float, shared: list[str], asked: float) -> Match:
        """Weigh the share of the name that was asked for and of the request that is explained."""
        entry, evidence = self.entries[index], frozenset(shared)
        named = sum(weight(t) for t in entry.name if t in evidence)
        name = named / max(1.0, sum(map(weight, entry.name)))
        explained = sum(weight(t) * min(1.0, entry.fields[t]) for t in shared) / max(1.0, asked)
        return Match(entry, total, 0.5 * name + 0.5 * explained, evidence)

