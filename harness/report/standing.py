"""How the runs of a sweep stand to each other: tie groups, and grounds on which they differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def mark_ties(folders: Sequence[Path], rows: Sequence[list[Row]]) -> list[str]:
    """Set `tie_group` in the rows of complete runs and return the warnings of the sweep.

    Runs of one number are not shown to differ by a paired 95 % interval. Only runs on the same
    grounds (data, grading, split, user, ...) get numbers; the warnings name the other grounds.
    """
    from harness.results.entries import MUST_AGREE, SHOULD_AGREE, conflicts, load_entries
    from harness.results.merge import domain_boards, sound

    kept, _ = sound(folders)
    if len(kept) < 2:
        return []
    entries = load_entries(kept)
    homes = {entry.name: folders.index(entry.folder) for entry in entries}
    warnings: list[str] = []
    for benchmark in dict.fromkeys(name for entry in entries for name, _ in entry.cells):
        having = [e for e in entries if any(name == benchmark for name, _ in e.cells)]
        warnings += conflicts(having, benchmark, (*MUST_AGREE, *SHOULD_AGREE))
        for key in dict.fromkeys(key for e in having for key in e.cells if key[0] == benchmark):
            for board in domain_boards(having, key):
                for placed in board.rows:
                    set_tie(rows[homes[placed["model"]]], key, placed["tie_group"], board.number)
    return warnings


def set_tie(rows: Sequence[Row], key: tuple[str, str], group: int | None, board: int) -> None:
    """Write a tie group into a run's row; groups of further boards carry the board's number."""
    for row in rows:
        place = (row["benchmark"], row["domain"] or "")
        if group is not None and place == key and row.get("kind") == "domain":
            row["tie_group"] = str(group) if board == 1 else f"{group} (#{board})"
