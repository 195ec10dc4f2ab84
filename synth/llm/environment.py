"""A whole environment written by a model, role by role: tables, states, calls, programs, classes.

What a role is refused falls to rules where rules can carry it (specification, result schema, rows,
calls, and with tables the whole world); a tool without an accepted program is left out. Both are
counted, with the reason. States come before programs, because the acceptance of a program is its
executions.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from synth.acceptance.composition import Composed, check_composition
from synth.acceptance.executions import Sample, strata
from synth.acceptance.programs import Bench, check_state
from synth.llm.ask import Asker, Rejected
from synth.llm.columns import annotate, model_of, sample_rows
from synth.llm.programs import SqlImplementation, witnessed
from synth.llm.prompts import prompt_hashes
from synth.llm.samples import InputSampler, StateSampler
from synth.llm.specs import OutputSchemas, SpecNormalizer
from synth.model import Model
from synth.package import EnvPackage, ToolRecord
from synth.package_files import AnyProgram, State
from synth.roles.input_sampler import sample_inputs
from synth.sources import Domain
from synth.specs import Rejection
from synth.validation import Check, check_tool
from synth.validity import Validity, of_model
from synth.world import Blueprint, SqlWorld, Tool

Inputs = Mapping[str, Sequence[Mapping[str, Any]]]
STAGES = ("sql_program", "python_class")
"""The stages that implement tools, in the order in which a tool goes through them."""


class Implementation(Protocol):
    """Writes one tool over given tables. Raises Rejected."""

    async def implement(
        self,
        record: ToolRecord,
        siblings: Sequence[ToolRecord],
        bench: Bench,
        samples: Sequence[Sample],
    ) -> AnyProgram: ...


@dataclass(frozen=True)
class Sizes:
    """How much is written: states per environment, sampled calls per tool (VULCAN samples 30)."""

    states: int = 3
    calls: int = 30


@dataclass(frozen=True)
class Roles:
    """Who writes what, each with its own bound on rounds."""

    spec_normalizer: SpecNormalizer
    output_schema: OutputSchemas
    implementation: Implementation
    state_sampler: StateSampler
    input_sampler: InputSampler


def default_roles(asker: Asker) -> Roles:
    """Return the roles as their classes set them, with programs in SQL."""
    return Roles(
        SpecNormalizer(asker),
        OutputSchemas(asker),
        SqlImplementation(asker),
        StateSampler(asker),
        InputSampler(asker),
    )


@dataclass(frozen=True)
class Made:
    """What came of a domain: a package, why tools are not in it, and how its tools validate."""

    package: EnvPackage
    rejected: tuple[Rejection, ...]
    validity: Validity


@dataclass(frozen=True)
class Author:
    """All roles of one environment on one model. `seed` fixes strata and test order."""

    asker: Asker
    roles: Roles
    sizes: Sizes = Sizes()
    seed: int = 0

    async def write(self, domain: Domain) -> Made:
        """Write a package. Raises Rejected where tables or states cannot be had."""
        given = domain.intake.records
        records: Sequence[ToolRecord] = await self.roles.spec_normalizer.normalize(given)
        records = await self.roles.output_schema.describe(records)
        schema_sql = await self.roles.state_sampler.tables(records)
        model = model_of(schema_sql)
        records = annotate(records, model)
        bench = Bench(schema_sql, await self.states(schema_sql, model))
        inputs = await self.inputs(records, bench, model)
        made = await self.implemented(records, bench, inputs)
        return self.finish(domain, bench, inputs, made)

    async def states(self, schema_sql: str, model: Model) -> list[State]:
        """Return the accepted states; where there is none, one that rules draw. Raises Rejected."""
        found = await self.roles.state_sampler.states(schema_sql, self.sizes.states)
        if found:
            return found
        state = sample_rows(model, random.Random(f"{self.seed}:rows"))
        wrong = check_state(schema_sql, state)
        if wrong:
            raise Rejected(f"no initial state was accepted, and rules draw none: {wrong}")
        self.asker.ledger["initial_state"].leave(["state 1"])
        return [state]

    async def inputs(self, records: Sequence[ToolRecord], bench: Bench, model: Model) -> Inputs:
        """Return sampled calls of every tool, by rule where none were accepted."""

        async def one(record: ToolRecord) -> list[dict[str, Any]]:
            rng = random.Random(f"{self.seed}:{record.spec.name}")
            role = self.roles.input_sampler
            return await role.sample(record, bench.states[0], self.sizes.calls, rng)

        found: dict[str, Sequence[Mapping[str, Any]]] = {
            record.spec.name: rows for record, rows in await self.asker.each(records, one)
        }
        lost = [record for record in records if record.spec.name not in found]
        for record in lost:
            rng = random.Random(f"{self.seed}:{record.spec.name}")
            rows = sample_inputs(record, model, bench.states[0], rng, self.sizes.calls)
            found[record.spec.name] = [
                {**row, "expect": "ok" if row["stratum"] in ("complete", "minimal") else "error"}
                for row in rows
            ]
        self.asker.ledger["inputs"].leave(record.spec.name for record in lost)
        return found

    async def implemented(
        self, records: Sequence[ToolRecord], bench: Bench, inputs: Inputs
    ) -> dict[str, tuple[ToolRecord, AnyProgram]]:
        """Return the accepted programs with their records, what classes touch noted."""

        async def one(record: ToolRecord) -> tuple[ToolRecord, AnyProgram]:
            samples = inputs[record.spec.name]
            program = await self.roles.implementation.implement(record, records, bench, samples)
            return await witnessed(record, program, bench, samples), program

        return {r.spec.name: made for r, made in await self.asker.each(records, one)}

    def finish(
        self,
        domain: Domain,
        bench: Bench,
        inputs: Inputs,
        made: Mapping[str, tuple[ToolRecord, AnyProgram]],
    ) -> Made:
        """Try the tools together, leave out what fails, and account for everything."""
        tools = {name: Tool(record.spec, program) for name, (record, program) in made.items()}
        blueprints = [Blueprint(image, tools, shared=True) for image in bench.images]
        records = [record for record, _ in made.values()]
        composed = self.composed(records, blueprints[0], inputs)
        kept = {name: one for name, one in made.items() if name not in composed.problems}
        checks = [
            check_tool(record, blueprints, [strata(inputs[name])] * len(blueprints))
            for name, (record, _) in kept.items()
        ]
        validity = self.validity(domain, checks, composed)
        package = EnvPackage(
            domain.env_id,
            tuple(record for record, _ in kept.values()),
            bench.schema_sql,
            {name: program for name, (_, program) in kept.items()},
            {f"s{number:05d}": state for number, state in enumerate(bench.states)},
            {name: inputs[name] for name in kept},
            policy=domain.policy,
            about={**self.about(domain), "checks": validity.summary()},
        )
        given = [record.spec.name for record in domain.intake.records]
        lost = [
            Rejection(name, str(composed.problems.get(name) or self.why(name)))
            for name in given
            if name not in kept
        ]
        return Made(package, (*domain.intake.rejected, *lost), validity)

    def composed(
        self, records: Sequence[ToolRecord], blueprint: Blueprint, inputs: Inputs
    ) -> Composed:
        """Try all tools in one world; those that fail beside the others count as rejected."""
        rng = random.Random(f"{self.seed}:composition")
        apart = replace(blueprint, shared=False)
        found = check_composition(records, lambda past: SqlWorld(apart, past=past), inputs, rng)
        stage = self.asker.ledger["composition"]
        for problem in found.problems.values():
            stage.fail(problem.mode)
            stage.reject(problem)
        stage.accepted += len(records) - len(found.problems)
        return found

    def validity(self, domain: Domain, checks: Sequence[Check], composed: Composed) -> Validity:
        names = [record.spec.name for record in domain.intake.records]
        trails = [self.asker.ledger[stage].trails for stage in STAGES]
        return of_model(names, checks, trails, composed.outcomes)

    def why(self, name: str) -> str:
        """Return the reason for which a tool has no program, with the stage that said it last."""
        for stage in reversed(STAGES):
            for reason in self.asker.ledger[stage].reasons:
                if reason.startswith(f"{name}: "):
                    return f"{stage}: {reason.removeprefix(f'{name}: ')}"
        return "no reply was accepted"

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
