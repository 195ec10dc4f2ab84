"""Initial states of random worlds: rows with distinct labels and references that exist."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from synth.random.domains import Attribute, Domain, Entity
from synth.random.words import ADJECTIVES, CITIES, FIRST, LAST, NOUNS

ROWS = {"person": (4, 8), "thing": (4, 8), "event": (5, 10)}
FIRST_DAY = date(2026, 1, 1)


def random_state(domain: Domain, rng: random.Random, size: int = 1) -> dict[str, list[list[Any]]]:
    """Draw rows for every table, referred-to tables first; foreign keys hold by construction.

    `size` multiplies the usual number of rows.
    """
    state: dict[str, list[list[Any]]] = {}
    for entity in domain.entities:
        count = rng.randint(*ROWS[entity.kind]) * size
        labels = distinct_labels(entity, count, rng)
        start = rng.randint(1, 400)
        keys = [f"{entity.prefix}{start + i}" if entity.prefix else start + i for i in range(count)]
        state[entity.noun] = [
            row(entity, key, label, state, rng) for key, label in zip(keys, labels, strict=True)
        ]
    return state


def row(
    entity: Entity, key: Any, label: str, state: dict[str, list[list[Any]]], rng: random.Random
) -> list[Any]:
    """Draw one row in column order."""
    references = [rng.choice(state[ref])[0] for ref in entity.refs]
    values = [label if a.name == entity.label else value(a, rng) for a in entity.attributes]
    statuses = [entity.start, entity.start, *(move.status for move in entity.moves)]
    return [key, *references, *values, *([rng.choice(statuses)] if entity.moves else [])]


def value(attribute: Attribute, rng: random.Random) -> Any:
    """Draw a value of an attribute's type."""
    if attribute.type == "enum":
        return rng.choice(attribute.options)
    if attribute.type == "integer":
        return rng.randint(attribute.low, attribute.high)
    if attribute.type == "number":
        return rng.randint(attribute.low, attribute.high) + rng.choice((0.0, 0.5))
    if attribute.type == "date":
        return (FIRST_DAY + timedelta(days=rng.randrange(365))).isoformat()
    return rng.choice(CITIES)


def distinct_labels(entity: Entity, count: int, rng: random.Random) -> list[str]:
    """Draw names that tell the rows apart: people have two names, things a pair of words."""
    if entity.kind == "event":
        return [""] * count
    firsts, lasts = (FIRST, LAST) if entity.kind == "person" else (ADJECTIVES, NOUNS)
    drawn = rng.sample(range(len(firsts) * len(lasts)), count)
    pairs = [(firsts[i % len(firsts)], lasts[i // len(firsts)]) for i in drawn]
    return [f"{first.capitalize()} {last.capitalize()}" for first, last in pairs]
