"""One decision: which tools the open request asks for, and with which arguments."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

from harness.models.lexical.catalog import Catalog, Entry, Match
from harness.models.lexical.conversation import Memory, Turn, question
from harness.models.lexical.filling import SURE, Filling, fill
from harness.models.lexical.options import Options
from harness.models.lexical.reading import Place, Reading
from harness.models.lexical.slots import MISSING, Slot
from harness.models.lexical.words import GENERIC

TRIES = 3  # tools that are tried where the best one cannot be filled
TOOL_NOISE, VALUE_NOISE = 0.04, 0.1  # spread of the two choices at temperature 1
SHOWN = 600  # characters of a result that the closing text repeats
Clause = tuple[int, int]
Wanted = tuple[Entry, list[Clause]]


class Decision:
    """Decides on the next step of a turn. `heat` is the temperature of the choices."""

    def __init__(
        self, turn: Turn, catalog: Catalog, rng: random.Random, heat: float, threshold: float
    ) -> None:
        self.turn = turn
        self.catalog = catalog
        self.rng = rng
        self.heat = max(0.0, heat)
        self.threshold = threshold
        self.reading = Reading(turn.request)
        self.memory = Memory(turn.results)
        self.called = {call.name for call in turn.calls}
        self.lacking: tuple[Entry, Slot] | None = None
        self.whole: dict[str, Filling] = {}

    def calls(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the calls to make now; a tool is used once per turn, a call never repeated."""
        seen = {key_of(call.name, call.arguments) for call in self.turn.calls}
        found: list[tuple[str, dict[str, Any]]] = []
        for entry, clauses in self.wanted():
            name = entry.spec.name
            for arguments in () if name in self.called else self.filled(entry, clauses).calls:
                if (key := key_of(name, arguments)) not in seen:
                    seen.add(key)
                    found.append((name, arguments))
        return found

    def wanted(self) -> list[Wanted]:
        """Choose the tools: the best for the whole request, then the best of each clause."""
        whole = self.ranked(self.reading.terms)
        if not whole or whole[0].fit < self.threshold:
            return []
        first = self.fillable(whole)
        chosen: dict[str, Wanted] = {} if first is None else {first.spec.name: (first, [])}
        clauses = self.reading.clauses()
        for clause in clauses if len(clauses) > 1 else ():
            best = next(iter(self.ranked(self.reading.terms_of(clause))), None)
            if best is not None and best.named and best.fit >= self.threshold:
                chosen.setdefault(best.entry.spec.name, (best.entry, []))[1].append(clause)
        if len(chosen) == 1:
            return [(entry, []) for entry, _ in chosen.values()]
        return list(chosen.values())

    def ranked(self, request: Sequence[str]) -> list[Match]:
        """Rank the tools for some words, best first."""
        matches = self.catalog.matches(request)
        if self.heat:
            noise = TOOL_NOISE * self.heat
            matches = [Match(m.entry, m.fit + noise * gumbel(self.rng), m.named) for m in matches]
        return sorted(matches, key=lambda match: -match.fit)

    def fillable(self, ranked: Sequence[Match]) -> Entry | None:
        """Return the best tool whose needed arguments can be filled; note what the best lacks."""
        for match in ranked[:TRIES]:
            if match.fit < self.threshold:
                break
            if match.entry.spec.name in self.called:
                return match.entry
            filling = self.filled(match.entry, [])
            if not filling.missing:
                return match.entry
            self.lacking = self.lacking or (match.entry, filling.missing[0])
        return None

    def filled(self, entry: Entry, clauses: Sequence[Clause]) -> Filling:
        """Fill a tool's arguments, preferring the clauses that asked for it."""
        if not clauses and (known := self.whole.get(entry.spec.name)):
            return known

        def inside(place: Place) -> bool:
            return not clauses or any(a <= place.first < b for a, b in clauses)

        noise = VALUE_NOISE * self.heat
        options = Options(self.reading, inside, entry.name, self.rng, noise).of(entry.slots)
        filling = fill(entry.slots, options, self.reading.places, self.look_up)
        if not clauses:
            self.whole[entry.spec.name] = filling
        return filling

    def look_up(self, slot: Slot) -> Any:
        """Find a value outside the request: in earlier results, then in earlier user texts."""
        value = self.memory.recall(slot)
        for text in self.turn.earlier if value is MISSING else ():
            options = Options(Reading(text), lambda place: True, GENERIC, self.rng).of((slot,))
            best = max(options, key=lambda option: option.score, default=None)
            if best is not None and best.evidence >= SURE:
                return best.value
        return value

    def text(self) -> str:
        """Close the turn: report the results, ask for what is missing, or decline."""
        if self.turn.answers:
            return "\n".join(f"{name}: {result[:SHOWN]}" for name, result in self.turn.answers)
        if self.lacking is not None:
            entry, slot = self.lacking
            return question(".".join(slot.path), entry.spec.name)
        if not self.turn.request.strip():
            return "There is no request that I could act on."
        return "None of the tools at hand fits this request."


def gumbel(rng: random.Random) -> float:
    """Draw centred Gumbel noise: the best of noisy scores is a sample of their softmax."""
    return -math.log(-math.log(rng.random() or 0.5)) - 0.5772


def key_of(name: str, arguments: Mapping[str, Any]) -> str:
    """Return a text that two calls share if they are the same call."""
    return name + json.dumps(dict(arguments), sort_keys=True, default=str)
