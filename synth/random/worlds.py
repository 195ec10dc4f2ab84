"""A random domain becomes an environment package: tables, tools with programs, initial states."""

from __future__ import annotations

import random

from synth.package import EnvPackage
from synth.random.domains import Domain, Entity, random_domain
from synth.random.naming import random_naming
from synth.random.states import random_state
from synth.random.tools import GENERATOR, Writer
from synth.rows import quote

SQL_TYPES = {"text": "text", "enum": "text", "date": "text", "integer": "integer", "number": "real"}


def random_world(seed: int, breadth: int = 2, states: int = 2, size: int = 1) -> EnvPackage:
    """Make the world of a seed: same seed, same package, byte for byte.

    `breadth` bounds the kinds of things and of events, `size` multiplies the rows of a state.
    """
    rng = random.Random(seed)
    domain = random_domain(rng, breadth)
    writer = Writer(domain, random_naming(rng), rng)
    tools = writer.tools()
    settings = {"seed": seed, "breadth": breadth, "states": states, "size": size}
    return EnvPackage(
        env_id=f"random_{seed:08d}",
        records=tuple(record for record, _ in tools),
        schema_sql=schema_sql(domain),
        programs={record.spec.name: program for record, program in tools},
        states={f"s{i:05d}": random_state(domain, rng, size) for i in range(states)},
        policy=writer.policy(),
        about={
            "kind": "stateful",
            "generator": {**GENERATOR, **settings},
            "domain": domain.name,
            "licences": ["Apache-2.0"],
        },
    )


def schema_sql(domain: Domain) -> str:
    return "\n".join(table_sql(entity) for entity in domain.entities)


def table_sql(entity: Entity) -> str:
    """Write a table: key, references, attributes, status."""
    key = "id text primary key" if entity.prefix else "id integer primary key"
    columns = [f"{key} not null"]
    columns += [f"{quote(f'{ref}_id')} not null references {quote(ref)}" for ref in entity.refs]
    columns += [f"{quote(a.name)} {SQL_TYPES[a.type]} not null" for a in entity.attributes]
    if entity.moves:
        columns.append(f"status text not null default '{entity.start}'")
    return f"create table {quote(entity.noun)} (\n  " + ",\n  ".join(columns) + "\n);"
