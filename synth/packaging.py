"""A synthesised world becomes a package: states, inputs, validation, manifest.

python -m synth.packaging [ENV …] --to FOLDER    build the paper's environments by rules
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.faults import ToolFault, UserMistake
from synth.acceptance.sources import names_used
from synth.environments import GENERATOR, World, build_world
from synth.package import EnvPackage, ToolRecord, save_package
from synth.policy import apply_policy
from synth.program import names_in
from synth.python_tools import PythonProgram
from synth.roles.input_sampler import check_strata, sample_inputs
from synth.roles.state_sampler import check_state, sample_state, sparse_state
from synth.sources import PAPER, Domain, domain
from synth.validation import (
    ILLOGICAL,
    RUNTIME,
    TIMEOUT,
    Check,
    check_composed,
    check_sparse,
    check_tool,
)
from synth.validity import Validity, of_rules
from synth.world import SqlWorld

ITERATIONS = 8
ROLES = {
    "spec_normalizer": "rules",
    "output_schema": "rules",
    "implementation": "rules",
    "state_sampler": "rules",
    "input_sampler": "rules",
}


@dataclass(frozen=True)
class Built:
    """A package with the checks behind it. `refused` maps tools left out to the reason.

    `history` is per iteration (valid tools, tools specified).
    """

    package: EnvPackage
    world: World
    checks: tuple[Check, ...]
    refused: Mapping[str, str]
    history: tuple[tuple[int, int], ...] = ()
    validity: Validity = field(default_factory=lambda: Validity({}))


def build_package(source: Domain, seed: int = 0, states: int = 2, inputs: int = 20) -> Built:
    """Synthesise a domain by rules; tools that fail validation are left out, with the reason.

    A tool that fails is written by the next template that recognises it, and all are run again,
    at most eight times in all (VULCAN Fig. 7).
    """
    attempts: dict[str, int] = {}
    earlier: dict[str, Counter[str]] = {}
    history: list[tuple[int, int]] = []
    for _ in range(ITERATIONS):
        world = apply_policy(build_world(source, attempts))
        package = assemble(world, seed, states, inputs)
        checks = check_package(package, world, seed)
        bad = {c.tool: next(iter(c.witness.items())) for c in checks if not c.valid}
        history.append((len(checks) - len(bad), len(source.intake.records)))
        later = {name: attempts.get(name, 0) + 1 for name in bad}
        if not bad or not any(rewritable(source, attempts | {n: k}, n) for n, k in later.items()):
            break
        again = {n: k for n, k in later.items() if rewritable(source, attempts | {n: k}, n)}
        attempts |= again
        for check in checks:
            if check.tool in again:
                earlier.setdefault(check.tool, Counter()).update(check.failures)
    refused = {rejection.name: rejection.reason for rejection in source.intake.rejected}
    refused |= {refusal.name: refusal.reason for refusal in world.refused}
    refused |= {tool: f"{mode}: {why}" for tool, (mode, why) in bad.items()}
    package = without(package, set(bad)) if bad else package
    composed = check_composed(package.records, package.blueprint("s00000"), package.inputs)
    passed = [c for c in checks if c.tool not in bad]
    about = {**package.about, "checks": summary(package, passed, composed), "refused": refused}
    names = [record.spec.name for record in source.intake.records]
    validity = of_rules(names, checks, attempts, earlier, composed)
    package = replace(package, about=about)
    return Built(package, world, tuple(checks), refused, tuple(history), validity)


def rewritable(source: Domain, attempts: Mapping[str, int], name: str) -> bool:
    """Tell whether another template recognises a tool."""
    return name in build_world(source, attempts).programs


def assemble(world: World, seed: int, states: int, inputs: int) -> EnvPackage:
    """Draw states and inputs and put a package together, unvalidated."""
    source = world.domain
    drawn = {}
    for place in range(states):
        rng = random.Random(f"{seed}:{source.env_id}:state:{place}")
        drawn[f"s{place:05d}"] = sample_state(world.model, rng)
        wrong = check_state(world.model, drawn[f"s{place:05d}"])
        if wrong:
            raise UserMistake(f"{source.env_id}: a sampled state is not valid: {wrong[0]}")
    rng = random.Random(f"{seed}:{source.env_id}:inputs")
    calls = {
        r.spec.name: sample_inputs(r, world.model, drawn["s00000"], rng, inputs)
        for r in world.records
    }
    for record in world.records:
        wrong = check_strata(calls[record.spec.name], bool(record.spec.parameters.get("required")))
        if wrong:
            raise UserMistake(f"{record.spec.name}: {wrong[0]}")
    package = EnvPackage(
        env_id=source.env_id,
        records=world.records,
        schema_sql=world.schema_sql,
        programs=dict(world.programs),
        states=drawn,
        inputs=calls,
        policy=source.policy,
        about={
            "kind": "stateful"
            if world.model.tables or len(world.model.state.columns) > 1
            else "stateless",
            "generator": {**GENERATOR, "roles": ROLES, "seed": seed},
            "source": dict(source.source),
            "licences": [source.licence] if source.licence else [],
        },
    )
    return replace(package, inputs=expected(package))


def expected(package: EnvPackage) -> dict[str, list[dict[str, Any]]]:
    """Add to every sampled call what it does in the first state: ok, or the refusal."""
    blueprint = package.blueprint("s00000")
    out: dict[str, list[dict[str, Any]]] = {}
    for name, rows in package.inputs.items():
        out[name] = []
        for row in rows:
            try:
                SqlWorld(blueprint).run(name, row["args"])
                outcome = "ok"
            except ToolFault as fault:
                outcome = str(fault)
            out[name].append({**row, "expect": outcome})
    return out


def check_package(package: EnvPackage, world: World, seed: int = 0) -> list[Check]:
    """Run every tool on the package's calls, and on others in its other states."""
    states = list(package.states)
    blueprints = [package.blueprint(name) for name in states]
    rng = random.Random(f"{seed}:{package.env_id}:checks")
    sparse = replace(package, states={"empty": sparse_state(world.model)})
    empty = sparse.blueprint("empty")
    checks = []
    for record in package.records:
        calls: list[Sequence[Mapping[str, Any]]] = [package.inputs[record.spec.name]]
        for name in states[1:]:
            calls.append(sample_inputs(record, world.model, package.states[name], rng))
        checks.append(check_tool(record, blueprints, calls))
        check_sparse(checks[-1], record, empty, calls[0])
    return checks


def without(package: EnvPackage, names: Collection[str]) -> EnvPackage:
    kept: tuple[ToolRecord, ...] = tuple(r for r in package.records if r.spec.name not in names)
    return replace(
        package,
        records=kept,
        programs={r.spec.name: package.programs[r.spec.name] for r in kept},
        inputs={r.spec.name: package.inputs[r.spec.name] for r in kept},
    )


def summary(
    package: EnvPackage, checks: Sequence[Check], composed: Mapping[str, int]
) -> dict[str, Any]:
    """Return what validation saw of the tools that are kept."""
    failures: Counter[str] = Counter()
    for check in checks:
        failures.update(check.failures)
    return {
        "executions": sum(check.executions for check in checks),
        "succeeded": sum(check.succeeded for check in checks),
        "timeouts": failures[TIMEOUT] + composed.get(TIMEOUT, 0),
        "crashes": failures[RUNTIME] + composed.get(RUNTIME, 0),
        "unused_args": unused_arguments(package),
        "determinism_ok": not failures[ILLOGICAL] and not composed.get(ILLOGICAL, 0),
        "composed": dict(sorted(composed.items())),
    }


def unused_arguments(package: EnvPackage) -> list[str]:
    """Return the parameters, as `tool.parameter`, that their program makes no use of."""
    found = []
    for record in package.records:
        program = package.programs[record.spec.name]
        used = {n for step in program.steps for n in names_in(step.sql)}
        if isinstance(program, PythonProgram):
            used |= names_used(program.source)
        given = record.spec.parameters.get("properties", {})
        found += [f"{record.spec.name}.{name}" for name in given if name not in used]
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Build and save packages; print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m synth.packaging")
    parser.add_argument("envs", nargs="*", metavar="ENV", help=f"default: {', '.join(PAPER)}")
    parser.add_argument("--to", type=Path, default=Path("envs"), metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    try:
        for env_id in options.envs or PAPER:
            start = time.process_time()
            built = build_package(domain(env_id), options.seed)
            folder = save_package(built.package, options.to)
            taken = time.process_time() - start
            print(f"{folder}: {len(built.package.records)} tools, {taken:.2f} s")
            for name, reason in built.refused.items():
                print(f"  without {name}: {reason}")
    except UserMistake as mistake:
        print(f"synth.packaging: {mistake}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
