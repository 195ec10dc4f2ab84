"""Check the numbers of a run: every figure of its tables and its manifest, from the outcomes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.metrics import BadOutcomes
from harness.outcomes import Outcome
from harness.results.about import info_of, names_hash
from harness.results.columns import ks_of
from harness.results.findings import Findings
from harness.results.manifest import Json, totals_of
from harness.results.table import build_table, read_table

Rows = Sequence[Mapping[str, Any]]
ROUNDING = 1e-9


def check_numbers(
    folder: Path,
    manifest: Json,
    outcomes: Sequence[Outcome],
    totals: Mapping[str, Any],
    found: Findings,
) -> None:
    """Rebuild the table and compare it with table.csv, table.parquet and the manifest."""
    stored = manifest.get("results") or []
    tables = {"manifest.json results": stored, **tables_on_disk(folder, found)}
    ks = ks_of(list(stored[0])) if stored else [1]
    try:
        rows = build_table(outcomes, ks=ks, info=info_of(manifest, totals))
    except BadOutcomes as error:
        found.add("wrong figure", "table", f"cannot be computed: {error}")
        return
    for where, table in tables.items():
        compare_tables(where, table, rows, bool(totals), found)
    check_totals(manifest, outcomes, found)
    check_tasks(manifest, found)


def tables_on_disk(folder: Path, found: Findings) -> dict[str, Rows]:
    """Read table.csv and table.parquet where they exist (their absence is found elsewhere)."""
    tables: dict[str, Rows] = {}
    for name, read in (("table.csv", read_table), ("table.parquet", read_parquet)):
        path = folder / name
        try:
            if path.is_file():
                tables[name] = read(path)
        except UserMistake as error:
            found.add("damaged table", name, str(error))
    return tables


def read_parquet(path: Path) -> Rows:
    """Read a Parquet table. Raises UserMistake where it is damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_table(path).to_pylist())
    except (pa.ArrowInvalid, OSError) as error:
        raise UserMistake(f"{path} cannot be read: {str(error).splitlines()[0]}") from None


def compare_tables(where: str, stored: Rows, rows: Rows, totals: bool, found: Findings) -> None:
    """Compare two tables row by row, figure by figure."""
    if not totals:
        kinds = [row for row in stored if row.get("kind") == "total"]
        if kinds:
            found.note("not checked", where, f"{len(kinds)} totals need their benchmark's formula")
        stored = [row for row in stored if row.get("kind") != "total"]
    rows = [row for row in rows if totals or row["kind"] != "total"]
    names = [place(row) for row in rows]
    if [place(row) for row in stored] != names:
        found.differ("wrong rows", where, "the list of rows", [*map(place, stored)], names)
        return
    for old, new in zip(stored, rows, strict=True):
        found.checked["rows"] += 1
        for column in sorted({*old, *new}):
            if not same(old.get(column), new.get(column)):
                text = f"{place(new)} {column}"
                found.differ("wrong figure", where, text, old.get(column), new.get(column))


def place(row: Mapping[str, Any]) -> str:
    return f"{row.get('benchmark')}/{row.get('domain')}"


def same(old: Any, new: Any) -> bool:
    """Say whether two figures agree, up to the last bits of another machine's arithmetic."""
    if isinstance(old, float) and isinstance(new, (int, float)):
        return math.isclose(old, new, rel_tol=ROUNDING, abs_tol=1e-12)
    return bool(old == new)


def check_totals(manifest: Json, outcomes: Iterable[Outcome], found: Findings) -> None:
    """Compare the manifest's counts and usage with the outcomes'."""
    for name, value in totals_of(outcomes).items():
        stored = manifest.get(name)
        pairs = [(name, stored, value)]
        if isinstance(value, dict) and isinstance(stored, dict):
            keys = sorted({*value, *stored})
            pairs = [(f"{name} {key}", stored.get(key), value.get(key)) for key in keys]
        for what, old, new in pairs:
            if not same(old, new):
                found.differ("wrong total", "manifest.json", what, old, new)


def check_tasks(manifest: Json, found: Findings) -> None:
    """Compare each benchmark's task list with its hash and number."""
    for entry in manifest.get("benchmarks", ()):
        tasks, where = entry.get("tasks") or {}, f"manifest.json {entry.get('name')}"
        if len(tasks) != entry.get("n_tasks"):
            found.differ("wrong tasks", where, "n_tasks", entry.get("n_tasks"), len(tasks))
        if names_hash(tasks) != entry.get("task_ids_sha"):
            found.add("wrong tasks", where, "the task list does not have the hash task_ids_sha")
