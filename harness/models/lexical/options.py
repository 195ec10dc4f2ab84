"""Options: every value of a request that a slot could take, with the reasons for it as a score."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.models.lexical.choices import listed, spoken
from harness.models.lexical.marks import Mention
from harness.models.lexical.reading import Place, Reading
from harness.models.lexical.signs import ARTICLES, IDS, NEGATIONS, NO_ID, ROLES, SUITS, TRAITS
from harness.models.lexical.slots import MISSING, Slot
from harness.models.lexical.values import render
from harness.models.lexical.words import GENERIC, stem

OUTSIDE = 0.7  # what a mention loses where it stands in the part of another tool
MOST_SLOTS = 48  # slots of one tool that are filled
Near = list[tuple[int, float]]


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

    Mentions that are not `inside` the tool's part of the text count less, `spent` words only
    name the tool. Gumbel `noise` makes the best option a sample of the softmax over all.
    """

    def __init__(
        self,
        reading: Reading,
        inside: Callable[[Place], bool],
        spent: frozenset[str],
        rng: random.Random,
        noise: float = 0.0,
    ) -> None:
        self.reading = reading
        self.inside = [inside(place) for place in reading.places]
        self.spent = spent | GENERIC
        self.rng = rng
        self.noise = noise

    def of(self, slots: Sequence[Slot]) -> Iterator[Option]:
        """Yield every value that some slot could take."""
        ranks: dict[str, int] = {}
        for index in self.spoken_of(slots):
            slot, near = slots[index], self.near(slots[index])
            if slot.kind == "boolean":
                yield from self.switch(index, slot)
                continue
            yield from self.choice(index, slot, near)
            if not slot.choices:
                rank = ranks[slot.kind] = ranks.get(slot.kind, -1) + 1
                yield from self.values(index, slot, near, rank)

    def spoken_of(self, slots: Sequence[Slot]) -> list[int]:
        """Return the slots worth filling, in order: of too many, the needed and most spoken of."""
        weights = [(slot.needed, sum(cue for _, cue in self.near(slot))) for slot in slots]
        worth = [i for i, s in enumerate(slots) if any(weights[i]) or s.choices or s.hints]
        return sorted(sorted(worth, key=lambda i: weights[i], reverse=True)[:MOST_SLOTS])

    def near(self, slot: Slot) -> Near:
        """List where the slot's cue words stand, with their weights."""
        where, cues = self.reading.where, slot.cues
        return [(at, cues[term]) for term in cues if term in where for at in where[term]]

    def spice(self) -> float:
        """Draw Gumbel noise."""
        return -self.noise * math.log(-math.log(self.rng.random() or 0.5)) if self.noise else 0.0

    def values(self, index: int, slot: Slot, near: Near, rank: int) -> Iterator[Option]:
        """Yield the mentions whose form suits the slot's kind."""
        seen = 0
        for number, place in enumerate(self.reading.places):
            value, suit, uses = self.suit(slot, number)
            if value is MISSING or self.is_no_value(slot, place):
                continue
            evidence = self.closeness(near, place) + hinted(slot, place, self.reading)
            evidence -= 0.0 if self.inside[number] else OUTSIDE
            score = suit + evidence - 0.06 * abs(seen - rank) + self.spice()
            yield Option(score, evidence, index, value, uses)
            seen += 1

    def is_no_value(self, slot: Slot, place: Place) -> bool:
        """Say whether a mention cannot be meant as the slot's value.

        It only repeats the name of the slot or of the tool, or it is plain words or an address
        where an identifier is asked for.
        """
        kind = place.mention.kind
        if kind in NO_ID and IDS & slot.names and not TRAITS.get(kind, IDS) & slot.names - IDS:
            return True
        if kind not in ("name", "phrase"):
            return False
        words = self.reading.tokens[place.first : place.last + 1]
        spent = self.spent if kind == "phrase" else GENERIC
        return all(not w.term or w.term in slot.names or w.term in spent for w in words)

    def suit(self, slot: Slot, number: int) -> tuple[Any, float, frozenset[int]]:
        """Return a mention as a value of the slot, how well it suits, and what it takes up."""
        places, mention = self.reading.places, self.reading.places[number].mention
        alone = frozenset((number,))
        if slot.kind != "array" or mention.kind == "literal":
            suit = SUITS[slot.kind].get(mention.kind)
            if suit is None:
                return MISSING, 0.0, alone
            counts = mention.kind == "number" and self.reading.digits and not mention.digits
            suit -= 0.5 * counts  # "two circles of radius 5": the word counts, the digits measure
            return self.widened(slot, number), suit, alone
        if mention.kind not in SUITS[slot.item]:
            return MISSING, 0.0, alone
        group = places[number].group
        members = [i for i, place in enumerate(places) if place.group == group]
        values = [render(slot, slot.item, places[i].mention) for i in members]
        if any(value is MISSING for value in values):
            return MISSING, 0.0, alone
        suit = SUITS[slot.item][mention.kind] + 0.15 * (len(members) > 1)
        return values, suit, frozenset(members)

    def widened(self, slot: Slot, number: int) -> Any:
        """Write a mention as a value; with its neighbour where an example shows "City, State"."""
        here = self.reading.places[number]
        after = self.reading.places[number + 1 : number + 2]
        if here.mention.kind == "name" and after and any(", " in hint for hint in slot.hints):
            both = self.reading.text[here.mention.start : after[0].mention.end]
            if both == f"{here.mention.text}, {after[0].mention.text}":
                return both
        return render(slot, slot.kind, here.mention)

    def closeness(self, near: Near, place: Place) -> float:
        """Weigh the cue words around a mention: near, before, and in the same clause counts."""
        breaks, first, last = self.reading.breaks, place.first, place.last
        best = second = 0.0
        for at, cue in near:
            if at < first:
                gain = cue / (0.7 + 0.3 * (first - at) + 0.5 * (breaks[first] - breaks[at]))
            elif at > last:
                gain = 0.8 * cue / (0.5 + 0.5 * (at - last) + breaks[at] - breaks[last])
            else:
                gain = 0.5 * cue
            if gain > best:
                best, second = gain, best
            elif gain > second:
                second = gain
        return best + 0.3 * second

    def choice(self, index: int, slot: Slot, near: Near) -> Iterator[Option]:
        """Yield the choices, or quoted words of the description, that the text holds."""
        found = spoken(slot, self.reading)
        suit = 0.9 if slot.choices else 0.6
        if slot.kind == "array":
            if found:
                yield Option(suit, suit, index, [value for _, value in found])
            return
        for (first, last), value in found:
            spot = Place(Mention("choice", value, 0, 0), first, last, -1)
            score = suit + 0.05 * (last - first) + 0.5 * self.closeness(near, spot) + self.spice()
            others = listed((first, last), found, self.reading)
            yield Option(score, suit, index, value, self.within(spot), others)

    def within(self, spot: Place) -> frozenset[int]:
        """Return the mentions that lie wholly inside some words."""
        places = enumerate(self.reading.places)
        return frozenset(i for i, p in places if spot.first <= p.first and p.last <= spot.last)

    def switch(self, index: int, slot: Slot) -> Iterator[Option]:
        """Yield true or false for a boolean whose name the text speaks of."""
        where = self.reading.where
        heard = sorted(term for term in slot.names if term in where)
        if heard:
            at = where[heard[0]][0]
            nearby = self.reading.lower[max(0, at - 4) : at + 4]
            share = len(heard) / len(slot.names)
            yield Option(share, share * 0.8, index, not NEGATIONS & set(nearby))


def hinted(slot: Slot, place: Place, reading: Reading) -> float:
    """Weigh the mention's preposition, its unit and its form against the slot's name."""
    mention, score = place.mention, 0.0
    for word in reversed(reading.lower[max(0, place.first - 2) : place.first]):
        if word not in ARTICLES:
            roles = ROLES.get(word)
            if roles:
                score += 0.5 * bool(roles & slot.names)
                score += 0.15 * (not roles.isdisjoint(slot.cues))
            break
    if mention.unit and stem(mention.unit) in slot.cues:
        score += 0.5
    traits = TRAITS.get(mention.unit) or TRAITS.get(mention.kind)
    if traits and traits & slot.names:
        score += 0.35
    return score
