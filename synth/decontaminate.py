"""Keep training samples clear of benchmarks: user texts, short queries, gold calls, final states.

A benchmark lends itself by a module `evaluators.<name>.texts` (or the one that its pack names) with
`user_texts(root)` and, where it has them, `gold_calls(root)` and `final_states(root)`: the state
before and after the gold calls of every task, as JSON trees. A benchmark whose pack is not
on this machine, or that says nothing of its texts, is listed as not checked: silence would read
as "clean".
"""

from __future__ import annotations

import json
import pkgutil
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import evaluators
from harness.faults import UserMistake
from harness.packs import locate, pack_names, pack_spec
from synth.footprints import Footprint, Leaf, footprint, is_specific
from synth.runs import Runs, tokenize

GRAM = 8
SHORTEST = 3
SPECIFIC = 4
Call = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Sample:
    """What could have been copied: what its user says, the calls it makes, what these leave."""

    id: str
    texts: Sequence[str]
    calls: Sequence[Call] = ()
    left: Footprint = frozenset()


@dataclass(frozen=True)
class Hit:
    """Why a sample is dropped: `kind` is gram, query, call or state; `evidence` what both hold."""

    sample: str
    source: str
    kind: str
    evidence: str


@dataclass
class Index:
    """What benchmarks hold, each thing with the first source that holds it.

    `states` are footprints of final states, found by their first leaf; `runs` measure near misses.
    """

    grams: dict[str, str] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)
    calls: dict[str, str] = field(default_factory=dict)
    states: dict[Footprint, str] = field(default_factory=dict)
    by_leaf: dict[Leaf, list[Footprint]] = field(default_factory=dict)
    runs: Runs = field(default_factory=Runs)

    def add(self, source: str, texts: Iterable[str], calls: Iterable[Call] = ()) -> None:
        """Take in a benchmark. Texts that repeat are read once.

        Left out: texts in other scripts, of which the tokens keep only numbers, and queries of one
        or two words ("thanks", "Paris"), which are nobody's.
        """
        for text in dict.fromkeys(texts):
            tokens = tokenize(text) if is_latin(text) else []
            if SHORTEST <= len(tokens) < GRAM:
                self.queries.setdefault(" ".join(tokens), source)
            for gram in grams_of(tokens):
                self.grams.setdefault(gram, source)
            self.runs.add(source, tokens)
        for call in calls:
            if (signature := sign(call)) is not None:
                self.calls.setdefault(signature, source)

    def add_states(self, source: str, states: Iterable[tuple[Any, Any]]) -> None:
        """Take in what a benchmark's gold leaves behind, where it is more than anyone would."""
        for before, after in states:
            left = footprint(before, after)
            if is_specific(left) and left not in self.states:
                self.states[left] = source
                self.by_leaf.setdefault(min(left), []).append(left)

    def nearest(self, texts: Iterable[str]) -> tuple[int, str]:
        """Return the longest run of tokens shared with a benchmark (at most 8), and its source."""
        found = (self.runs.longest(tokenize(text)) for text in texts)
        return max(found, key=lambda one: one[0], default=(0, ""))

    def sizes(self) -> dict[str, int]:
        kinds = ("grams", "queries", "calls", "states")
        return {kind: len(getattr(self, kind)) for kind in kinds}

    def hit(self, sample: Sample) -> Hit | None:
        """Return the first thing that a sample shares with a benchmark, or None."""
        for text in sample.texts:
            tokens = tokenize(text)
            if len(tokens) < GRAM:
                query = " ".join(tokens)
                if query in self.queries:
                    return Hit(sample.id, self.queries[query], "query", query)
            for gram in grams_of(tokens):
                if gram in self.grams:
                    return Hit(sample.id, self.grams[gram], "gram", gram)
        for call in sample.calls:
            signature = sign(call)
            if signature is not None and signature in self.calls:
                return Hit(sample.id, self.calls[signature], "call", signature)
        for leaf in sorted(sample.left):
            for left in self.by_leaf.get(leaf, ()):
                if left <= sample.left:
                    held = (" ".join(part for part in one if part) for one in sorted(left))
                    return Hit(sample.id, self.states[left], "state", "; ".join(held))
        return None


@dataclass(frozen=True)
class Coverage:
    """The benchmarks that an index holds, and why others are missing, wholly or in part."""

    checked: Mapping[str, Mapping[str, int]]
    unchecked: Mapping[str, str]
    partial: Mapping[str, str] = field(default_factory=dict)


def is_latin(text: str) -> bool:
    """Say whether at least half of a text's letters are a–z."""
    letters = [char for char in text if char.isalpha()]
    return 2 * sum(char.isascii() for char in letters) >= len(letters)


def grams_of(tokens: Sequence[str]) -> Iterator[str]:
    """Yield every run of 8 tokens."""
    for start in range(len(tokens) - GRAM + 1):
        yield " ".join(tokens[start : start + GRAM])


def sign(call: Call) -> str | None:
    """Return a call as normalised text; None where its arguments say too little to be a copy.

    `start(mode="on")` is what anyone would write; four tokens of values are a coincidence no more.
    """
    name, arguments = call
    values = json.dumps(list(arguments.values()), default=str)
    if len(tokenize(values)) < SPECIFIC:
        return None
    return name + json.dumps(normal(arguments), sort_keys=True, default=str)


def normal(value: Any) -> Any:
    """Fold what does not distinguish values: case, punctuation, 5 and 5.0."""
    if isinstance(value, str):
        return " ".join(tokenize(value))
    if isinstance(value, Mapping):
        return {key: normal(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [normal(part) for part in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def benchmarks() -> dict[str, ModuleType | None]:
    """Return every benchmark by name with the module of its texts, where it has one."""
    rooms = {part.name for part in pkgutil.iter_modules(evaluators.__path__) if part.ispkg}
    found: dict[str, ModuleType | None] = {}
    for name in pack_names():
        given = pack_spec(name).texts
        module = given or f"evaluators.{name}.texts"
        has = bool(given) or (name in rooms and find_spec(module) is not None)
        found[name] = import_module(module) if has else None
    return found


def build_index(without: Collection[str] = ()) -> tuple[Index, Coverage]:
    """Index every benchmark whose pack is on this machine, but those of `without`."""
    index, checked, unchecked, partial = Index(), {}, {}, {}
    for name, module in benchmarks().items():
        if name in without:
            unchecked[name] = "the rows are its own"
            continue
        if module is None:
            unchecked[name] = "it says nothing of its texts"
            continue
        try:
            pack = locate(name)
        except UserMistake as mistake:
            unchecked[name] = str(mistake).split(":")[0]
            continue
        if not pack.verified:
            partial[name] = f"its folder is not the listed version {pack.spec.version}"
        before = index.sizes()
        calls = module.gold_calls(pack.root) if hasattr(module, "gold_calls") else ()
        index.add(name, module.user_texts(pack.root), calls)
        if hasattr(module, "final_states"):
            index.add_states(name, module.final_states(pack.root))
        checked[name] = {kind: size - before[kind] for kind, size in index.sizes().items()}
    return index, Coverage(checked, unchecked, partial)


def count_hits(hits: Iterable[Hit]) -> dict[str, dict[str, int]]:
    """Count hits per source and kind."""
    counts: dict[str, Counter[str]] = {}
    for hit in hits:
        counts.setdefault(hit.source, Counter())[hit.kind] += 1
    return {source: dict(sorted(kinds.items())) for source, kinds in sorted(counts.items())}
