"""The result table for people: Markdown and a terminal. Every number says where it comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from harness.results.columns import ks_of
from harness.results.failures import failure_note

if TYPE_CHECKING:
    from rich.console import Console

Row = Mapping[str, Any]
TERMINAL_KS = 4
SCORES = ("tasks", "MDE")


def render_markdown(rows: Sequence[Row]) -> str:
    """Render rows as a Markdown table with notes below it."""
    if not rows:
        return "No trials: nothing to show.\n"
    heads, body = grid(rows, ks_of(list(rows[0])))
    bar = "\\|"
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for line in body:
        lines.append(f"| {' | '.join(cell.replace('|', bar) for cell in line)} |")
    notes = [f"- {note}" for note in notes_on(rows)]
    return "\n".join([*lines, "", *notes]) + "\n"


def render_terminal(rows: Sequence[Row], console: Console) -> None:
    """Print rows as a table on a rich console, with notes below it."""
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    if not rows:
        console.print("No trials: nothing to show.")
        return
    heads, body = grid(rows, shown_ks(ks_of(list(rows[0]))))
    scores = [i for i, head in enumerate(heads) if not i or head in SCORES or "pass" in head]
    costs = [0, *(i for i in range(len(heads)) if i not in scores)]
    for chosen in (scores, costs):
        table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
        for i in chosen:
            justify: Literal["left", "right"] = "right" if i else "left"
            table.add_column(escape(heads[i]), justify=justify, overflow="fold")
        for line in body:
            table.add_row(*(escape(stacked(line[i])) for i in chosen))
        if len(chosen) > 1:
            console.print(table)
    for note in notes_on(rows):
        console.print(f"• {escape(note)}", highlight=False)


def stacked(cell: str) -> str:
    """Put the interval of an estimate below it."""
    value, bracket, bounds = cell.partition(" [")
    return f"{value}\n{bounds[:-1]}" if bracket else cell


def shown_ks(ks: Sequence[int]) -> list[int]:
    """Pick at most a handful of ks for a narrow screen: powers of two and the last."""
    if len(ks) <= TERMINAL_KS:
        return list(ks)
    return [k for k in ks if k & (k - 1) == 0 or k == ks[-1]]


def grid(rows: Sequence[Row], ks: Sequence[int]) -> tuple[list[str], list[list[str]]]:
    """Lay out headings and cells; columns that say nothing anywhere are left out."""
    heads = ["", "tasks", *(f"pass^{k}" for k in ks)]
    heads += [f"pass@{ks[-1]}" if ks else "pass@k", "flaky/never/always", "errors", "calls", "cost"]
    heads += ["tokens in/out", "seconds", "MDE"]
    body = [cells(row, ks) for row in rows if row["kind"] != "total"]
    full = [any(line[i] for line in body) for i in range(len(heads))]
    return (
        [head for head, keep in zip(heads, full, strict=True) if keep],
        [[cell for cell, keep in zip(line, full, strict=True) if keep] for line in body],
    )


def cells(row: Row, ks: Sequence[int]) -> list[str]:
    """Render one row."""
    rates = [row["flaky_rate"], row["never_rate"], row["always_rate"]]
    tokens = row["in_tokens"] or row["out_tokens"]
    return [
        title(row),
        trials(row),
        *(estimate(row, k) for k in ks),
        percent(row[f"pass@{ks[-1]}"]) if ks else "",
        "/".join(percent(rate, 0) for rate in rates) if None not in rates else "",
        str(row["errors"] or ""),
        number(row["tool_calls_mean"]),
        f"${row['cost_usd_mean']:.4f}" if row["cost_usd_mean"] is not None else "",
        f"{short(row['in_tokens'])}/{short(row['out_tokens'])}" if tokens else "",
        number(row["wall_s_mean"]),
        percent(row["mde_paired"]),
    ]


def title(row: Row) -> str:
    """Name a row: benchmark/domain, with a dagger where rule-based parties stand behind it."""
    name = f"{row['benchmark']}/{row['domain']}" if row["domain"] else row["benchmark"]
    return f"{name} †" if row["scripted"] else name


def trials(row: Row) -> str:
    low, high = row["n_trials_min"], row["n_trials_max"]
    if low is None:
        return str(row["n_tasks"])
    return f"{row['n_tasks']}×{low}" if low == high else f"{row['n_tasks']}×{low}-{high}"


def estimate(row: Row, k: int) -> str:
    """Render pass^k with its interval; a star where some tasks lack k scored trials."""
    value, bounds = row[f"pass^{k}_partial"], (row[f"ci_lo_{k}"], row[f"ci_hi_{k}"])
    if value is None:
        return "–"
    star = "" if row[f"pass^{k}"] is not None else f"*({row[f'tasks_used_{k}']}/{row['n_tasks']})"
    interval = "" if None in bounds else f" [{percent(bounds[0])}–{percent(bounds[1])}]"
    return f"{percent(value)}{star}{interval}"


def percent(value: float | None, digits: int = 1) -> str:
    return "" if value is None else f"{100 * value:.{digits}f}"


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def short(count: int) -> str:
    """Shorten a count of tokens: 1.2k, 3.4M."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count / size:.1f}{unit}"
    return str(count)


def notes_on(rows: Sequence[Row]) -> list[str]:
    """Say below the table what its numbers are: origin, totals, errors, gaps, method."""
    ks = ks_of(list(rows[0]))
    domains = [row for row in rows if row["kind"] == "domain"]
    notes = [origin(rows[0])]
    scripted = {row["benchmark"]: row["scripted"] for row in rows if row["scripted"]}
    notes += [f"† {name}: rule-based parties: {who}" for name, who in scripted.items()]
    notes += [total_note(row) for row in rows if row["kind"] == "total"]
    notes += [note for row in domains for note in remarks(row, ks) if note]
    outside = {row["benchmark"]: row["outside"] for row in rows if row["outside"]}
    for name, count in outside.items():
        notes.append(f"{name}: {count} stored trials are not of this selection and not counted.")
    if any(row[f"pass^{k}"] is None for row in domains for k in ks):
        notes.append("A star: only over the tasks with k scored trials (a/b); –: no task has them.")
    if ks:
        notes.append(
            "pass^k: all of k trials pass; pass@k: at least one does; percent [95 % interval over "
            "tasks: Wilson for one trial per task or no spread, t for k = 1, bootstrap for k > 1]."
        )
    if any(row["mde_paired"] is not None for row in domains):
        notes.append(
            "MDE: the smallest true difference, in points, that a paired run of the same size "
            "shows with 80 % power at the 5 % level (task correlation .5 assumed; with one trial "
            "per task an upper bound)."
        )
    return notes


def origin(row: Row) -> str:
    """Name the run, the parties, and the data."""
    named = {
        "run": row["run_id"],
        "model": row["model"],
        "training": row["training"],
        "user": row["user_model"],
        "judge": row["judge_model"],
        "version": row["benchmark_version"],
        "data": (row["data_sha256"] or "")[:12],
        "split:": row["split"],
    }
    known = ", ".join(f"{name} {value}" for name, value in named.items() if value)
    policy = "errors count as failures" if row["error_policy"] == "fail" else "errors are dropped"
    return f"{known or 'unnamed run'}; {policy}."


def total_note(row: Row) -> str:
    """Print a benchmark's own total with its formula."""
    value = "undefined" if row["pass^1"] is None else percent(row["pass^1"], 2)
    formula = f" = {row['formula']}" if row["formula"] else ""
    gap = f"; without {row['missing_domains']}" if row["missing_domains"] else ""
    return f"{row['benchmark']} {row['domain']}: {value}{formula}{gap}"


def error_note(row: Row) -> str:
    """Say what dropping the errors would print, where there are any."""
    if not row["errors"]:
        return ""
    dropped = percent(row.get("pass^1_drop")) or "–"
    lost = f", losing {row['tasks_lost_drop']} tasks" if row["tasks_lost_drop"] else ""
    return (
        f"{title(row)}: {row['errors']} trials failed for infrastructure "
        f"({percent(row['infra_error_rate'])} %); dropping them pass^1 is {dropped}{lost}."
    )


def remarks(row: Row, ks: Sequence[int]) -> tuple[str, ...]:
    return error_note(row), gap_note(row, ks), user_note(row, ks), failure_note(row, title(row))


def user_note(row: Row, ks: Sequence[int]) -> str:
    """Say what rules found wrong with the user, and what remains without the runs it decided."""
    if not row.get("user_error_rate") or not row.get("trials_reviewed"):
        return ""
    shares = ("helped", "hindered", "minor")
    split = ", ".join(f"{name} {percent(row[f'user_{name}_rate'])}" for name in shares)
    first = json.loads(row["first_critical"] or "{}")
    firsts = ", ".join(f"{who} {count}" for who, count in first.items())
    return (
        f"{title(row)}: the user erred (by rule) in {percent(row['user_error_rate'])} % of trials "
        f"({split}){f'; first critical error: {firsts}' if firsts else ''}; {clean(row, ks)}."
    )


def clean(row: Row, ks: Sequence[int]) -> str:
    """Compare all runs with those in which no error of the user was critical."""
    if not row["user_helped_rate"] and not row["user_hindered_rate"]:
        return "none of it critical"
    if not row["trials_clean"]:
        return "no trial is without a critical one"
    rates = ", ".join(
        f"pass^{k} {percent(row[f'pass^{k}_partial']) or '–'} → "
        f"{percent(row[f'pass^{k}_clean']) or '–'}"
        for k in shown_ks(ks)
    )
    count = row["trials_clean"]
    return f"over the {count} trials without a critical one {rates} (a selection, not a score)"


def gap_note(row: Row, ks: Sequence[int]) -> str:
    """Say that trials are missing."""
    if not row["missing"]:
        return ""
    return f"{title(row)}: {row['missing']} of {row['trials_expected']} trials were not played."
