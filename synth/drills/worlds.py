"""A random world whose nouns, fields and values are drawn from one side of the vocabulary."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from functools import lru_cache

from synth.drills.words import ATTRIBUTES, LABELS, NOUNS, NUMBERS, OPTIONS, choose
from synth.package import EnvPackage
from synth.random.domains import Attribute, Domain, Entity, code, random_domain
from synth.random.naming import Naming, random_naming
from synth.random.states import random_state
from synth.random.tools import GENERATOR, Writer
from synth.random.worlds import schema_sql

STATE = "s00000"


@dataclass(frozen=True)
class DrillWorld:
    """A package with what it was made from: tasks are drawn from the domain."""

    package: EnvPackage
    domain: Domain
    naming: Naming


@dataclass(frozen=True)
class Place:
    """A world and one of its states; an `unseen` world shares no noun, field or closed value with
    the others."""

    seed: int
    state: int = 0
    unseen: bool = False


@lru_cache(maxsize=256)
def drill_world(place: Place) -> DrillWorld:
    """Make the world of a place, in its state."""
    world = stateless_world(place.seed, place.unseen)
    rng = random.Random(f"state {place.seed} {place.unseen} {place.state}")
    states = {STATE: random_state(world.domain, rng)}
    return replace(world, package=replace(world.package, states=states))


@lru_cache(maxsize=64)
def stateless_world(seed: int, unseen: bool) -> DrillWorld:
    rng = random.Random(f"drill {seed} {unseen}")
    domain = dress(random_domain(rng), rng, unseen)
    naming = random_naming(rng)
    writer = Writer(domain, naming, rng)
    tools = writer.tools()
    package = EnvPackage(
        env_id=f"drill_{'u' if unseen else 's'}{seed:08d}",
        records=tuple(record for record, _ in tools),
        schema_sql=schema_sql(domain),
        programs={record.spec.name: program for record, program in tools},
        states={},
        policy=writer.policy(),
        about={"generator": {**GENERATOR, "seed": seed, "unseen": unseen}, "domain": domain.name},
    )
    return DrillWorld(package, domain, naming)


def dress(domain: Domain, rng: random.Random, unseen: bool) -> Domain:
    """Rename everything that a world could be recognised by; rules and types stay."""
    nouns = dict(
        zip(
            [entity.noun for entity in domain.entities],
            rng.sample(choose(NOUNS, unseen), len(domain.entities)),
            strict=True,
        )
    )
    entities = tuple(dress_entity(entity, nouns, rng, unseen) for entity in domain.entities)
    return Domain("_".join(entity.noun for entity in entities), entities)


def dress_entity(entity: Entity, nouns: dict[str, str], rng: random.Random, unseen: bool) -> Entity:
    """Rename an entity, its attributes and their values; no field is called like an entity.

    Bans are left out: drills are feasible."""
    labels = [word for word in choose(LABELS, unseen) if word not in nouns.values()]
    label = rng.choice(labels) if entity.label else ""
    pools = {"enum": ATTRIBUTES, "integer": NUMBERS, "number": NUMBERS}
    fresh = {kind: rng.sample(choose(words, unseen), 4) for kind, words in pools.items()}
    used = {label, *nouns.values()}
    attributes = []
    for attribute in brief(entity, rng):
        if attribute.name == entity.label:
            attributes.append(replace(attribute, name=label))
        elif attribute.type in pools:
            words = (*fresh[attribute.type], *choose(pools[attribute.type], unseen))
            name = next(word for word in words if word not in used)
            used.add(name)
            attributes.append(dress_attribute(attribute, name, rng, unseen))
        else:
            attributes.append(attribute)
    noun = nouns[entity.noun]
    return replace(
        entity,
        noun=noun,
        attributes=tuple(attributes),
        label=label,
        prefix=code(noun, rng),
        refs=tuple(nouns[ref] for ref in entity.refs),
        ban=None,
    )


def brief(entity: Entity, rng: random.Random) -> list[Attribute]:
    """Keep an entity's label and at most two other attributes: drills are short to read."""
    others = [a.name for a in entity.attributes if a.name != entity.label]
    kept = rng.sample(others, min(len(others), rng.randint(1, 2)))
    return [a for a in entity.attributes if a.name in (entity.label, *kept)]


def dress_attribute(attribute: Attribute, name: str, rng: random.Random, unseen: bool) -> Attribute:
    count = len(attribute.options)
    return replace(attribute, name=name, options=tuple(rng.sample(choose(OPTIONS, unseen), count)))
