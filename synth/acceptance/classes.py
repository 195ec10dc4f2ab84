"""Accept a Python class: it loads in the sandbox, offers its tool, uses its arguments, runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import cycle

from harness.faults import ModelFault
from synth.acceptance.executions import Opener, Sample, check_executions, execute, strata
from synth.acceptance.problems import Problem
from synth.acceptance.programs import Bench
from synth.acceptance.sources import check_source
from synth.package import ToolRecord
from synth.python_tools import PythonProgram
from synth.sandbox import DEFAULT, Limits
from synth.validation import ILLOGICAL, RUNTIME, check_tool
from synth.world import Blueprint, SqlWorld, Tool

MEMORIES = 12
"""Calls that are made one after the other in one process, to see that none remembers another."""


def check_class(
    record: ToolRecord,
    source: str,
    bench: Bench,
    samples: Sequence[Sample],
    limits: Limits = DEFAULT,
) -> str | None:
    """Say what is wrong with a one-tool class given as source text, or None.

    Raises ModelFault where the machine has no sandbox: nothing can be said then.
    """
    problem = check_source(record, source)
    if problem:
        return problem
    tools = {record.spec.name: Tool(record.spec, PythonProgram(source))}
    blueprints, others = (
        [Blueprint(image, tools, limits=limits, shared=True) for image in bench.images]
        for _ in range(2)
    )
    try:
        first = SqlWorld(blueprints[0])
        first.classes.worker(record.spec.name, first.rows())
    except ModelFault as fault:
        if fault.kind == "sandbox":
            raise
        return Problem(f"{record.spec.name}: {fault}", RUNTIME)
    worlds = [alternating(*pair) for pair in zip(blueprints, others, strict=True)]
    problem = check_executions(record, worlds, samples) or check_memory(record, first, samples)
    if problem:
        return problem
    check = check_tool(record, blueprints, [strata(samples)] * len(blueprints))
    return next((Problem(f"{mode}: {why}", mode) for mode, why in check.witness.items()), None)


def alternating(*blueprints: Blueprint) -> Opener:
    """Return what opens worlds in two processes in turn, so that two runs never share one."""
    turns = cycle(blueprints)
    return lambda: SqlWorld(next(turns))


def check_memory(record: ToolRecord, world: SqlWorld, samples: Sequence[Sample]) -> str | None:
    """Say whether calls change what later ones answer other than through the tables.

    All run in one process, each on the initial rows, forwards and then backwards.
    """
    calls = [sample["args"] for sample in samples[:MEMORIES]]
    seen: dict[str, object] = {}
    for arguments in [*calls, *reversed(calls)]:
        world.own("savepoint memory")
        outcome = execute(world, record, arguments)
        world.own("rollback to memory")
        world.own("release memory")
        name = json.dumps(arguments)
        if seen.setdefault(name, outcome) != outcome:
            shown = f"{record.spec.name}({name[:400]})"
            return Problem(f"{shown} answers differently after other calls", ILLOGICAL)
    return None
