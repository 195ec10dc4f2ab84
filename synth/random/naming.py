"""How a world's developers name things: order of words, case, verbs, names of keys."""

from __future__ import annotations

import random
from dataclasses import dataclass

from synth.random.words import VERBS


@dataclass(frozen=True)
class Naming:
    """One style for a whole world, so that its tools look as if one team had written them."""

    verb_first: bool
    camel: bool
    verbs: dict[str, str]
    key: str
    plural_find: bool

    def tool(self, verb: str, *nouns: str) -> str:
        """Name a tool: `cancel_booking`, `booking_cancel`, `cancelBooking`, …"""
        words = self.verbs.get(verb, verb).split("_")
        nouns_ = [part for noun in nouns for part in noun.split("_")]
        return self.join([*words, *nouns_] if self.verb_first else [*nouns_, *words])

    def parameter(self, *words: str) -> str:
        return self.join([part for word in words for part in word.split("_")])

    def key_of(self, noun: str) -> str:
        """Name the parameter or field that holds a row's key."""
        return self.parameter(*([self.key] if self.key == "id" else [noun, self.key.strip("_")]))

    def reference(self, noun: str) -> str:
        """Name a field that holds another entity's key."""
        return self.parameter(noun, "id" if self.key == "id" else self.key.strip("_"))

    def join(self, words: list[str]) -> str:
        if not self.camel:
            return "_".join(words)
        return words[0] + "".join(word.capitalize() for word in words[1:])


def random_naming(rng: random.Random) -> Naming:
    return Naming(
        verb_first=rng.random() < 0.75,
        camel=rng.random() < 0.3,
        verbs={verb: rng.choice(options) for verb, options in VERBS.items()},
        key=rng.choice(("id", "_id", "_id", "_number", "_code", "_ref")),
        plural_find=rng.random() < 0.6,
    )


def plural(noun: str) -> str:
    """Write the plural of a noun of ours."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def article(noun: str) -> str:
    """Return a or an for a noun of ours."""
    return "an" if noun[0] in "aeio" else "a"
