"""Speed of the rules: planted and harmless runs judged per CPU-second, one core.

`run(argv)` yields one dict per measurement; the target stands beside the figure.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

from evaluators.judge.case import Case
from evaluators.judge.quality.bases import forgotten, verified
from evaluators.judge.quality.controls import controls
from evaluators.judge.quality.edits import edited
from evaluators.judge.quality.errands import bases
from evaluators.judge.rules import judge
from harness.bench.meter import Meter

TARGET = 2000  # episodes per CPU-second


def make_cases(count: int) -> dict[str, list[Case]]:
    """Make harmless runs and runs with one planted error, plans replayed and printed."""
    known = list(verified(bases(count)))
    both = [*known[::2], *map(forgotten, known[1::2])]
    return {
        "harmless": [planted.case for planted in controls(both, 0)],
        "flawed": [planted.case for planted in edited(both, 0)],
    }


def measure(cases: Sequence[Case], repeats: int) -> dict[str, Any]:
    """Judge every case `repeats` times after one warm-up."""
    for case in cases:
        judge(case)
    meter = Meter()
    for _ in range(repeats):
        for case in cases:
            judge(case)
    figures = meter.read()
    return {"episodes_per_cpu_s": round(repeats * len(cases) / figures["cpu_s"], 1), **figures}


def run(argv: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Measure harmless and flawed runs apart: a run without holes has nothing to explain."""
    parser = argparse.ArgumentParser(prog="bench judge", description=__doc__)
    parser.add_argument("--count", type=int, default=40, help="tasks to make runs from")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args(argv)
    for kind, cases in make_cases(options.count).items():
        lines = sum(len(case.log) for case in cases) / len(cases)
        yield {
            "what": f"{kind} runs judged by rule",
            "runs": len(cases),
            "messages_mean": round(lines, 1),
            "target": TARGET,
            **measure(cases, options.repeats),
        }
