"""Check rows of pass^k tables, ours or published: could any set of trials have produced them?"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from harness.metrics import estimate, pass_at, pass_hat
from harness.results.findings import Findings
from harness.results.lattice import (
    Histogram,
    count_histograms,
    identity_slack,
    pass_at_n,
)
from harness.results.lines import Line
from harness.tallies import Group


@dataclass(frozen=True, slots=True)
class Consistency:
    """What a line says about itself. None where it does not say enough.

    `sizes` maps a number of tasks to (histograms that fit, the first of them).
    """

    line: Line
    monotone: bool
    convex: bool
    implied: Fraction
    gap: Fraction | None
    identity: bool | None
    sizes: dict[int, tuple[int, Histogram | None]]
    feasible: bool | None
    feasible_without_at: bool | None

    def record(self) -> dict[str, Any]:
        """Write it as JSON, in the form of results/reference/row_consistency.json."""
        line, whole = self.line, self.line.at_n
        return {
            "table": line.table,
            "model": line.model,
            "training": line.training,
            "domain": line.domain,
            "ph": [float(hat) for hat in line.hats],
            "pass_at_n": None if whole is None else float(whole),
            "monotone": self.monotone,
            "convex": self.convex,
            "identity_value": round(float(self.implied), 6),
            "identity_gap": None if self.gap is None else round(float(self.gap), 6),
            "identity_ok": self.identity,
            "feasible": self.feasible,
            "hist": {str(n): [list(first)] for n, (_, first) in self.sizes.items() if first},
            "nsol": {str(n): count for n, (count, _) in self.sizes.items()},
            "feasible_without_pass_at_n": self.feasible_without_at,
        }


def examine(line: Line) -> Consistency:
    """Test one line. The histogram test needs the number of tasks and K = n trials."""
    hats, half = line.hats, line.half
    complete = line.trials == len(hats)
    sizes = {
        n: count_histograms(hats, n, half, line.at_n) for n in (line.tasks if complete else ())
    }
    alone = [count_histograms(hats, n, half)[1] is not None for n in sizes]
    implied = pass_at_n(hats)
    gap = None if line.at_n is None else implied - line.at_n
    seconds = [a - 2 * b + c for a, b, c in zip(hats, hats[1:], hats[2:], strict=False)]
    return Consistency(
        line,
        monotone=all(a >= b for a, b in itertools.pairwise(hats)),
        convex=all(second >= -4 * half for second in seconds),
        implied=implied,
        gap=gap,
        identity=None if gap is None else abs(gap) <= identity_slack(len(hats), half),
        sizes=sizes,
        feasible=any(count for count, _ in sizes.values()) if sizes else None,
        feasible_without_at=any(alone) if sizes else None,
    )


def check_lines(lines: Sequence[Line], found: Findings) -> list[Consistency]:
    """Test every line by itself and explain what is wrong with it."""
    results = []
    for line in lines:
        result = examine(line)
        results.append(result)
        found.checked["rows"] += 1
        explain(result, found)
        if line.histogram:
            check_histogram(line, found)
    return results


def explain(result: Consistency, found: Findings) -> None:
    """Turn the failed tests of a line into sentences."""
    line, printed = result.line, " / ".join(percent(hat) for hat in result.line.hats)
    if not result.monotone:
        ks = [k + 1 for k in range(1, len(line.hats)) if line.hats[k] > line.hats[k - 1]]
        where = ", ".join(f"k={k - 1} to {k}" for k in ks)
        found.add("not monotone", line.name, f"{printed} rises from {where}, which is impossible")
    elif not result.convex:
        found.add(
            "not convex",
            line.name,
            f"{printed}: pass^k may only fall ever more slowly, and here it falls faster",
        )
    if result.identity is False and line.at_n is not None:
        found.add(
            "identity",
            line.name,
            f"{printed} force pass@{len(line.hats)} = {percent(result.implied)}, "
            f"printed is {percent(line.at_n)}",
        )
    if result.feasible is False:
        tasks = " or ".join(map(str, result.sizes))
        what = " with the printed pass@n" if result.feasible_without_at else ""
        found.add(
            "no histogram",
            line.name,
            f"no counts of {tasks} tasks x {line.trials} trials round to {printed}{what}",
        )


def check_histogram(line: Line, found: Findings) -> None:
    """Recompute a line of ours from its c_histogram."""
    groups = groups_of(json.loads(line.histogram or "{}"))
    tasks = sum(groups.values())
    if line.tasks and tasks != line.tasks[0]:
        found.differ("histogram", line.name, "the number of tasks", line.tasks[0], tasks)
    for k, hat in enumerate(line.hats, 1):
        value = estimate(groups, pass_hat, k).strict
        if value is None or abs(Fraction(value) - hat) > line.half:
            found.differ("histogram", line.name, f"pass^{k}", float(hat), value)
    value = estimate(groups, pass_at, len(line.hats)).strict
    if line.at_n is not None and (value is None or abs(Fraction(value) - line.at_n) > line.half):
        found.differ("histogram", line.name, f"pass@{len(line.hats)}", float(line.at_n), value)


def groups_of(histogram: list[int] | dict[str, list[int]]) -> dict[Group, int]:
    """Read a c_histogram, balanced or by number of trials."""
    if isinstance(histogram, list):
        histogram = {str(len(histogram) - 1): histogram}
    return {
        ((int(n), c),): count
        for n, counts in histogram.items()
        for c, count in enumerate(counts)
        if count
    }


def percent(value: Fraction) -> str:
    return f"{float(100 * value):.1f}"
