"""Rows of pass^k tables, ours or published, read with the precision they were printed with."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from harness.faults import UserMistake

HAT = re.compile(r"pass(?:\^|_hat_|_)(\d+)")
AT = re.compile(r"pass(?:@|_at_)(\d+)")
TWICE_ROUNDED = Fraction(101, 100)
EXACT = Fraction(1, 10**9)
Sizes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One printed row: pass^1..K as shares, pass@K, and the trial and task numbers, if known.

    `half` is half of the last printed digit and 1 % more, for figures that were rounded twice.
    """

    table: str
    benchmark: str
    model: str
    training: str
    domain: str
    hats: tuple[Fraction, ...]
    at_n: Fraction | None
    half: Fraction
    tasks: tuple[int, ...]
    trials: int | None
    histogram: str | None = None

    @property
    def name(self) -> str:
        return " / ".join(x for x in (self.table, self.model, self.training, self.domain) if x)


def read_lines(path: Path, sizes: Sizes | None = None) -> list[Line]:
    """Read the pass^k rows of a CSV table: one figure a row (metric, k, value) or one row a model.

    `sizes` maps benchmark or domain names to the possible numbers of tasks.
    """
    rows = read_csv(path)
    sizes = sizes or {}
    if rows and {"metric", "k", "value"} <= rows[0].keys():
        return long_lines(rows, sizes)
    if rows and any(HAT.fullmatch(name) for name in rows[0]):
        unit = "percent" if any(above_one(row) for row in rows) else ""
        return [line for row in rows if (line := wide_line(row, sizes, unit))]
    raise UserMistake(
        f"{path} has no pass^k figures: it needs columns pass^1, … or metric, k, value"
    )


def read_csv(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [{k: v or "" for k, v in row.items() if k} for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError) as error:
        raise UserMistake(f"cannot read {path}: {error}") from None


def read_known(path: Path) -> dict[str, Any]:
    """Read what is known beside a table (sizes, formulas) from `known.json` in its folder."""
    known = path.with_name("known.json")
    return dict(json.loads(known.read_text())) if known.is_file() else {}


def long_lines(rows: Iterable[Mapping[str, str]], sizes: Sizes) -> list[Line]:
    """Gather figures into lines; those with pass^1 alone say nothing about themselves."""
    groups: dict[tuple[str, ...], dict[tuple[str, int], tuple[str, str]]] = {}
    names = ("paper", "table", "benchmark", "model", "training", "domain")
    for row in rows:
        delta = "difference" in row.get("note", "")
        if row["metric"] not in ("pass^k", "pass@k") or not row["k"].isdigit() or delta:
            continue
        group = groups.setdefault(tuple(row.get(name, "") for name in names), {})
        group[row["metric"], int(row["k"])] = (row["value"], row.get("unit", ""))
    lines = []
    for (paper, table, benchmark, model, training, domain), figures in groups.items():
        n = count_up(k for metric, k in figures if metric == "pass^k")
        if n < 2:
            continue
        values = [figures["pass^k", k] for k in range(1, n + 1)]
        at_n = figures.get(("pass@k", n))
        lines.append(
            Line(
                f"{paper} {table}".strip(),
                benchmark,
                model,
                training,
                domain,
                tuple(share(*value) for value in values),
                None if at_n is None else share(*at_n),
                half_unit([*values, *([at_n] if at_n else [])]),
                known_sizes(sizes, benchmark, domain),
                n,
            )
        )
    return lines


def count_up(ks: Iterable[int]) -> int:
    """Return the largest K for which 1..K are all there."""
    known, k = set(ks), 0
    while k + 1 in known:
        k += 1
    return k


def share(text: str, unit: str) -> Fraction:
    """Read a printed figure as an exact share."""
    try:
        value = Fraction(text)
    except ValueError:
        raise UserMistake(f"{text!r} is not a number") from None
    return value / 100 if unit == "percent" else value


def half_unit(values: Iterable[tuple[str, str]]) -> Fraction:
    """Half of the last printed digit of a row, as a share."""
    values = list(values)
    decimals = max(len(text.partition(".")[2]) for text, _ in values)
    half = Fraction(1, 2 * 10**decimals) * TWICE_ROUNDED
    if values[0][1] == "percent":
        half /= 100
    return max(half, EXACT)


def known_sizes(sizes: Sizes, benchmark: str, domain: str) -> tuple[int, ...]:
    """Look up the possible numbers of tasks of a domain."""
    found = sizes.get(f"{benchmark}/{domain}", sizes.get(domain, ()))
    return (found,) if isinstance(found, int) else tuple(found)


def above_one(row: Mapping[str, str]) -> bool:
    return any(
        value and HAT.fullmatch(name) and share(value, "") > 1 for name, value in row.items()
    )


def wide_line(row: Mapping[str, str], sizes: Sizes, unit: str) -> Line | None:
    """Read one row with columns pass^1.., such as a row of our own table.csv (never rounded)."""
    hats = {int(m[1]): v for name, v in row.items() if (m := HAT.fullmatch(name)) and v}
    at = {int(m[1]): v for name, v in row.items() if (m := AT.fullmatch(name)) and v}
    n = count_up(hats)
    if not n or row.get("kind") == "total":
        return None
    texts = [hats[k] for k in range(1, n + 1)] + ([at[n]] if n in at else [])
    histogram = row.get("c_histogram") or None
    low, high = row.get("n_trials_min", ""), row.get("n_trials_max", "")
    trials = row.get("n_trials") or (low if low == high else "")
    known = known_sizes(sizes, row.get("benchmark", ""), row.get("domain", ""))
    tasks = (int(row["n_tasks"]),) if row.get("n_tasks") else known
    return Line(
        row.get("run_id") or row.get("table", ""),
        row.get("benchmark", ""),
        row.get("model", ""),
        row.get("training", ""),
        row.get("domain", ""),
        tuple(share(text, unit) for text in texts[:n]),
        share(at[n], unit) if n in at else None,
        EXACT if histogram else half_unit([(text, unit) for text in texts]),
        () if row.get("kind") == "average" else tasks,
        int(trials) if trials.isdigit() else None,
        histogram,
    )
