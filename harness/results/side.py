"""What stands beside a run's table: other runs, their errors, what papers print of a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.faults import UserMistake
from harness.results.entries import load_entries
from harness.results.files import read_table
from harness.results.reference import beside_model
from harness.results.shift import folder_names, shift_markdown, shifts
from harness.results.shown import reference_markdown, show_reference, show_shifts
from harness.store import need, write_text

if TYPE_CHECKING:
    from rich.console import Console


def show_beside(
    console: Console, folder: Path, others: Sequence[Path], reference: str | None
) -> None:
    """Print and keep, in a run's folder, its rows beside those of `others` and published ones.

    `published.md` holds what papers print of the model `reference`, `shift.md` how errors shift
    from the first of `others` to the run. Raises UserMistake where a run was not reported yet.
    """
    if reference:
        rows = [row for run in (folder, *others) for row in read_table(table_of(run))]
        if found := beside_model(rows, reference):
            show_reference(console, found)
            write_text(folder / "published.md", reference_markdown(found))
        else:
            console.print(f"no paper prints a row of {reference} for these benchmarks")
    if others:
        entries = load_entries([*others, folder])
        shifted, names = shifts(entries), folder_names(entries)
        show_shifts(console, shifted, names)
        write_text(folder / "shift.md", shift_markdown(shifted, names))


def table_of(run: Path) -> Path:
    """Name a finished run's table. Raises UserMistake where it was not reported yet."""
    path = need(run) / "table.csv"
    if not path.is_file():
        raise UserMistake(f"{run} holds no table.csv: run its stage before this one")
    return path
