"""What each command of python -m harness.results does."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from rich.console import Console

from harness.faults import UserMistake
from harness.results.findings import SHOWN, Findings
from harness.store import need, write_text

PIPE_WIDTH = 180


def console() -> Console:
    """Return a console as wide as the terminal, or wide enough for any table in a pipe."""
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)


def say(found: Findings, most: int = SHOWN) -> int:
    """Print what was found; 1 if any of it is grave."""
    for line in found.lines(most):
        print(line)
    return 1 if found.grave else 0


def show(arguments: argparse.Namespace) -> int:
    """Print the stored table of a run."""
    from harness.results.files import read_table
    from harness.results.render import render_markdown, render_terminal

    rows = read_table(need(arguments.run) / "table.csv")
    if arguments.markdown:
        print(render_markdown(rows), end="")
    else:
        render_terminal(rows, console())
    return 0


def verify(arguments: argparse.Namespace) -> int:
    """Verify a run. Without its data the numbers are still recomputed, and that is said."""
    from harness.results.regrade import rebuild
    from harness.results.verify import verify as verify_run

    grader, trouble = None, ""
    if not arguments.no_regrade:
        try:
            grader = rebuild(need(arguments.run))
        except UserMistake as mistake:
            trouble = str(mistake)
    benchmarks = grader.benchmarks if grader else None
    found = asyncio.run(verify_run(arguments.run, grader, benchmarks))
    if trouble:
        found.add("not graded", "", f"{trouble} (--no-regrade recomputes without grading)")
    return say(found)


def check(arguments: argparse.Namespace) -> int:
    """Check the rows of a table by themselves and against each other."""
    from harness.results.across import check_averages, check_copies, check_totals, infer_sizes
    from harness.results.check import check_lines
    from harness.results.lines import read_known, read_lines

    known = read_known(arguments.table)
    sizes = {**known.get("sizes", {}), **given_sizes(arguments.tasks)}
    lines = read_lines(arguments.table, sizes)
    found = Findings()
    results = check_lines(lines, found)
    check_averages(lines, found)
    check_copies(lines, found)
    infer_sizes(lines, found)
    check_totals(arguments.table, known.get("formulas", {}), found)
    if arguments.json:
        records = [result.record() for result in results]
        write_text(arguments.json, json.dumps(records, indent=1) + "\n")
    return say(found, most=len(found.items))


def given_sizes(texts: list[str]) -> dict[str, list[int]]:
    """Read DOMAIN=N options; a domain given twice may have either number of tasks."""
    sizes: dict[str, list[int]] = {}
    for text in texts:
        domain, _, number = text.partition("=")
        if not number.isdigit():
            raise UserMistake(f"--tasks {text}: write DOMAIN=NUMBER, such as airline=50")
        sizes.setdefault(domain, []).append(int(number))
    return sizes


def compare(arguments: argparse.Namespace) -> int:
    """Compare runs pairwise."""
    from harness.results.compare import compare as compare_runs
    from harness.results.entries import load_entries
    from harness.results.shown import show_comparisons

    if len(arguments.runs) < 2:
        raise UserMistake("one run cannot be compared: name two or more")
    entries = load_entries(arguments.runs)
    rows, notes = compare_runs(entries, arguments.k, "drop" if arguments.drop else "fail")
    show_comparisons(console(), rows, notes, arguments.flips)
    return 0


def shift(arguments: argparse.Namespace) -> int:
    """Show how error categories shift."""
    from harness.results.entries import load_entries
    from harness.results.files import csv_text
    from harness.results.shift import folder_names, shift_markdown, shift_records, shifts
    from harness.results.shown import show_shifts

    if len(arguments.runs) < 2:
        raise UserMistake("one run cannot be compared: name two or more")
    entries = load_entries(arguments.runs)
    rows, names = shifts(entries), folder_names(entries)
    show_shifts(console(), rows, names)
    if arguments.to:
        arguments.to.mkdir(parents=True, exist_ok=True)
        write_text(arguments.to / "shift.csv", csv_text(shift_records(rows, names)))
        write_text(arguments.to / "shift.md", shift_markdown(rows, names))
    return 0


def curve(arguments: argparse.Namespace) -> int:
    """Show pass^k by step of one or more trainings."""
    from harness.results.curve import curve_grid, curve_markdown, read_curves
    from harness.results.shown import show_grid

    curves = read_curves(arguments.folders)
    heads, body = curve_grid(curves)
    show_grid(console(), "pass^k by step of training, percent", heads, body, left=2)
    if arguments.to:
        from harness.report.draw_curves import write_curves

        for path in write_curves(curves, arguments.to):
            print(path)
        write_text(arguments.to / "curve.md", curve_markdown(curves))
    return 0


def merge(arguments: argparse.Namespace) -> int:
    """Rank runs and write the boards."""
    from harness.results.files import csv_text
    from harness.results.merge import merge as merge_runs
    from harness.results.shown import boards_markdown, show_boards

    boards, notes = merge_runs(arguments.runs)
    show_boards(console(), boards, notes, arguments.k)
    if arguments.to:
        arguments.to.mkdir(parents=True, exist_ok=True)
        rows = [row for board in boards for row in board.rows]
        write_text(arguments.to / "leaderboard.csv", csv_text(rows))
        text = boards_markdown(boards, notes, arguments.k)
        write_text(arguments.to / "leaderboard.md", text)
    return 1 if any(note.startswith("left out") for note in notes) else 0


def reference(arguments: argparse.Namespace) -> int:
    """Show published figures beside runs."""
    from harness.results.files import read_table
    from harness.results.reference import TABLE, beside
    from harness.results.shown import show_reference

    rows = [row for run in arguments.runs for row in read_table(need(run) / "table.csv")]
    everything = arguments.all or not rows
    show_reference(console(), beside(rows, arguments.table or TABLE, everything))
    return 0


def export(arguments: argparse.Namespace) -> int:
    """Write a leaderboard's files, or say which of its rules the run does not meet."""
    from harness.results.export.request import request_of
    from harness.results.export.run import export_run

    folder: Path = arguments.to
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserMistake(f"{folder} is not an empty folder: choose another --to")
    need(arguments.run)
    for path in export_run(arguments.format, request_of(arguments)):
        print(path)
    return 0
