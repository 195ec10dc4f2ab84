"""Which tasks stay: real values, nothing that a benchmark holds, nothing said often enough.

Twins (the general, ambiguous, changing … versions of one plan) stay or go together, so that
comparisons between them stay paired.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.types import ToolSpec
from synth.decontaminate import Call, Hit, Index, Sample
from synth.duplicates import Caps, Item, cap_duplicates
from synth.footprints import Footprint
from synth.realism import unreal_values

Specs = Mapping[str, Mapping[str, ToolSpec]]


@dataclass(frozen=True)
class Candidate:
    """What filters look at: what the user says, the plan's literal calls and what they leave.

    `family` are the twins of one plan, `shape` its chain with the names of the arguments. `given`
    are texts whose values are not the generator's own (what the tools return).
    """

    id: str
    env: str
    family: str
    texts: Sequence[str]
    calls: Sequence[Call]
    shape: Hashable = ()
    given: Sequence[str] = ()
    left: Footprint = frozenset()

    @property
    def values(self) -> list[Any]:
        return [value for _, arguments in self.calls for value in arguments.values()]


@dataclass
class Sieve:
    """What was dropped and why, by task; hits on benchmarks with their evidence."""

    dropped: dict[str, str] = field(default_factory=dict)
    hits: list[Hit] = field(default_factory=list)
    evidence: dict[str, str] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        return dict(sorted(Counter(self.dropped.values()).items()))


def sift(tasks: Iterable[Candidate], index: Index, caps: Caps, specs: Specs) -> Sieve:
    """Decide family by family, in the order given. The first reason that applies is the one."""
    families: dict[str, list[Candidate]] = defaultdict(list)
    for task in tasks:
        families[task.family].append(task)
    sieve = Sieve()
    items = []
    for name, members in families.items():
        reason = unwanted(members, index, specs, sieve)
        if reason:
            sieve.dropped |= dict.fromkeys((task.id for task in members), reason)
        else:
            first = members[0]
            text = "\n".join(first.texts)
            items.append(Item(name, text, first.values, (first.env, first.shape)))
    for name, reason in cap_duplicates(items, caps).items():
        sieve.dropped |= dict.fromkeys((task.id for task in families[name]), reason)
    return sieve


def unwanted(members: Sequence[Candidate], index: Index, specs: Specs, sieve: Sieve) -> str:
    """Return why a family is dropped for what one of its members holds; "" where nothing is."""
    for task in members:
        wrong = unreal_values(task.calls, specs.get(task.env, {}), task.given)
        if wrong:
            sieve.evidence[task.id] = wrong[0]
            return "unreal values"
    for task in members:
        hit = index.hit(Sample(task.id, task.texts, task.calls, task.left))
        if hit is not None:
            sieve.hits.append(hit)
            sieve.evidence[task.id] = f"{hit.source} {hit.kind}: {hit.evidence}"
            return "leaves what a benchmark leaves" if hit.kind == "state" else "in a benchmark"
    return ""
