"""Check rows of a table against each other: averages, totals, copies, and the number of tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from harness.results.check import percent
from harness.results.findings import Findings
from harness.results.lattice import count_histograms
from harness.results.lines import Line, half_unit, read_csv, share

Figure = tuple[str, str]
Group = dict[str, dict[str, Figure]]
AVERAGES = ("average", "overall_average")


def check_copies(lines: Iterable[Line], found: Findings) -> None:
    """Note rows of different models that agree in every figure."""
    seen: dict[tuple[object, ...], Line] = {}
    for line in lines:
        key = (line.benchmark, line.domain, line.hats, line.at_n)
        first = seen.setdefault(key, line)
        if len(line.hats) > 2 and first.model != line.model:
            text = f"every figure equals the row of {first.model} ({first.table})"
            found.note("copy", line.name, text)


def check_averages(lines: Sequence[Line], found: Findings) -> None:
    """Compare "average" rows with the unweighted mean of the domains beside them."""
    groups: dict[tuple[str, ...], dict[str, Line]] = {}
    for line in lines:
        key = (line.table, line.benchmark, line.model, line.training)
        groups.setdefault(key, {})[line.domain] = line
    for group in groups.values():
        average = next((group[name] for name in AVERAGES if name in group), None)
        parts = [line for name, line in group.items() if name not in AVERAGES]
        if average is None or len(parts) < 2:
            continue
        for k, printed in enumerate(average.hats):
            if any(len(part.hats) <= k for part in parts):
                break
            mean = sum((part.hats[k] for part in parts), Fraction()) / len(parts)
            if abs(mean - printed) > 2 * average.half:
                domains = ", ".join(part.domain for part in parts)
                text = (
                    f"pass^{k + 1} {percent(printed)} is not {percent(mean)}, the mean of {domains}"
                )
                found.add("average", average.name, text)


def check_totals(path: Path, formulas: Mapping[str, Mapping[str, str]], found: Findings) -> None:
    """Compare totals with a linear formula over figures of the same row of a table.

    `formulas` maps "benchmark/domain" of the total to {domain: weight as a fraction}.
    """
    groups: dict[tuple[str, ...], dict[str, Figure]] = {}
    for row in read_csv(path):
        if row.get("metric") == "accuracy":
            names = ("paper", "table", "benchmark", "model", "training")
            group = groups.setdefault(tuple(row.get(name, "") for name in names), {})
            group[row["domain"]] = (row["value"], row.get("unit", ""))
    for target, weights in formulas.items():
        benchmark, _, total = target.rpartition("/")
        for key, figures in groups.items():
            if key[2] == benchmark and {total, *weights} <= figures.keys():
                check_total(key, figures, total, weights, found)


def check_total(
    names: tuple[str, ...],
    figures: Mapping[str, Figure],
    total: str,
    weights: Mapping[str, str],
    found: Findings,
) -> None:
    """Compare one total with its formula, allowing for the rounding of every figure."""
    printed = share(*figures[total])
    parts = {name: Fraction(weight) for name, weight in weights.items()}
    value = sum((weight * share(*figures[name]) for name, weight in parts.items()), Fraction())
    slack = half_unit(figures.values()) * (1 + sum(map(abs, parts.values())))
    found.checked["totals"] += 1
    if abs(value - printed) > slack:
        text = f"{total} {percent(printed)} is not {percent(value)}, the weighted sum of its parts"
        found.add("total", " / ".join(n for n in names if n), text)


def infer_sizes(lines: Iterable[Line], found: Findings) -> None:
    """Where most rows of a domain fit no histogram, note which number of tasks fits them all.

    An inference from rounded figures, never a proof. Searches .45 to 1.2 times the known number.
    """
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if line.tasks and line.trials == len(line.hats):
            groups.setdefault((line.benchmark, line.domain), []).append(line)
    for (benchmark, domain), members in groups.items():
        known = members[0].tasks
        misfits = [line for line in members if not any(fits(line, n) for n in known)]
        if len(members) < 3 or 2 * len(misfits) <= len(members):
            continue
        low, high = int(0.45 * min(known)), int(1.2 * max(known))
        sizes = [n for n in range(low, high + 1) if all(fits(line, n) for line in members)]
        text = (
            f"{len(misfits)} of {len(members)} rows fit no {' or '.join(map(str, known))} tasks; "
        )
        text += f"all of them fit {', '.join(map(str, sizes))} alone of the numbers {low} to {high}"
        if sizes:
            found.note("number of tasks", f"{benchmark} / {domain}", text)


def fits(line: Line, tasks: int) -> bool:
    return count_histograms(line.hats, tasks, line.half, line.at_n)[0] > 0
