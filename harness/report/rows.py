"""The leaderboard's rows: a run's table.csv where it agrees with the outcomes, else recomputed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.outcomes import Outcome
from harness.report.identity import Identity

Row = dict[str, Any]
CHECKED = ("n_tasks", "trials_scored", "errors", "pass^1", "ci_lo_1", "ci_hi_1")


def leaderboard(
    folder: Path, identity: Identity, outcomes: Sequence[Outcome]
) -> tuple[list[Row], list[str]]:
    """Return a run's table rows and the warnings that must stand beside them."""
    from harness.results.table import build_table, read_table

    fresh = build_table(outcomes, ks=ks_of(outcomes), info=info_of(identity))
    path = folder / "table.csv"
    if not path.is_file():
        return fresh, []
    stored = [dict(row) for row in read_table(path)]
    if stale := differences(stored, fresh):
        return fresh, [
            f"table.csv does not match the outcomes ({stale}); the figures here are recomputed"
        ]
    return stored, []


def ks_of(outcomes: Iterable[Outcome]) -> list[int]:
    """Return 1..K, K the largest number of trials of one task (8 at most)."""
    most = max((outcome.trial for outcome in outcomes), default=0) + 1
    return list(range(1, min(most, 8) + 1))


def info_of(identity: Identity) -> dict[str, Any]:
    """Say what the outcomes are of, as far as the run folder tells."""
    facts = dict(identity.facts)
    benchmarks = {
        name: {"version": version or None, "data_sha256": dict(identity.hashes[name])}
        for name, version in identity.versions.items()
    }
    return {
        "benchmarks": benchmarks,
        "run_id": identity.name,
        "model": identity.model,
        "model_revision": facts.get("revision"),
        "user_model": facts.get("user"),
        "judge_model": facts.get("judge"),
        "scripted": "; ".join(f"{seat}: {text}" for seat, text in identity.labels.items()),
    }


def differences(stored: Sequence[Row], fresh: Sequence[Row]) -> str:
    """Name the first row and column in which a stored table contradicts the outcomes."""
    rows = {(row["benchmark"], row["domain"]): row for row in stored}
    for row in fresh:
        if row.get("kind") != "domain":
            continue
        place = f"{row['benchmark']} {row['domain']}".strip()
        old = rows.get((row["benchmark"], row["domain"]))
        if old is None:
            return f"{place} is missing"
        for name in CHECKED:
            if not same(old.get(name), row.get(name)):
                return f"{place}: {name}"
    return ""


def same(a: Any, b: Any) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float):
        return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9)
    return bool(a == b)


def for_page(row: Mapping[str, Any], run: int) -> Row:
    """Keep what the page shows of a row; figures that are not finite are left out."""
    kept = {key: value for key, value in row.items() if value is not None and is_shown(value)}
    return {**kept, "run": run}


def is_shown(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)
