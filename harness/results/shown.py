"""Comparisons, leaderboards and published figures as terminal tables and lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.results.compare import Comparison
from harness.results.merge import Board
from harness.results.reference import Shown, metrics_of
from harness.results.render import estimate as estimate_cell
from harness.results.render import stacked
from harness.results.shift import Shift, shift_grid, shift_notes

if TYPE_CHECKING:
    from rich.console import Console

FLIPS = 8
GROUNDS = ("version", "grading", "split", "data_sha256", "user", "judge")


def show_grid(
    console: Console,
    title: str,
    heads: Sequence[str],
    body: Iterable[Sequence[str]],
    left: int = 1,
) -> None:
    """Print one table; the first `left` columns are left-aligned, nothing is cut off."""
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    console.print(escape(title), style="bold", highlight=False)
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        show_edge=False,
    )
    for i, head in enumerate(heads):
        table.add_column(escape(head), justify="left" if i < left else "right", overflow="fold")
    for line in body:
        table.add_row(*(escape(stacked(cell)) for cell in line))
    console.print(table)
    console.print()


def show_lines(console: Console, lines: Iterable[str]) -> None:
    from rich.markup import escape

    for line in lines:
        console.print(f"• {escape(line)}", highlight=False)


def show_comparisons(
    console: Console, rows: Sequence[Comparison], notes: Iterable[str], all_flips: bool = False
) -> None:
    """Print paired differences and, below, the tasks that flipped."""
    heads = ["A - B", "domain", "diff", "p", "p Holm", "tasks", "only A/B", "verdict"]
    show_grid(console, f"paired differences of pass^{rows[0].k}, points", heads, map(cells, rows))
    lines = [*notes]
    lines += [text for row in rows if (text := flips(row, None if all_flips else FLIPS))]
    lines.append(
        "diff: mean over common tasks [95 % interval, t over tasks]; p: exact sign-flip up to 20 "
        "tasks, normal above; Holm over all rows; only A/B: tasks that one side alone has."
    )
    show_lines(console, lines)


def cells(row: Comparison) -> list[str]:
    """Render one comparison."""
    interval = "" if row.low is None else f" [{signed(row.low)}, {signed(row.high)}]"
    p = "" if row.p is None else f"{row.p:.3g}{' exact' if row.exact else ''}"
    return [
        f"{row.a} - {row.b}",
        f"{row.benchmark}/{row.domain}" if row.domain else row.benchmark,
        f"{signed(row.diff)}{interval}",
        p,
        "" if row.p_holm is None else f"{row.p_holm:.3g}",
        str(row.n_common),
        f"{row.only_a}/{row.only_b}",
        verdict(row),
    ]


def verdict(row: Comparison) -> str:
    """Say in a word what the difference shows."""
    if row.diff is None or row.p is None:
        return "too few tasks"
    if row.tie:
        return "tie"
    return "A better" if row.diff > 0 else "B better"


def flips(row: Comparison, most: int | None) -> str:
    """Name the tasks that differ by half of their trials or more."""
    if not row.wins and not row.losses:
        return ""
    sides = [f"{who} better on {listed(tasks, most)}" for who, tasks in winners(row) if tasks]
    return f"{row.benchmark}/{row.domain} flipped: {'; '.join(sides)}"


def winners(row: Comparison) -> list[tuple[str, tuple[str, ...]]]:
    return [(row.a, row.wins), (row.b, row.losses)]


def listed(names: Sequence[str], most: int | None) -> str:
    shown = ", ".join(names[:most])
    rest = len(names) - len(names[:most])
    return f"{len(names)} tasks: {shown}{f' and {rest} more' if rest else ''}"


def signed(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:+.1f}"


def show_shifts(console: Console, rows: Sequence[Shift], names: Sequence[str]) -> None:
    """Print the rates of error categories run by run, a table per benchmark."""
    for benchmark in dict.fromkeys(row.benchmark for row in rows):
        heads, body = shift_grid([row for row in rows if row.benchmark == benchmark], names)
        show_grid(console, benchmark, heads, body)
    show_lines(console, shift_notes(rows))


def show_boards(console: Console, boards: Sequence[Board], notes: Iterable[str], k: int) -> None:
    """Print every board, best first."""
    heads = ["", "model", "tie", "pass^1", *([f"pass^{k}"] if k > 1 else []), "tasks", "errors"]
    for board in boards:
        body = [board_cells(row, k) for row in board.rows]
        show_grid(console, f"{board.name} ({grounds(board)})", [*heads, "run"], body)
    lines = [*notes, "tie: rows of one number are not shown to differ (paired 95 % interval)."]
    if any(row["rank"] is None for board in boards for row in board.rows):
        lines.append("unranked: not every task has a scored trial.")
    show_lines(console, lines)


def grounds(board: Board) -> str:
    """Name the grounds of a board that a reader asks for; the CSV file holds all of them."""
    parts = str(board.rows[0]["basis"]).split("; ")
    return "; ".join(part for part in parts if part.partition(" ")[0] in GROUNDS)


def board_cells(row: Mapping[str, Any], k: int) -> list[str]:
    """Render one row of a board."""
    name = f"{row['model']} †" if row["scripted"] else str(row["model"])
    last = estimate_cell(row, k) if f"pass^{k}" in row else "–"
    return [
        str(row["rank"] or "–"),
        name,
        str(row["tie_group"] or ""),
        estimate_cell(row, 1),
        *([last] if k > 1 else []),
        f"{row['n_tasks']}×{row['n_trials_max']}",
        str(row["errors"] or ""),
        str(row["run_id"]),
    ]


def boards_markdown(boards: Sequence[Board], notes: Iterable[str], k: int) -> str:
    """Render the boards as Markdown."""
    heads = ["", "model", "tie", "pass^1", *([f"pass^{k}"] if k > 1 else []), "tasks", "errors"]
    heads.append("run")
    parts = []
    for board in boards:
        lines = [f"## {board.name}", "", grounds(board), ""]
        lines += [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
        lines += [f"| {' | '.join(board_cells(row, k))} |" for row in board.rows]
        parts.append("\n".join(lines))
    parts.append("\n".join(f"- {note}" for note in notes))
    return "\n\n".join(part for part in parts if part) + "\n"


APART = (
    "published: printed in a paper, never reproduced here; user models, prompts, trial numbers and "
    "data versions differ, so no row of one origin ranks against the other."
)


def show_reference(console: Console, boards: Mapping[tuple[str, str], Sequence[Shown]]) -> None:
    """Print ours and published rows of every domain, each marked with its origin."""
    for place, board in boards.items():
        heads, lines = reference_grid(board)
        show_grid(console, title_of(place), heads, lines, left=4)
        show_lines(console, impossible(board))
    show_lines(console, [APART])


def reference_markdown(boards: Mapping[tuple[str, str], Sequence[Shown]]) -> str:
    """Render ours and published rows of every domain as Markdown."""
    parts = []
    for place, board in boards.items():
        heads, body = reference_grid(board)
        lines = [f"## {title_of(place)}", "", f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
        lines += [
            f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in body
        ]
        lines += ["", *(f"- {note}" for note in impossible(board))]
        parts.append("\n".join(lines).rstrip())
    return "\n\n".join([*parts, APART]) + "\n"


def reference_grid(board: Sequence[Shown]) -> tuple[list[str], list[list[str]]]:
    """Lay out one board: headings and cells, empty where a row lacks a metric."""
    names = metrics_of(board)
    heads = ["", "source", "model", "training", *names]
    body = [
        [row.origin, row.source, row.model, row.training, *map(row.figures.get, names)]
        for row in board
    ]
    return heads, [[cell or "" for cell in line] for line in body]


def impossible(board: Sequence[Shown]) -> list[str]:
    """Name the rows of a board that contradict themselves."""
    return [
        f"{row.source} / {row.model} / {row.training}: {row.remark}"
        for row in board
        if row.impossible
    ]


def title_of(place: tuple[str, str]) -> str:
    return "/".join(part for part in place if part)
