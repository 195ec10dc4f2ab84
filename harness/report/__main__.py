"""`python -m harness.report RUN [RUN ...]`: write the report of a run or a sweep."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.faults import UserMistake
from harness.report.build import write_report


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the report and print its path. Returns the exit status: 0, or 2 on a mistake."""
    options = parser().parse_args(arguments)
    try:
        path = write_report(options.runs, options.out)
        print(f"report: {path}")
        if options.plots:
            from harness.report.plots import write_plots

            for folder in write_plots(options.runs, options.out):
                print(f"plots: {folder}")
    except UserMistake as mistake:
        print(mistake, file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser(prog="python -m harness.report", description=__doc__)
    made.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a run")
    made.add_argument("--out", type=Path, help="folder for report.html (default: the run's)")
    made.add_argument("--plots", action="store_true", help="also write PNG and SVG plots")
    return made


if __name__ == "__main__":
    raise SystemExit(main())
