"""Published figures beside ours: what papers print is marked as published, never as reproduced."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.paths import reference_dir
from harness.results.lines import read_csv, read_known
from harness.results.render import estimate, percent, title

TABLE = reference_dir() / "reference_results.csv"
PUBLISHED, MEASURED = "published", "measured here"
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """One row of a side-by-side table: whose figures, and their texts by metric."""

    origin: str
    source: str
    model: str
    training: str
    figures: Mapping[str, str]
    remark: str = ""
    impossible: bool = False


def beside(
    rows: Iterable[Mapping[str, Any]], table: Path = TABLE, everything: bool = False
) -> dict[Key, list[Shown]]:
    """Group by (benchmark, domain): rows of ours first, then what papers print of the same.

    Domains that we did not measure are left out unless `everything` is asked for.
    """
    known = read_known(table)
    published = published_rows(table)
    boards: dict[Key, list[Shown]] = {}
    used: set[Key] = set()
    for row in rows:
        boards.setdefault((row["benchmark"], row["domain"] or ""), []).append(our_row(row))
    for (benchmark, domain), board in boards.items():
        match = matches(benchmark, domain, published, known)
        board += [shown for key in match for shown in published[key]]
        used.update(match)
    if everything:
        boards |= {key: found for key, found in sorted(published.items()) if key not in used}
    return boards


def beside_model(rows: Iterable[Mapping[str, Any]], model: str) -> dict[Key, list[Shown]]:
    """Keep of `beside` what papers print of one model, and boards that have such a row alone."""
    boards = {
        place: [shown for shown in board if shown.origin != PUBLISHED or shown.model == model]
        for place, board in beside(rows).items()
    }
    return {
        place: board
        for place, board in boards.items()
        if any(shown.origin == PUBLISHED for shown in board)
    }


def published_rows(table: Path) -> dict[Key, list[Shown]]:
    """Gather the printed scores by (benchmark, domain), with what is known against them."""
    if not table.is_file():
        raise UserMistake(f"{table} does not exist: name the table of published figures by --table")
    remarks = read_remarks(table.with_name("row_consistency.json"))
    groups: dict[tuple[str, ...], dict[str, str]] = {}
    notes: dict[tuple[str, ...], str] = {}
    for row in read_csv(table):
        if row["metric"] not in ("pass^k", "pass@k", "accuracy") or "difference" in row["note"]:
            continue
        names = ("benchmark", "domain", "paper", "table", "model", "training")
        key = tuple(row[name] for name in names)
        metric = row["metric"].replace("k", row["k"]) if row["k"] else row["metric"]
        groups.setdefault(key, {})[metric] = printed(row["value"], row["unit"])
        notes[key] = row["note"]
    found: dict[Key, list[Shown]] = {}
    for (benchmark, domain, paper, name, model, training), figures in groups.items():
        source = f"{paper} {name}"
        flags = remarks.get((source, model, training, domain), "")
        note = notes[benchmark, domain, paper, name, model, training]
        remark = "; ".join(text for text in (flags, note) if text)
        shown = Shown(PUBLISHED, source, model, training, figures, remark, bool(flags))
        found.setdefault((benchmark, domain), []).append(shown)
    return found


def printed(value: str, unit: str) -> str:
    """Show a printed figure in percent, with the digits that were printed."""
    if unit != "fraction":
        return value
    digits = max(0, len(value.partition(".")[2]) - 2)
    return f"{100 * float(value):.{digits}f}"


def read_remarks(path: Path) -> dict[tuple[str, ...], str]:
    """Say of each published row what is impossible about it."""
    if not path.is_file():
        return {}
    remarks: dict[tuple[str, ...], str] = {}
    for row in json.loads(path.read_text()):
        flags = {
            "rises with k": not row["monotone"],
            "breaks the pass@n identity": row["identity_ok"] is False,
            "fits no histogram": row["feasible_without_pass_at_n"] is False,
        }
        key = (row["table"], row["model"], row["training"], row["domain"])
        remarks[key] = ", ".join(text for text, wrong in flags.items() if wrong)
    return remarks


def our_row(row: Mapping[str, Any]) -> Shown:
    """Show a row of one of our tables, with its intervals."""
    figures: dict[str, str] = {}
    for name, value in row.items():
        if re.fullmatch(r"pass\^\d+", name):
            k = int(name[5:])
            whole = f"pass^{k}_partial" in row and row["kind"] != "total"
            figures[name] = estimate(row, k) if whole else percent(value, 2)
        elif re.fullmatch(r"pass@\d+", name) and name != "pass@1":
            figures[name] = percent(value)
    source = f"run {row['run_id']}" if row["run_id"] else title(row)
    model = f"{row['model']} †" if row["scripted"] else str(row["model"] or "")
    return Shown(MEASURED, source, model, row["training"] or "", figures, row["scripted"] or "")


def matches(
    benchmark: str, domain: str, published: Iterable[Key], known: Mapping[str, Any]
) -> list[Key]:
    """Find the published tables of one of our domains."""
    names = known.get("names", {}).get(benchmark, [benchmark])
    other = known.get("domains", {}).get(f"{benchmark}/{domain}", domain)
    wanted = {plain(text) for text in ([other] if isinstance(other, str) else other)}
    return [
        key for name in names for key in published if key[0] == name and plain(key[1]) in wanted
    ]


def plain(name: str) -> str:
    """Compare names by their letters and digits alone."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def metrics_of(board: Sequence[Shown]) -> list[str]:
    """List the metrics of a board: accuracy, pass^k by k, pass@k by k."""
    names = {name for shown in board for name, value in shown.figures.items() if value}

    def order(name: str) -> tuple[int, int]:
        digits = re.search(r"\d+", name)
        kind = 0 if name == "accuracy" else 1 if "^" in name else 2
        return kind, int(digits.group()) if digits else 0

    return sorted(names, key=order)
