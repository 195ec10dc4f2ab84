"""A catalogue of the offered tools: an inverted index that says how well each fits a request."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from harness.models.lexical.slots import Slot, read_slots
from harness.models.lexical.words import GENERIC, terms, weight
from harness.types import ToolSpec

PLENTY = 6.0  # shared words beyond which more say nothing


@dataclass(frozen=True, slots=True)
class Entry:
    """A tool with the stems of its name, of its description and of everything it mentions."""

    spec: ToolSpec
    slots: tuple[Slot, ...]
    name: frozenset[str]
    description: frozenset[str]
    all: frozenset[str]


def read_tool(spec: ToolSpec) -> Entry:
    """Read one tool; a malformed schema has no slots."""
    slots = read_slots(spec.parameters)
    text = spec.description if isinstance(spec.description, str) else ""
    name = frozenset(terms(str(spec.name)[:200]))
    description = frozenset(terms(text[:1500]))
    inner = {term for slot in slots[:60] for term in slot.cues}
    inner |= {t for s in slots[:60] for c in s.choices[:50] for t in terms(str(c)[:80])}
    return Entry(spec, slots, name, description, name | description | inner)


@dataclass(frozen=True, slots=True)
class Match:
    """How well a tool fits a request, in 0..1; `named` says whether its own name was spoken."""

    entry: Entry
    fit: float
    named: bool


class Catalog:
    """The offered tools, indexed by stem. A stem that few tools share tells more."""

    def __init__(self, tools: Sequence[ToolSpec]) -> None:
        self.tools = tuple(tools)
        self.entries = [read_tool(spec) for spec in self.tools]
        self.postings: dict[str, list[int]] = {}
        for index, entry in enumerate(self.entries):
            for term in entry.all:
                self.postings.setdefault(term, []).append(index)
        total = len(self.entries)
        self.tells = {
            term: weight(term) * math.log(1 + total / len(postings)) / math.log(1 + total)
            for term, postings in self.postings.items()
        }
        self.sizes = [
            (max(1.0, self.total(entry.name)), max(1.0, self.total(entry.description)))
            for entry in self.entries
        ]

    def total(self, some: Collection[str]) -> float:
        """Add up what some stems tell, in a fixed order."""
        return math.fsum(self.tells[term] for term in some)

    def matches(self, request: Collection[str]) -> list[Match]:
        """Score every tool that shares a stem with the request, in the order of the offer."""
        shared: dict[int, list[str]] = {}
        for term in sorted(set(request)):
            for index in self.postings.get(term, ()):
                shared.setdefault(index, []).append(term)
        return [self.match(index, shared[index]) for index in sorted(shared)]

    def match(self, index: int, shared: list[str]) -> Match:
        """Weigh the spoken share of the name, that of the description, and how much is shared."""
        entry, (name_size, description_size) = self.entries[index], self.sizes[index]
        tells = self.tells
        name = [term for term in shared if term in entry.name]
        description = [term for term in shared if term in entry.description]
        fit = (
            2 * sum(tells[term] for term in name) / name_size
            + 2 * sum(tells[term] for term in description) / description_size
            + 4 * min(1.0, sum(tells[term] for term in shared) / PLENTY)
        ) / 8
        return Match(entry, fit, any(term not in GENERIC for term in name))
