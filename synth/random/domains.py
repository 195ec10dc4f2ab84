"""A random domain: who and what there is, what it has, what may be done with it and when."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from synth.random.words import (
    DATES,
    ENUMS,
    EVENT_ENUMS,
    EVENT_NUMBERS,
    EVENTS,
    LIVES,
    NUMBERS,
    PEOPLE,
    PERSON_ENUMS,
    PERSON_MONEY,
    THING_ENUMS,
    THING_MONEY,
    THING_NUMBERS,
    THINGS,
)

Kind = Literal["person", "thing", "event"]
Type = Literal["text", "enum", "integer", "number", "date"]


@dataclass(frozen=True)
class Attribute:
    """A column: what people call it, its JSON type, and its values where they are closed."""

    name: str
    type: Type
    options: tuple[str, ...] = ()
    low: int = 0
    high: int = 0


@dataclass(frozen=True)
class Move:
    """A change of an event's status: the verb, where it leads, from where it may be done."""

    verb: str
    status: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Ban:
    """A rule: no event may be opened for a `noun` whose `attribute` is `option`."""

    noun: str
    attribute: str
    option: str


@dataclass(frozen=True)
class Entity:
    """A table. `label` is the column people name rows by; `refs` are entities it belongs to."""

    noun: str
    kind: Kind
    attributes: tuple[Attribute, ...]
    label: str
    prefix: str
    refs: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()
    start: str = ""
    ban: Ban | None = None


@dataclass(frozen=True)
class Domain:
    """Entities that refer to one another, events last."""

    name: str
    entities: tuple[Entity, ...]

    def entity(self, noun: str) -> Entity:
        return next(entity for entity in self.entities if entity.noun == noun)


def random_domain(rng: random.Random, breadth: int = 2) -> Domain:
    """Draw a domain: one kind of person, up to `breadth` kinds of things and of events."""
    people = [person(noun, rng) for noun in rng.sample(PEOPLE, 1)]
    things = [thing(noun, rng) for noun in rng.sample(THINGS, rng.randint(1, breadth))]
    owners = [*people, *things]
    events = [event(noun, owners, rng) for noun in rng.sample(EVENTS, rng.randint(1, breadth))]
    entities = (*people, *things, *events)
    return Domain("_".join(entity.noun for entity in entities), entities)


def person(noun: str, rng: random.Random) -> Entity:
    attributes = (Attribute("name", "text"), Attribute("city", "text"), *pick(PERSON_ENUMS, rng, 1))
    if rng.random() < 0.5:
        attributes += (money(PERSON_MONEY, rng),)
    return Entity(noun, "person", attributes, "name", code(noun, rng))


def thing(noun: str, rng: random.Random) -> Entity:
    label = rng.choice(("name", "title", "label"))
    attributes = (Attribute(label, "text"), *pick(THING_ENUMS, rng, rng.randint(1, 2)))
    attributes += (money(THING_MONEY, rng), number(THING_NUMBERS, rng))
    return Entity(noun, "thing", attributes, label, code(noun, rng))


def event(noun: str, owners: Sequence[Entity], rng: random.Random) -> Entity:
    """Draw an event with a life; it always belongs to a person, mostly to a thing as well."""
    life = rng.choice(LIVES)
    date = Attribute(rng.choice(DATES), "date")
    attributes = (date, *pick(EVENT_ENUMS, rng, 1))
    if rng.random() < 0.5:
        attributes += (number(EVENT_NUMBERS, rng),)
    things = [owner for owner in owners if owner.kind == "thing"]
    held = [owners[0], rng.choice(things)]
    return Entity(
        noun,
        "event",
        attributes,
        "",
        code(noun, rng),
        tuple(owner.noun for owner in held),
        tuple(Move(verb, status, sources) for status, verb, sources in life if verb),
        life[0][0],
        ban(rng.choice(held), rng) if rng.random() < 0.4 else None,
    )


def ban(owner: Entity, rng: random.Random) -> Ban:
    """Draw a value of one of the owner's closed attributes that keeps it out of events."""
    attribute = rng.choice([a for a in owner.attributes if a.options])
    return Ban(owner.noun, attribute.name, rng.choice(attribute.options))


def pick(names: Sequence[str], rng: random.Random, count: int) -> tuple[Attribute, ...]:
    return tuple(Attribute(name, "enum", ENUMS[name]) for name in rng.sample(names, count))


def number(names: Sequence[str], rng: random.Random) -> Attribute:
    name = rng.choice(names)
    return Attribute(name, "integer", (), *NUMBERS[name])


def money(names: Sequence[str], rng: random.Random) -> Attribute:
    return Attribute(rng.choice(names), "number", (), 5, 900)


def code(noun: str, rng: random.Random) -> str:
    """Draw how keys look: a prefix before a number, or nothing for plain numbers."""
    style = rng.randrange(4)
    if style == 0:
        return ""
    return {1: noun[:2].upper() + "-", 2: noun[0].upper(), 3: noun[:3] + "_"}[style]
