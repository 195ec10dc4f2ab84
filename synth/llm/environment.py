"""A whole environment written by a model, role by role: SQL programs or Python classes.

Tools that fail a role are left out and counted; the rest goes on. States come before programs,
because the acceptance of a program is its executions.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synth.acceptance.composition import check_composition
from synth.acceptance.executions import Opener
from synth.acceptance.programs import Bench
from synth.llm.ask import Asker, Rejected
from synth.llm.programs import PythonImplementation, SqlImplementation
from synth.llm.prompts import prompt_hashes
from synth.llm.samples import InputSampler, StateSampler
from synth.llm.specs import OutputSchemas, SpecNormalizer
from synth.package import EnvPackage, ToolRecord
from synth.python_package import LANGUAGE, PythonPackage
from synth.python_world import PythonBlueprint, PythonWorld
from synth.sources import Domain
from synth.specs import Rejection
from synth.world import Blueprint, SqlWorld, Tool

Inputs = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Sizes:
    """How much is written: states per environment, sampled calls per tool (VULCAN samples 30)."""

    states: int = 3
    calls: int = 30


@dataclass(frozen=True)
class Made:
    """What came of a domain: a package, and why tools are not in it."""

    package: EnvPackage | PythonPackage
    rejected: tuple[Rejection, ...]


@dataclass(frozen=True)
class Author:
    """All roles of one environment on one model. `seed` fixes strata and test order."""

    asker: Asker
    sizes: Sizes = Sizes()
    seed: int = 0

    async def write(self, domain: Domain, language: str = "sql") -> Made:
        """Write a package. Raises Rejected where the tables or states cannot be had."""
        given = domain.intake.records
        records = await SpecNormalizer(self.asker).normalize(given)
        records = await OutputSchemas(self.asker).describe(records)
        work = self.write_python if language == LANGUAGE else self.write_sql
        package, problems = await work(domain, records)
        kept = {record.spec.name for record in package.records}
        lost = [
            Rejection(r.spec.name, problems.get(r.spec.name) or self.why(r.spec.name))
            for r in given
            if r.spec.name not in kept
        ]
        return Made(package, (*domain.intake.rejected, *lost))

    def why(self, name: str) -> str:
        """Return the reason for which a tool was rejected, with the stage."""
        for stage, counts in self.asker.ledger:
            for reason in counts.reasons:
                if reason.startswith(f"{name}: "):
                    return f"{stage}: {reason.removeprefix(f'{name}: ')}"
        return "no reply was accepted"

    async def write_sql(
        self, domain: Domain, records: Sequence[ToolRecord]
    ) -> tuple[EnvPackage, dict[str, str]]:
        """Write tables, states and programs."""
        sampler = StateSampler(self.asker)
        schema_sql = await sampler.tables(records)
        states = required(await sampler.states(schema_sql, self.sizes.states))
        bench = Bench(schema_sql, states)
        inputs = await self.inputs(records, states[0])
        role = SqlImplementation(self.asker)
        done = await self.asker.each(
            [record for record in records if record.spec.name in inputs],
            lambda record: role.implement(record, records, bench, inputs[record.spec.name]),
        )
        tools = {record.spec.name: Tool(record.spec, program) for record, program in done}
        blueprint = Blueprint(bench.images[0], tools)
        problems = self.composed([r for r, _ in done], lambda: SqlWorld(blueprint), inputs)
        kept = {r.spec.name: program for r, program in done if r.spec.name not in problems}
        package = EnvPackage(
            domain.env_id,
            tuple(record for record, _ in done if record.spec.name in kept),
            schema_sql,
            kept,
            {f"s{number:05d}": state for number, state in enumerate(states)},
            {name: inputs[name] for name in kept},
            policy=domain.policy,
            about=self.about(domain),
        )
        return package, problems

    async def write_python(
        self, domain: Domain, records: Sequence[ToolRecord]
    ) -> tuple[PythonPackage, dict[str, str]]:
        """Write states and classes over them."""
        states = required(await StateSampler(self.asker).objects(records, self.sizes.states))
        inputs = await self.inputs(records, states[0])
        role = PythonImplementation(self.asker)
        done = await self.asker.each(
            [record for record in records if record.spec.name in inputs],
            lambda record: role.implement(record, records, states, inputs[record.spec.name]),
        )
        sources = {record.spec.name: source for record, source in done}
        specs = tuple(record.spec for record, _ in done)
        blueprint = PythonBlueprint(specs, sources, states[0])
        problems = self.composed([r for r, _ in done], lambda: PythonWorld(blueprint), inputs)
        kept = {name: source for name, source in sources.items() if name not in problems}
        package = PythonPackage(
            domain.env_id,
            tuple(record for record, _ in done if record.spec.name in kept),
            kept,
            {f"s{number:05d}": state for number, state in enumerate(states)},
            {name: inputs[name] for name in kept},
            domain.policy,
            {**self.about(domain), "language": LANGUAGE},
        )
        return package, problems

    async def inputs(self, records: Sequence[ToolRecord], state: Any) -> Inputs:
        """Return the sampled calls of every tool for which they were accepted."""

        async def one(record: ToolRecord) -> list[dict[str, Any]]:
            rng = random.Random(f"{self.seed}:{record.spec.name}")
            return await InputSampler(self.asker).sample(record, state, self.sizes.calls, rng)

        return {r.spec.name: rows for r, rows in await self.asker.each(records, one)}

    def composed(
        self, records: Sequence[ToolRecord], open_world: Opener, inputs: Inputs
    ) -> dict[str, str]:
        """Return the tools that fail beside the others; counted as rejected."""
        rng = random.Random(f"{self.seed}:composition")
        problems = check_composition(records, open_world, inputs, rng) if records else {}
        stage = self.asker.ledger["composition"]
        for problem in problems.values():
            stage.reject(problem)
        stage.accepted += len(records) - len(problems)
        return problems

    def about(self, domain: Domain) -> dict[str, Any]:
        """Return the manifest's account of where the package comes from."""
        generator = {
            "name": "synth.llm",
            "version": 1,
            "seed": self.seed,
            "llm": {
                "model": self.asker.identity,
                "params": dict(self.asker.sampling),
                "prompt_sha": prompt_hashes(),
            },
        }
        return {
            "kind": "stateful",
            "generator": generator,
            "licences": [domain.licence] if domain.licence else [],
            "source": dict(domain.source),
        }


def required(states: list[Any]) -> list[Any]:
    if not states:
        raise Rejected("no initial state was accepted")
    return states
