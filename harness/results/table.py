"""The result table: one tidy row per benchmark and domain, domain averages, named totals.

`info` says what the trials are of: run_id, model, user_model, judge_model, training, recipe,
scripted, error_policy, trials (expected per task), `seats` (what each model says of itself) and
`benchmarks`, by name: what `describe` says of each.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from harness.metrics import BadOutcomes
from harness.outcomes import Outcome
from harness.results.about import Info, data_hash, describe, run_fields
from harness.results.cells import Cell, Row, cell_row
from harness.results.columns import columns
from harness.results.files import read_table, write_table
from harness.results.render import render_markdown, render_terminal
from harness.statistics import t_bounds
from harness.tallies import ErrorPolicy

Z = 1.959964
__all__ = [
    "build_table",
    "describe",
    "read_table",
    "render_markdown",
    "render_terminal",
    "write_table",
]


def build_table(
    outcomes: Iterable[Outcome], *, ks: Sequence[int], info: Info | None = None
) -> list[Row]:
    """Turn outcomes into rows: per domain, the unweighted domain average, the named totals.

    Expected trials that are absent count as missing, so pass^k of an unfinished run is None and
    never low. Raises BadOutcomes on repeated trials, unknown statuses and tasks in two domains.
    """
    info = info or {}
    ks = sorted(set(ks))
    cells, outside = gather(outcomes, info)
    order = [*info.get("benchmarks", {}), *sorted({name for name, _ in cells})]
    rows: list[Row] = []
    for name in dict.fromkeys(order):
        mine = {domain: cells[n, domain] for n, domain in sorted(cells) if n == name}
        rows += [row | {"outside": outside[name]} for row in benchmark_rows(name, mine, ks, info)]
    return rows


def gather(
    outcomes: Iterable[Outcome], info: Info
) -> tuple[dict[tuple[str, str], Cell], Counter[str]]:
    """Sort outcomes into cells and fill in the expected trials that are absent.

    A folder may hold more than the run asks for (a larger sample, more trials): such trials are
    left out, and counted per benchmark.
    """
    cells: dict[tuple[str, str], Cell] = {}
    benchmarks = info.get("benchmarks", {})
    expected = {name: about["tasks"] for name, about in benchmarks.items() if about.get("tasks")}
    trials = info.get("trials")
    homes: dict[str, dict[str, str]] = {name: dict(tasks) for name, tasks in expected.items()}
    outside: Counter[str] = Counter()
    for outcome in outcomes:
        name, task = outcome.benchmark, outcome.task_id
        beyond = trials is not None and outcome.trial >= trials
        if beyond or (name in expected and task not in expected[name]):
            outside[name] += 1
            continue
        home = homes.setdefault(name, {}).setdefault(task, outcome.domain)
        if home != outcome.domain:
            raise BadOutcomes(f"{name} task {task} is of domain {home!r}, not {outcome.domain!r}")
        cells.setdefault((name, outcome.domain), Cell()).add(outcome)
    for name, tasks in expected.items():
        fill(cells, name, tasks, benchmarks[name].get("clusters") or {}, int(trials or 1))
    return cells, outside


def fill(
    cells: dict[tuple[str, str], Cell],
    name: str,
    tasks: Mapping[str, str],
    clusters: Mapping[str, str],
    trials: int,
) -> None:
    """Add the trials of a benchmark that were never played."""
    by_domain: dict[str, list[str]] = {}
    for task, domain in tasks.items():
        by_domain.setdefault(domain, []).append(task)
    for domain, members in by_domain.items():
        cell = cells.setdefault((name, domain), Cell())
        cell.fill_missing(members, trials)
        cell.clusters |= {task: clusters[task] for task in members if task in clusters}


def benchmark_rows(
    name: str, cells: Mapping[str, Cell], ks: Sequence[int], info: Info
) -> list[Row]:
    """Rows of one benchmark, all with the same columns."""
    about = info.get("benchmarks", {}).get(name, {})
    policy: ErrorPolicy = info.get("error_policy") or "fail"
    figures = {domain: cell_row(cell, ks, policy) for domain, cell in cells.items()}
    bodies = [{"kind": "domain", "domain": d, **row} for d, row in figures.items()]
    if len(figures) > 1:
        bodies.append(average_row(list(figures.values()), ks))
    bodies += total_rows(figures, about.get("totals"))
    head = run_fields(info) | {
        "benchmark": name,
        "benchmark_version": about.get("version"),
        "data_sha256": data_hash(about.get("data_sha256")),
        "split": about.get("split"),
        "scripted": label(about.get("scripted"), info.get("scripted")),
        "error_policy": policy,
    }
    names = columns(ks)
    return [{column: filled(head | body, column) for column in names} for body in bodies]


def filled(row: Row, column: str) -> Any:
    """Return a field; an empty text is None, as it is in a CSV file."""
    value = row.get(column)
    return None if value == "" else value


def label(*notes: Any) -> str | None:
    """Name the rule-based parties: their numbers must not pass for a language model's."""
    texts = [n if isinstance(n, str) else ", ".join(map(str, n)) for n in notes if n]
    return "; ".join(dict.fromkeys(texts)) or None


def average_row(rows: Sequence[Row], ks: Sequence[int]) -> Row:
    """Unweighted mean of domains; SE = sqrt(sum SE_d^2)/D. None where a domain has none."""
    out: Row = {"kind": "average", "domain": "average"}
    for name in ("n_tasks", "n_clusters", "trials_expected", "trials_scored", "errors", "missing"):
        out[name] = sum(row[name] for row in rows)
    for name in ("in_tokens", "out_tokens", "cost_trials", "retries", "tasks_lost"):
        out[name] = sum(row[name] for row in rows)
    for k in ks:
        out[f"tasks_used_{k}"] = sum(row[f"tasks_used_{k}"] for row in rows)
        for name in (f"pass^{k}", f"pass@{k}", f"pass^{k}_partial", f"pass^{k}_drop"):
            out[name] = mean_of(rows, name)
        out |= average_bounds(rows, k, out[f"pass^{k}_partial"])
    out["avg_reward"] = mean_of(rows, "avg_reward")
    return out


def mean_of(rows: Sequence[Row], name: str) -> float | None:
    values = [row[name] for row in rows]
    return None if None in values else math.fsum(values) / len(values)


def average_bounds(rows: Sequence[Row], k: int, mean: float | None) -> Row:
    """Interval of a domain average: t with Welch-Satterthwaite degrees of freedom.

    The SE of a domain without spread is 0 and says nothing: it enters with the error that its
    Wilson interval stands for, and the average then shows no SE of its own.
    """
    errors = [error_of(row, k) for row in rows]
    if mean is None or None in errors:
        return {}
    squares = [error**2 for error in errors if error is not None]
    freedom = [max(1, row["n_clusters"] - 1) for row in rows]
    df = sum(squares) ** 2 / sum(s**2 / f for s, f in zip(squares, freedom, strict=True))
    error = math.sqrt(math.fsum(squares)) / len(rows)
    low, high = t_bounds(mean, error, df)
    plain = all(row[f"se_{k}"] for row in rows)
    return {
        f"se_{k}": error if plain else None,
        f"ci_lo_{k}": max(0.0, low),
        f"ci_hi_{k}": min(1.0, high),
        f"ci_method_{k}": "t" if plain else "t, wilson",
    }


def error_of(row: Row, k: int) -> float | None:
    """Return a domain's standard error, or the one that its interval stands for."""
    low, high = row[f"ci_lo_{k}"], row[f"ci_hi_{k}"]
    if row[f"se_{k}"] or low is None or high is None:
        return row[f"se_{k}"] or None
    return float(high - low) / (2 * Z)


def total_rows(
    figures: Mapping[str, Row],
    totals: Callable[[Mapping[str, float]], Iterable[Mapping[str, Any]]] | None,
) -> list[Row]:
    """The benchmark's own named totals over its domains' pass rates, each with its formula."""
    if totals is None:
        return []
    known = {domain: row.get("pass^1_partial") for domain, row in figures.items()}
    rates = {domain: rate for domain, rate in known.items() if rate is not None}
    return [
        {
            "kind": "total",
            "domain": str(total["name"]),
            "pass^1": total["value"],
            "formula": total.get("formula"),
            "missing_domains": ", ".join(map(str, total.get("missing") or ())) or None,
        }
        for total in totals(rates)
    ]
