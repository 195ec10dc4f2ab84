"""`python -m harness.tracking leaderboard RUN [RUN ...]`: rebuild the leaderboard in W&B."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.faults import UserMistake
from harness.tracking.weights_and_biases import PROJECT


def main(arguments: Sequence[str] | None = None) -> int:
    """Rebuild the leaderboard and print where it is. Returns 0, or 2 on a mistake."""
    options = parser().parse_args(arguments)
    from harness.tracking.leaderboard import publish

    try:
        done = publish(
            options.runs, options.project, entity=options.entity, mode=options.mode, out=options.out
        )
    except UserMistake as mistake:
        print(mistake, file=sys.stderr)
        return 2
    for note in done.notes:
        print(note)
    print(f"leaderboard of {len(options.runs)} runs, {done.rows} rows: {done.place}")
    return 0


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser(prog="python -m harness.tracking", description=__doc__)
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    board = commands.add_parser("leaderboard", help="rebuild the leaderboard from manifests")
    board.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a finished run")
    board.add_argument("--project", default=PROJECT)
    board.add_argument("--entity", help="W&B team or user")
    board.add_argument("--mode", choices=("online", "offline"), help="default: by the key")
    board.add_argument("--out", type=Path, default=Path("runs"), help="folder of offline files")
    return made


if __name__ == "__main__":
    raise SystemExit(main())
