"""Accept a composed environment: all tools over one state, in one order, twice (VULCAN P1.3)."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence

from synth.acceptance.executions import Opener, Outcome, Sample, execute
from synth.package import ToolRecord

CALLS_PER_TOOL = 4


def check_composition(
    records: Sequence[ToolRecord],
    open_world: Opener,
    inputs: Mapping[str, Sequence[Sample]],
    rng: random.Random,
) -> dict[str, str]:
    """Play sampled calls of all tools in one world and again in another.

    Returns {tool: problem} of the tools that fail in company; nothing where all is well.
    """
    cases = [
        (record, sample)
        for record in records
        for sample in list(inputs.get(record.spec.name, ()))[:CALLS_PER_TOOL]
    ]
    rng.shuffle(cases)
    first, second = open_world(), open_world()
    problems: dict[str, str] = {}
    for record, sample in cases:
        outcome = execute(first, record, sample["args"])
        problem = failed(outcome, execute(second, record, sample["args"]))
        if problem:
            shown = f"{record.spec.name}({json.dumps(sample['args'])[:300]})"
            problems.setdefault(record.spec.name, f"{shown}: {problem}")
    return problems


def failed(first: Outcome, second: Outcome) -> str:
    """Return what is wrong with one call that was made in two worlds after the same history."""
    if first.failed:
        return f"{first.kind}: {first.text}"
    return "" if first == second else "two runs after the same calls differ"
