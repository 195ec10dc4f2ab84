"""The leaderboard's rows: a run's table.csv where it agrees with the outcomes, else recomputed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.outcomes import Outcome
from harness.report.identity import Identity

Row = dict[str, Any]
MOST_KS = 8
CHECKED = ("n_tasks", "trials_scored", "errors", "pass^1", "ci_lo_1", "ci_hi_1")


def leaderboard(
    folder: Path, identity: Identity, outcomes: Sequence[Outcome]
) -> tuple[list[Row], list[str]]:
    """Return a run's table rows and the warnings that must stand beside them.

    table.csv is taken where it agrees with the outcomes (it also holds the benchmark's totals).
    """
    from harness.results.about import info_of
    from harness.results.columns import ks_of
    from harness.results.manifest import NAME, read_manifest
    from harness.results.table import build_table, read_table

    stored = read_table(folder / "table.csv") if (folder / "table.csv").is_file() else []
    manifest = read_manifest(folder) if (folder / NAME).is_file() else {}
    trials = manifest.get("trials") or max((o.trial for o in outcomes), default=0) + 1
    ks = ks_of(list(stored[0])) if stored else list(range(1, min(trials, MOST_KS) + 1))
    info = info_of(manifest) if manifest else info_without(identity)
    fresh = build_table(outcomes, ks=ks or [1], info=info)
    if not stored:
        return fresh, []
    if place := differences(stored, fresh):
        return fresh, [f"table.csv contradicts the outcomes ({place}): figures are recomputed here"]
    return stored, []


def info_without(identity: Identity) -> dict[str, Any]:
    """Say what the outcomes are of where there is no manifest."""
    facts = dict(identity.facts)
    return {
        "run_id": identity.name,
        "model": identity.model,
        "user_model": facts.get("user"),
        "judge_model": facts.get("judge"),
        "scripted": identity.labels,
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
