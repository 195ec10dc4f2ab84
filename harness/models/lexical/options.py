"""Options: every value of a request that a slot could take, with the reasons for it as a score."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.models.lexical.mentions import Mention, read_date
from harness.models.lexical.reading import Place, Reading
from harness.models.lexical.slots import MISSING, Slot
from harness.models.lexical.words import GENERIC, PART, stem

TEXT = {"quote": 0.6, "formula": 0.55, "name": 0.45, "code": 0.45, "path": 0.45, "url": 0.45}
TEXT |= {"email": 0.45, "date": 0.4, "time": 0.35, "phrase": 0.15, "number": 0.05}
SUITS: Mapping[str, Mapping[str, float]] = {
    "string": TEXT,
    "any": TEXT | {"number": 0.45, "literal": 0.5},
    "integer": {"number": 0.6},
    "number": {"number": 0.6},
    "array": {"literal": 0.9},
    "object": {"literal": 0.9},
    "boolean": {},
}


def stems(text: str) -> frozenset[str]:
    return frozenset(map(stem, text.split()))


ROLES = {
    "from": stems("from origin source start departure begin sender old first initial pickup base"),
    "to": stems("to destination end target arrival finish receiver recipient new final dropoff"),
    "between": stems("start from first begin lower min minimum"),
    "in": stems("location city country place region state area language year currency folder"),
    "at": stems("location place time venue point price address speed restaurant"),
    "near": stems("location city place area address"),
    "by": stems("author artist creator director user percentage factor owner"),
    "on": stems("date day"),
    "with": stems("name contact participant guest"),
    "for": stems("duration name person company"),
    "named": stems("name"),
    "called": stems("name"),
    "titled": stems("title name"),
}
TRAITS = {
    "date": stems("date day when birthday deadline"),
    "time": stems("time hour when"),
    "email": stems("email recipient mail sender"),
    "url": stems("url link website page uri endpoint"),
    "path": stems("path file folder directory filename source destination host hostname"),
    "code": stems("id code key number symbol variable identifier tag username"),
    "name": stems("name city location country place person company team state artist author"),
    "quote": stems("message content text title query name comment body description"),
    "formula": stems("function equation expression formula polynomial"),
    "%": stems("rate percent percentage interest return ratio probability confidence yield"),
    "$": stems("amount price cost budget salary income investment payment deposit loan money fee"),
}
NEGATIONS = frozenset("no not without don't exclude disable except false off never dont".split())


@dataclass(frozen=True, slots=True)
class Option:
    """A possible value of a slot. `evidence` is the score without the value's mere form.

    `uses` are the mentions it takes up; `others` are values named in one list with it.
    """

    score: float
    evidence: float
    slot: int
    value: Any
    uses: frozenset[int] = frozenset()
    others: tuple[Any, ...] = ()


class Options:
    """Finds the options of a tool's slots in one reading.

    Mentions outside the tool's part of the text count less; Gumbel `noise` makes the best option
    a sample of the softmax over them.
    """

    def __init__(
        self,
        reading: Reading,
        inside: Callable[[Place], bool],
        rng: random.Random,
        noise: float = 0.0,
    ) -> None:
        self.reading = reading
        self.inside = [inside(place) for place in reading.places]
        self.rng = rng
        self.noise = noise

    def of(self, slots: Sequence[Slot]) -> Iterator[Option]:
        """Yield every value that some slot could take."""
        ranks: dict[str, int] = {}
        for index, slot in enumerate(slots):
            near = self.near(slot)
            if slot.kind == "boolean":
                yield from self.switch(index, slot)
                continue
            yield from self.choice(index, slot, near)
            if not slot.choices:
                rank = ranks[slot.kind] = ranks.get(slot.kind, -1) + 1
                yield from self.values(index, slot, near, rank)

    def near(self, slot: Slot) -> list[tuple[int, float]]:
        """List where the slot's cue words stand, with their weights."""
        where, cues = self.reading.where, slot.cues
        return [(at, cues[term]) for term in where.keys() & cues.keys() for at in where[term]]

    def spice(self) -> float:
        if not self.noise:
            return 0.0
        return -self.noise * math.log(-math.log(self.rng.random() or 0.5))

    def values(
        self, index: int, slot: Slot, near: list[tuple[int, float]], rank: int
    ) -> Iterator[Option]:
        """Yield the mentions whose form suits the slot's kind."""
        seen = 0
        for number, place in enumerate(self.reading.places):
            if self.echoes(slot, place):
                continue
            value, suit, uses = self.suit(slot, number)
            if value is MISSING:
                continue
            evidence = self.closeness(near, place) + self.hinted(slot, place)
            evidence -= 0.0 if self.inside[number] else 0.4
            score = suit + evidence - 0.06 * abs(seen - rank) + self.spice()
            yield Option(score, evidence, index, value, uses)
            seen += 1

    def echoes(self, slot: Slot, place: Place) -> bool:
        """Say whether a mention only repeats the name of the slot."""
        if place.mention.kind not in ("name", "phrase"):
            return False
        words = self.reading.tokens[place.first : place.last + 1]
        return all(not w.term or w.term in slot.names or w.term in GENERIC for w in words)

    def suit(self, slot: Slot, number: int) -> tuple[Any, float, frozenset[int]]:
        """Return a mention as a value of the slot, how well it suits, and what it takes up."""
        places, mention = self.reading.places, self.reading.places[number].mention
        alone = frozenset((number,))
        if slot.kind != "array" or mention.kind == "literal":
            suit = SUITS[slot.kind].get(mention.kind)
            if suit is None:
                return MISSING, 0.0, alone
            return render(slot, slot.kind, mention), suit, alone
        group = places[number].group
        members = [i for i, place in enumerate(places) if place.group == group]
        values = [render(slot, slot.item, places[i].mention) for i in members]
        if MISSING in values or mention.kind not in SUITS[slot.item]:
            return MISSING, 0.0, alone
        suit = SUITS[slot.item][mention.kind] + 0.15 * (len(members) > 1)
        return values, suit, frozenset(members)

    def hinted(self, slot: Slot, place: Place) -> float:
        """Weigh the mention's preposition, its unit and its form against the slot's name."""
        mention, score = place.mention, 0.0
        before = self.reading.lower[max(0, place.first - 2) : place.first]
        for word in reversed(before):
            if word not in ("the", "a", "an", "my"):
                roles = ROLES.get(word, frozenset())
                score += 0.5 * bool(roles & slot.names) + 0.15 * (not roles.isdisjoint(slot.cues))
                break
        if mention.unit and stem(mention.unit) in slot.cues:
            score += 0.5
        traits = TRAITS.get(mention.unit) or TRAITS.get(mention.kind)
        if traits and traits & slot.names:
            score += 0.35
        return score

    def closeness(self, near: list[tuple[int, float]], place: Place) -> float:
        """Weigh the cue words around a mention: near, before, and in the same clause counts."""
        breaks = self.reading.breaks
        best = second = 0.0
        for at, cue in near:
            if at < place.first:
                cut = breaks[place.first] - breaks[at]
                gain = cue / (1 + 0.3 * (place.first - at - 1) + 0.5 * cut)
            elif at > place.last:
                cut = breaks[at] - breaks[place.last]
                gain = 0.8 * cue / (1 + 0.5 * (at - place.last - 1) + 1.0 * cut)
            else:
                gain = 0.5 * cue
            if gain > best:
                best, second = gain, best
            elif gain > second:
                second = gain
        return best + 0.3 * second

    def choice(self, index: int, slot: Slot, near: list[tuple[int, float]]) -> Iterator[Option]:
        """Yield the choices, or quoted words of the description, that the text holds."""
        found = sorted(self.spoken(slot), key=lambda pair: pair[0][0])
        suit = 0.9 if slot.choices else 0.6
        if slot.kind == "array":
            if found:
                yield Option(suit, suit, index, [value for _, value in found])
            return
        for (first, last), value in found:
            spot = Place(Mention("choice", value, 0, 0), first, last, -1)
            score = suit + 0.05 * (last - first) + 0.5 * self.closeness(near, spot)
            others = self.listed((first, last), found)
            yield Option(score + self.spice(), suit, index, value, others=others)

    def spoken(self, slot: Slot) -> Iterator[tuple[tuple[int, int], Any]]:
        """Yield each choice that the text holds with its first and last word."""
        for choice in slot.choices:
            if (at := self.find(str(choice)[:80], exact=False)) and not isinstance(choice, bool):
                yield at, number_or(choice, slot.kind)
        if not slot.choices and slot.kind in ("string", "any", "array"):
            for hint in slot.hints:
                if at := self.find(hint, exact=True):
                    yield at, hint

    def find(self, words: str, exact: bool) -> tuple[int, int] | None:
        """Say where the text holds some words: as they are or, for a choice, their stems."""
        parts = PART.findall(words)
        spots: list[int] = []
        for part in parts:
            lower = part.lower()
            at = [] if exact else self.reading.where.get(stem(part), [])
            if not at and lower in self.reading.words and (exact or len(part) > 1):
                at = [self.reading.lower.index(lower)]
            if not at:
                return None
            spots.append(at[0])
        return (min(spots), max(spots)) if spots and spread_of(spots) < 4 * len(spots) else None

    def listed(
        self, at: tuple[int, int], found: Sequence[tuple[tuple[int, int], Any]]
    ) -> tuple[Any, ...]:
        """Return the other choices that the text names in one list with the one at `at`."""
        tokens, run, others = self.reading.tokens, at, []
        for spot, value in found:
            after = spot[0] > run[1]
            if after and self.reading.is_gap(tokens[run[1]].end, tokens[spot[0]].start):
                others.append(value)
                run = spot
        return tuple(others)

    def switch(self, index: int, slot: Slot) -> Iterator[Option]:
        """Yield true or false for a boolean whose name the text speaks of."""
        where = self.reading.where
        spoken = sorted(term for term in slot.names if term in where)
        if spoken:
            at = where[spoken[0]][0]
            nearby = self.reading.lower[max(0, at - 4) : at + 4]
            share = len(spoken) / len(slot.names)
            yield Option(share, share * 0.8, index, not NEGATIONS & set(nearby))


def spread_of(spots: Collection[int]) -> int:
    return max(spots) - min(spots)


def number_or(choice: Any, kind: str) -> Any:
    """Write a choice in the declared kind where that loses nothing."""
    return str(choice) if kind == "string" and isinstance(choice, int | float) else choice


def render(slot: Slot, kind: str, mention: Mention) -> Any:
    """Write a mention as a value of `kind`; MISSING where it is none."""
    value = mention.value
    if kind in ("integer", "number"):
        if mention.kind != "number":
            return MISSING
        if kind == "integer":
            return int(value) if value == int(value) else MISSING
        percent = mention.unit == "%" and stem("percentage") not in slot.cues
        return float(value) / 100 if percent else float(value)
    if kind in ("array", "object"):
        fits = isinstance(value, list if kind == "array" else dict)
        return value if fits else MISSING
    if kind == "any" and mention.kind in ("number", "literal"):
        return value
    return MISSING if kind == "boolean" else write(slot, mention)


def write(slot: Slot, mention: Mention) -> str:
    """Write a mention as text: dates in the asked format, phrases without the slot's own words."""
    if mention.kind == "date" and slot.date_format:
        day = read_date(mention.text)
        return day.strftime(slot.date_format) if day else mention.text
    if mention.kind == "phrase":
        words = mention.text.split()
        kept = [word for word in words if stem(word) not in slot.names]
        return " ".join(kept or words)
    return mention.text
