"""Noun phrases for rows: told in full once, then "it", "that booking", "my loan"."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from synth.scene import Mention, RowId, Scene
from synth.wording.lexicon import (
    a_noun,
    attribute_of,
    noun_of,
    nouns_of,
    possessive,
    say,
)

NAMES = ("first_name", "last_name")
STYLES = ("polite", "direct", "casual", "brief")


@dataclass
class Voice:
    """How one user speaks. `me` is the row that is the user, where the user speaks of itself.

    `person` is the key of the user's persona ("" has none).
    """

    rng: random.Random
    style: str = "direct"
    dates: str = "day"
    me: RowId | None = None
    person: str = ""

    def pick(self, *options: str) -> str:
        return self.rng.choice(options)


@dataclass
class Namer:
    """Names rows as a conversation goes on: what was said before can be pointed at.

    `withheld` rows are spoken of without what tells them apart.
    """

    scene: Scene
    voice: Voice
    withheld: Collection[RowId] = ()
    said: list[RowId] = field(default_factory=list)
    focus: RowId | None = None

    def name(self, row: RowId) -> str:
        """Name a row as the object of a sentence and remember that it was named."""
        if row == self.voice.me:
            return "me"
        text = self.pointer(row) if row in self.said else self.full(row)
        self.note(row)
        return text

    def within(self, row: RowId) -> str:
        """Name a row inside the description of another, where "it" would be lost."""
        if row in self.said and row != self.voice.me and self.kind(row) != "person":
            return f"that {noun_of(row[0])}"
        return self.name(row)

    def of(self, row: RowId) -> str:
        """Name a row as an owner: "my", "Rosa Bauer's", "its"; "" where "of …" reads better."""
        if row == self.voice.me:
            return "my"
        known = row in self.said
        if self.kind(row) != "person":
            return "its" if known and row == self.focus else ""
        label = self.label(self.scene.mentions[row])
        if not label or row in self.withheld:
            return ""
        persons = {other for other in self.said if self.kind(other) == "person"}
        if persons == {row} and self.voice.rng.random() < 0.7:
            return "their"
        self.note(row)
        return possessive(label)

    def note(self, row: RowId) -> None:
        """Remember that a row was named."""
        if row not in self.said:
            self.said.append(row)
        self.focus = row

    def kind(self, row: RowId) -> str:
        return self.scene.survey.kinds.get(row[0], "thing")

    def label(self, mention: Mention) -> str:
        """Return the name that was told of a row, if any."""
        label = self.scene.survey.labels.get(mention.table)
        told = {column.rpartition(".")[2]: str(value) for column, value in mention.told}
        if set(NAMES) <= told.keys():
            return " ".join(told[name] for name in NAMES)
        return told.get(label or "", "")

    def pointer(self, row: RowId) -> str:
        """Point at a row that was named before."""
        mention = self.scene.mentions[row]
        noun = noun_of(row[0])
        label = self.label(mention)
        if row in self.withheld:
            return f"that {noun}" if self.kind(row) == "person" else "it"
        if self.kind(row) == "person":
            return label or f"that {noun}"
        if row == self.focus and self.voice.rng.random() < 0.6:
            return "it"
        alone = sum(other[0] == row[0] for other in self.said) == 1
        return self.voice.pick(f"that {noun}", f"that same {noun}") if alone else self.full(row)

    def full(self, row: RowId) -> str:
        """Tell a row from all others."""
        mention = self.scene.mentions[row]
        if row in self.withheld:
            return self.vague(mention)
        if mention.how == "made":
            return f"the new {noun_of(row[0])}"
        if mention.how == "given":
            return f"{noun_of(row[0])} {row[1]}"
        if mention.how == "parent":
            return self.parent(mention)
        return self.labelled(mention) or self.described(mention)

    def labelled(self, mention: Mention) -> str:
        label, noun = self.label(mention), noun_of(mention.table)
        if not label:
            return ""
        if len(mention.told) > 1:
            return " ".join([f"the {noun} {label}", *self.traits(mention)[1]])
        if self.kind(mention.id) == "person":
            return self.voice.pick(label, f"the {noun} {label}", f"{noun} {label}")
        return self.voice.pick(
            f"the {noun} {label}", f"the {noun} called {label}", f"the {label} {noun}"
        )

    def described(self, mention: Mention, noun: str = "") -> str:
        """Describe a row: whose it is, what it is like."""
        noun = noun or noun_of(mention.table)
        front, back = self.traits(mention)
        persons = [row for row in mention.owners if self.kind(row) == "person"]
        others = [row for row in mention.owners if row not in persons]
        owner = next((o for o in map(self.of, persons[:1]) if o), "")
        if persons and not owner:
            back.append(f"of {self.name(persons[0])}")
        back += [f"for {self.within(row)}" for row in others]
        return " ".join(part for part in [owner or "the", *front, noun, *back] if part)

    def traits(self, mention: Mention) -> tuple[list[str], list[str]]:
        """Return what is told of a row, before and after the noun."""
        front, back = [], []
        for column, value in mention.told:
            phrase, said = attribute_of(column), say(value, self.voice.dates)
            if column.rpartition(".")[2] in NAMES and self.label(mention):
                continue
            if phrase.before:
                front.append(phrase.before.format(v=said))
            else:
                back.append(phrase.told_after(value, said))
        return front, back

    def parent(self, mention: Mention) -> str:
        """Name a row by one that belongs to it: "the boat of my rental on 2 May"."""
        assert mention.child is not None
        known = mention.child in self.said
        child = f"that {noun_of(mention.child[0])}" if known else self.name(mention.child)
        return f"the {noun_of(mention.table)} of {child}"

    def vague(self, mention: Mention) -> str:
        """Speak of a row without telling which."""
        nouns = nouns_of(mention.table)
        persons = [row for row in mention.owners if self.kind(row) == "person"]
        for row in persons[:1]:
            if row not in self.withheld and (owner := self.of(row)):
                return f"one of {owner} {nouns}"
        others = [row for row in mention.owners if row not in persons and row not in self.withheld]
        if others:
            return f"{a_noun(noun_of(mention.table))} for {self.within(others[0])}"
        if self.kind(mention.id) == "person":
            return f"one of our {nouns}"
        return self.voice.pick(a_noun(noun_of(mention.table)), f"one of the {nouns}")

    def the_one(self, mention: Mention) -> str:
        """Answer "which one?": by name, or "the one due on 2 May"."""
        if mention.how == "given":
            return f"{noun_of(mention.table)} {mention.key}"
        if label := self.label(mention):
            return label
        front, back = self.traits(mention)
        rest: Sequence[str] = [*front, "one", *back]
        others = [row for row in mention.owners if self.kind(row) != "person"]
        rest = [*rest, *(f"for {self.name(row)}" for row in others if not mention.told)]
        return " ".join(["the", *rest])
