"""Build a leaderboard from many runs. Figures that stand on different grounds share no board."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.results.about import data_hash
from harness.results.compare import compare_cell, tie_groups
from harness.results.entries import MUST_AGREE, SHOULD_AGREE, CellKey, Entry, conflicts
from harness.results.entries import load_entries as load
from harness.results.manifest import file_facts, read_manifest
from harness.results.table import read_table

Row = dict[str, Any]
LEADING = ("board", "rank", "tie_group", "basis")


@dataclass(frozen=True)
class Board:
    """Runs on one domain that stand on the same grounds, best first, then the unranked."""

    benchmark: str
    domain: str
    number: int
    rows: tuple[Row, ...]

    @property
    def name(self) -> str:
        domain = f"{self.benchmark}/{self.domain}" if self.domain else self.benchmark
        return domain if self.number == 1 else f"{domain} #{self.number}"


def merge(folders: Sequence[Path]) -> tuple[list[Board], list[str]]:
    """Rank runs by pass^1 on every domain; return the boards and why some are apart.

    Runs that were never completed or whose table is not the one in their manifest are left out
    and named. Raises UserMistake where nothing is left.
    """
    kept, notes = sound(folders)
    if not kept:
        raise UserMistake("; ".join(notes) or "no run is given")
    entries = load(kept)
    boards: list[Board] = []
    for benchmark in sorted({name for entry in entries for name, _ in entry.cells}):
        having = [e for e in entries if any(name == benchmark for name, _ in e.cells)]
        apart = conflicts(having, benchmark, (*MUST_AGREE, *SHOULD_AGREE))
        notes += [f"ranked apart: {line}" for line in apart]
        for domain in sorted({d for e in having for name, d in e.cells if name == benchmark}):
            boards += domain_boards(having, (benchmark, domain))
    return boards, notes


def sound(folders: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """Keep the runs that are complete and whose table is the one they were completed with."""
    kept, notes = [], []
    for folder in folders:
        try:
            manifest = read_manifest(folder)
            table = folder / "table.csv"
            listed = (manifest.get("files") or {}).get("table.csv", {})
            if not manifest.get("ended"):
                raise UserMistake(f"{folder} was never completed")
            if not table.is_file() or file_facts(table)["sha256"] != listed.get("sha256"):
                raise UserMistake(f"{table} is not the table of the manifest: verify the run")
        except UserMistake as mistake:
            notes.append(f"left out: {mistake}")
            continue
        kept.append(folder)
    return kept, notes


def domain_boards(entries: Iterable[Entry], key: CellKey) -> list[Board]:
    """Split the runs of a domain by their grounds and rank each part."""
    parts: dict[tuple[tuple[str, str], ...], list[Entry]] = {}
    for entry in entries:
        if key in entry.cells:
            parts.setdefault(tuple(sorted(entry.basis(key[0]).items())), []).append(entry)
    ordered = sorted(parts.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        Board(*key, number, tuple(board_rows(members, key, number, dict(basis))))
        for number, (basis, members) in enumerate(ordered, 1)
    ]


def board_rows(
    entries: Sequence[Entry], key: CellKey, number: int, basis: dict[str, str]
) -> list[Row]:
    """Rank by strict pass^1; runs without one (unfinished) stand below, unranked."""
    rows = {entry.name: row_of(entry, key) for entry in entries}
    by_name = {entry.name: entry for entry in entries}
    ranked = [name for name, row in rows.items() if row.get("pass^1") is not None]
    ranked.sort(key=lambda name: (-rows[name]["pass^1"], name))
    tied = {
        frozenset((a, b)): compare_cell(by_name[a], by_name[b], key, 1, "fail").tie
        for i, a in enumerate(ranked)
        for b in ranked[i + 1 :]
    }
    groups = tie_groups(ranked, tied)
    name = f"{'/'.join(part for part in key if part)} #{number}"
    grounds = "; ".join(f"{field} {brief(value)}" for field, value in basis.items())
    board: list[Row] = []
    for place, (who, group) in enumerate(zip(ranked, groups, strict=True)):
        score = rows[who]["pass^1"]
        same = place > 0 and score == board[-1]["pass^1"]
        rank = board[-1]["rank"] if same else place + 1
        board.append(
            {"board": name, "rank": rank, "tie_group": group, "basis": grounds, **rows[who]}
        )
    rest = sorted(rows.keys() - set(ranked))
    return board + [
        {"board": name, "rank": None, "tie_group": None, "basis": grounds, **rows[who]}
        for who in rest
    ]


def brief(value: str) -> str:
    return value if len(value) <= 24 else f"{value[:12]}…"


def row_of(entry: Entry, key: CellKey) -> Row:
    """Return a run's own table row of a domain, under the run's unique name."""
    for row in read_table(entry.folder / "table.csv"):
        mine = (row["benchmark"], row["domain"] or "") == key
        if mine and row["kind"] == "domain":
            return {**row, "model": entry.name, "data_sha256": data_hash(row["data_sha256"])}
    raise UserMistake(
        f"{entry.folder / 'table.csv'} has no row for {'/'.join(key)}: verify the run"
    )
