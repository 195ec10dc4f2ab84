"""python -m harness.results: verify a run, check any table, compare, merge, export."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from harness.faults import UserMistake

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Exit status: 0 all well, 1 something was found, 2 the user's mistake."""
    arguments = parser().parse_args(argv)
    from harness.results import commands

    try:
        return int(getattr(commands, arguments.command)(arguments))
    except UserMistake as mistake:
        print(f"harness.results: {mistake}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m harness.results", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_checks(commands)
    add_comparisons(commands)
    add_export(commands.add_parser("export", help="write a leaderboard's own files from a run"))
    return top


def add_checks(commands: Commands) -> None:
    """Describe the commands that look at one run or one table."""
    show = commands.add_parser("show", help="print the result table of a run")
    show.add_argument("run", type=Path, help="run folder")
    show.add_argument("--markdown", action="store_true", help="as Markdown, with every k")

    verify = commands.add_parser(
        "verify", help="recompute every number of a run and grade its episodes again"
    )
    verify.add_argument("run", type=Path, help="run folder")
    verify.add_argument(
        "--no-regrade",
        action="store_true",
        help="only recompute and recount: needs neither the benchmark's data nor its evaluator",
    )

    check = commands.add_parser(
        "check", help="test the rows of a pass^k table, ours or published, for contradictions"
    )
    check.add_argument("table", type=Path, help="CSV: table.csv, or columns metric, k, value")
    check.add_argument(
        "--tasks",
        action="append",
        default=[],
        metavar="DOMAIN=N",
        help="number of tasks of a domain, for the histogram test (repeat for several)",
    )
    check.add_argument("--json", type=Path, metavar="FILE", help="write every row's verdict")


def add_comparisons(commands: Commands) -> None:
    """Describe the commands that set runs side by side."""
    compare = commands.add_parser(
        "compare", help="paired differences of two or more runs, with the tasks that flipped"
    )
    compare.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="run folders")
    compare.add_argument("--k", type=int, default=1, help="compare pass^k (default 1)")
    compare.add_argument("--drop", action="store_true", help="drop errors instead of failing them")
    compare.add_argument("--flips", action="store_true", help="name every task that flipped")

    shift = commands.add_parser(
        "shift", help="how error categories shift from the first run to the others"
    )
    shift.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="run folders")
    shift.add_argument("--to", type=Path, metavar="FOLDER", help="write shift.csv and shift.md")

    curve = commands.add_parser(
        "curve", help="pass^k by step of trainings: folders of runs named step-N (stage curve)"
    )
    curve.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="such as RUN/curve")
    curve.add_argument("--to", type=Path, metavar="FOLDER", help="write curve.md, .png and .svg")

    merge = commands.add_parser(
        "merge", help="rank many runs; different data, grading or users never share a board"
    )
    merge.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="run folders")
    merge.add_argument("--to", type=Path, metavar="FOLDER", help="write leaderboard.csv and .md")
    merge.add_argument("--k", type=int, default=4, help="also show pass^k (default 4)")

    reference = commands.add_parser(
        "reference", help="show what papers print beside our runs, marked as published"
    )
    reference.add_argument("runs", type=Path, nargs="*", metavar="RUN", help="run folders")
    reference.add_argument("--table", type=Path, help="CSV of published figures")
    reference.add_argument("--all", action="store_true", help="also domains that no run measured")


def add_export(export: argparse.ArgumentParser) -> None:
    """Describe the export command: the leaderboards ask for facts that no run knows."""
    export.add_argument("format", choices=("tau2", "bfcl"), help="whose files")
    export.add_argument("run", type=Path, help="run folder")
    export.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="empty folder")
    export.add_argument("--model-name", help="name to be shown (default: the run's model)")
    export.add_argument("--organization", help="who made the model")
    export.add_argument("--submitter", help="who ran it (default: the organization)")
    export.add_argument("--contact", help="e-mail address")
    export.add_argument("--custom", action="store_true", help="tau2: a custom submission")
    export.add_argument("--notes", default="", help="tau2: the method; required with --custom")
    export.add_argument("--reference", action="append", default=[], metavar="URL", help="tau2")
    export.add_argument("--license", help="bfcl: the model's licence")
    export.add_argument("--link", default="", help="bfcl: the model's page")
    export.add_argument(
        "--partial", action="store_true", help="bfcl: missing categories count 0, as it does"
    )


if __name__ == "__main__":
    sys.exit(main())
