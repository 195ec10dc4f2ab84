"""Rules and a model together: better specifications before, and what the rules refused after."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from synth.acceptance.executions import Sample
from synth.acceptance.programs import Bench
from synth.environments import World
from synth.llm.ask import Asker
from synth.llm.environment import Implementation
from synth.llm.programs import witnessed
from synth.llm.specs import OutputSchemas, SpecNormalizer
from synth.package import ToolRecord
from synth.package_files import AnyProgram
from synth.roles.implementation import Refused
from synth.roles.input_sampler import sample_inputs
from synth.roles.state_sampler import sample_state
from synth.sources import Domain


async def refine(
    domain: Domain, normalizer: SpecNormalizer | None, schemas: OutputSchemas | None
) -> Domain:
    """Return a domain with rewritten specifications and predicted result schemas.

    A role that is None leaves things to the rules, and so does a reply that is not accepted.
    """
    records: Sequence[ToolRecord] = domain.intake.records
    if normalizer is not None:
        records = await normalizer.normalize(records)
    if schemas is not None:
        records = await schemas.describe(records)
    return replace(domain, intake=replace(domain.intake, records=tuple(records)))


@dataclass(frozen=True)
class Completion:
    """Ask a model for the programs that no rule could write, over the tables of the rules."""

    role: Implementation
    asker: Asker
    seed: int = 0
    states: int = 2
    calls: int = 20

    async def complete(self, world: World) -> World:
        """Return the world with the programs that were accepted; the others stay refused."""
        if not world.refused:
            return world
        model, env_id = world.model, world.domain.env_id
        seeds = [random.Random(f"{self.seed}:{env_id}:trial:{n}") for n in range(self.states)]
        bench = Bench(world.schema_sql, [sample_state(model, rng) for rng in seeds])
        missing = {refused.name for refused in world.refused}
        records = [r.record for r in world.readings if r.record.spec.name in missing]
        everything = [reading.record for reading in world.readings]

        async def one(record: ToolRecord) -> tuple[ToolRecord, AnyProgram]:
            rng = random.Random(f"{self.seed}:{env_id}:{record.spec.name}")
            samples: list[Sample] = [
                *sample_inputs(record, model, bench.states[0], rng, self.calls)
            ]
            program = await self.role.implement(record, everything, bench, samples)
            return await witnessed(record, program, bench, samples), program

        made = [done for _, done in await self.asker.each(records, one)]
        programs = {record.spec.name: program for record, program in made}
        refused = [
            Refused(r.name, f"{r.reason}; no program of the model was accepted either")
            for r in world.refused
            if r.name not in programs
        ]
        return replace(
            world,
            records=(*world.records, *(record for record, _ in made)),
            programs={**world.programs, **programs},
            refused=tuple(refused),
        )
