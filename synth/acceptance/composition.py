"""Accept a composed environment: all tools over one state, in one order (VULCAN P1.3).

Every call is made in the world that the calls before it changed, and in a fresh one brought to the
same rows: what differs remembers something outside them, or is not deterministic.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synth.acceptance.executions import MODES, Outcome, Runnable, Sample, execute
from synth.acceptance.problems import Problem
from synth.package import ToolRecord
from synth.validation import ILLOGICAL

CALLS_PER_TOOL = 4


Opening = Callable[[Mapping[str, Any]], Runnable]
"""Opens a fresh world and brings a change into it."""


@dataclass
class Composed:
    """How calls in company went: outcomes by kind, and the first problem of each tool."""

    outcomes: Counter[str] = field(default_factory=Counter)
    problems: dict[str, Problem] = field(default_factory=dict)

    def note(self, record: ToolRecord, sample: Sample, outcome: Outcome, problem: str) -> None:
        self.outcomes[outcome.kind] += 1
        if problem:
            shown = f"{record.spec.name}({json.dumps(sample['args'])[:300]})"
            mode = MODES.get(outcome.kind, ILLOGICAL)
            self.outcomes[ILLOGICAL] += outcome.kind not in MODES
            self.problems.setdefault(record.spec.name, Problem(f"{shown}: {problem}", mode))


def check_composition(
    records: Sequence[ToolRecord],
    open_world: Opening,
    inputs: Mapping[str, Sequence[Sample]],
    rng: random.Random,
) -> Composed:
    """Play sampled calls of all tools in one world, each again in a fresh one.

    Two rounds in different orders: in the second every tool meets what all others have written.
    """
    cases = [
        (record, sample)
        for record in records
        for sample in list(inputs.get(record.spec.name, ()))[:CALLS_PER_TOOL]
    ]
    cases = [*rng.sample(cases, len(cases)), *rng.sample(cases, len(cases))]
    shared, found = open_world({}), Composed()
    for record, sample in cases:
        fresh = open_world(shared.state())
        outcome = execute(shared, record, sample["args"])
        problem = failed(outcome, execute(fresh, record, sample["args"]))
        found.note(record, sample, outcome, problem)
    return found


def failed(first: Outcome, second: Outcome) -> str:
    """Return what is wrong with one call that was made in two worlds with the same rows."""
    if first.failed:
        return f"{first.kind}: {first.text}"
    return "" if first == second else "a fresh world with the same rows answers differently"
