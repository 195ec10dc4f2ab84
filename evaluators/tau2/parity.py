"""Compare our worlds, rewards and loop with recorded verdicts of the official code.

    python -m evaluators.tau2.parity tools|trajectories|dialogues FILE… [--show N]

Prints the rows and mismatches per domain and in all; exit status 1 on any mismatch.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import json
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.faults import UserMistake

Row = Mapping[str, Any]
Compare = Callable[[Row], Iterable[str]]
GZIP = b"\x1f\x8b"
COMMANDS = ("tools", "trajectories", "dialogues")


def read_rows(path: Path) -> Iterator[Row]:
    """Read JSON lines, plain or gzip. Raises UserMistake on anything else."""
    number = 0
    try:
        with path.open("rb") as raw:
            is_gzip = raw.read(2) == GZIP
            raw.seek(0)
            for line in gzip.GzipFile(fileobj=raw) if is_gzip else raw:
                number += 1
                if line.strip():
                    yield an_object(line)
    except FileNotFoundError:
        raise UserMistake(f"no such file: {path}") from None
    except IsADirectoryError:
        raise UserMistake(f"{path} is a folder: name the files in it") from None
    except (ValueError, OSError, EOFError, zlib.error, RecursionError) as error:
        raise UserMistake(f"{path} is not JSON lines (line {max(number, 1)}): {error}") from None


def an_object(line: bytes) -> Row:
    row = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError(f"an object was expected, not {type(row).__name__}")
    return row


def compare_all(
    compare: Compare, rows: Iterable[Row], show: int, needed: Collection[str] = ("domain",)
) -> tuple[Counter[str], int]:
    """Compare every row; print the first `show` mismatches and the notes of each domain.

    Raises UserMistake on a row without the `needed` fields, which say what is to be played.
    """
    seen: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for number, row in enumerate(rows, 1):
        name = row.get("id") or f"row {number}"
        if absent := [field for field in needed if field not in row]:
            raise UserMistake(f"{name} lacks the field {absent[0]}")
        seen[row["domain"]] += 1
        differences = list(compare(row))
        if differences:
            wrong[row["domain"]] += 1
            if sum(wrong.values()) <= show:
                print(f"{name}: {'; '.join(differences)}")
    for domain in sorted(seen):
        print(f"  {domain}: {seen[domain]} rows, {wrong[domain]} mismatches")
    return seen, sum(wrong.values())


def main(argv: Sequence[str] | None = None) -> int:
    """Run one comparison and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m evaluators.tau2.parity", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--show", type=int, default=5, help="mismatches to print (default 5)")
    options = parser.parse_args(argv)
    module = importlib.import_module(f"evaluators.tau2.parity_{options.command}")
    rows = (row for path in options.files for row in read_rows(path))
    seen, mismatches = compare_all(module.compare, rows, options.show, module.NEEDED)
    for line in module.notes():
        print(line)
    print(f"{sum(seen.values())} rows, {mismatches} mismatches")
    return 1 if mismatches else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserMistake as mistake:
        print(f"evaluators.tau2.parity: {mistake}", file=sys.stderr)
        sys.exit(2)
