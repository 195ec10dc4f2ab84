"""What a tracker is told of a run: scalars by name, a table, a short configuration."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from harness.outcomes import Outcome
from harness.results.about import data_hash

Row = Mapping[str, Any]
SCALARS = ("avg_reward", "infra_error_rate", "cost_usd_mean", "in_tokens", "out_tokens", "coverage")
ABOUT_BENCHMARK = ("version", "split", "grading", "reward_basis", "n_tasks", "scripted")
LEFT_OUT = ("benchmarks", "folder", "config")


def scalars(rows: Iterable[Row]) -> dict[str, float]:
    """Name every figure: pass^k/<benchmark>/<domain> with /lo and /hi, and pass@k, costs, rates."""
    found: dict[str, float] = {}
    for row in rows:
        place = "/".join(str(part) for part in (row["benchmark"], row["domain"]) if part)
        for column, value in row.items():
            name = scalar_name(column, place)
            if name and is_number(value):
                found[name] = value
    return found


def scalar_name(column: str, place: str) -> str:
    """Return a scalar's name, or an empty text for a column that is none."""
    if re.fullmatch(r"pass[\^@]\d+", column) or column in SCALARS:
        return f"{column}/{place}"
    if bound := re.fullmatch(r"ci_(lo|hi)_(\d+)", column):
        return f"pass^{bound[2]}/{place}/{bound[1]}"
    return ""


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def grid(rows: Sequence[Row]) -> tuple[list[Any], list[Any]]:
    """Turn rows into columns and lines; a column without any value is left out."""
    names = dict.fromkeys(name for row in rows for name, value in row.items() if value is not None)
    return list(names), [[row.get(name) for name in names] for row in rows]


def category_lines(outcomes: Iterable[Outcome]) -> list[tuple[str, str, int, int]]:
    """Count failed trials per error category: (benchmark, category, trials, all failed)."""
    failed: Counter[str] = Counter()
    found: Counter[tuple[str, str]] = Counter()
    for outcome in outcomes:
        if outcome.status != "fail":
            continue
        failed[outcome.benchmark] += 1
        for name in {category.id for category in outcome.categories}:
            found[outcome.benchmark, name] += 1
    order = sorted(found.items(), key=lambda item: (item[0][0], -item[1], item[0][1]))
    return [(bench, name, count, failed[bench]) for (bench, name), count in order]


def blame_lines(outcomes: Iterable[Outcome]) -> list[tuple[str, str, int, int]]:
    """Count failed trials per party they are put down to: (benchmark, party, trials, judged)."""
    judged: Counter[str] = Counter()
    found: Counter[tuple[str, str]] = Counter()
    for outcome in outcomes:
        about = outcome.parts.get("judge")
        if outcome.status == "fail" and isinstance(about, Mapping):
            judged[outcome.benchmark] += 1
            found[outcome.benchmark, str(about.get("attribution") or "nobody")] += 1
    order = sorted(found.items(), key=lambda item: (item[0][0], -item[1], item[0][1]))
    return [(bench, who, count, judged[bench]) for (bench, who), count in order]


def scores_of(outcomes: Iterable[Outcome]) -> list[tuple[str, float]]:
    """List the judgement scores of failed trials: (benchmark, share of the plan carried out)."""
    parts = ((o.benchmark, o.parts.get("judge")) for o in outcomes if o.status == "fail")
    found: list[tuple[str, Any]] = [
        (bench, about.get("score")) for bench, about in parts if isinstance(about, Mapping)
    ]
    return [(bench, float(score)) for bench, score in found if is_number(score)]


def settings_of(info: Mapping[str, Any]) -> dict[str, Any]:
    """Reduce a run's `info` to what identifies it: no task lists, no functions, data as hashes."""
    plain = {k: v for k, v in info.items() if k not in LEFT_OUT and is_plain(v)}
    benchmarks = info.get("benchmarks") or {}
    plain["benchmarks"] = {
        name: {
            **{k: about.get(k) for k in ABOUT_BENCHMARK},
            "data_sha256": data_hash(about.get("data_sha256")),
        }
        for name, about in benchmarks.items()
    }
    if isinstance(info.get("config"), Mapping):
        plain["config"] = dict(info["config"])
    return plain


def is_plain(value: Any) -> bool:
    """Say whether a value is made of texts, numbers, lists and mappings only."""
    if isinstance(value, Mapping):
        return all(isinstance(k, str) and is_plain(v) for k, v in value.items())
    if isinstance(value, list | tuple):
        return all(is_plain(item) for item in value)
    return value is None or isinstance(value, str | int | float)


def labels(info: Mapping[str, Any]) -> Iterator[str]:
    """Yield the labels of rule-based parties, of the run and of its benchmarks."""
    stated = info.get("scripted") or ()
    yield from [stated] if isinstance(stated, str) else map(str, stated)
    for about in (info.get("benchmarks") or {}).values():
        if about.get("scripted"):
            yield str(about["scripted"])
