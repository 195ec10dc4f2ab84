"""Judge runs in a file: `python -m evaluators.judge.replay FILE --tools TOOLS.json`.

Prints one JSON object per run: id, categories (Table 9, the primary one first), primary, table8,
attribution, evidence; and hints, tags, first_error, score, undetermined.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluators.judge.case import Tool
from evaluators.judge.findings import Judgement
from evaluators.judge.printed import read_case, read_tools
from evaluators.judge.rules import judge
from harness.faults import UserMistake


def main(argv: Sequence[str] | None = None) -> int:
    """Judge every row. Exit status 2 where a file or a row cannot be read; the rest is judged."""
    parser = argparse.ArgumentParser(prog="python -m evaluators.judge.replay", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="JSON lines (or .gz)")
    parser.add_argument("--tools", type=Path, help="JSON: tools by name")
    options = parser.parse_args(argv)
    unreadable = 0
    try:
        tools = None if options.tools is None else read_tools(load(options.tools))
        for path in options.files:
            for number, line in read_rows(path):
                unreadable += not show(line, f"{path}:{number}", tools)
    except UserMistake as mistake:
        print(f"judge: {mistake}", file=sys.stderr)
        return 2
    return 2 if unreadable else 0


def load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserMistake(f"cannot read {path}: {error}") from None


def read_rows(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line number, text) of every line that is not blank."""
    try:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise UserMistake(f"cannot read {path}: {error}") from None


def show(line: str, place: str, tools: Mapping[str, Tool] | None) -> bool:
    """Print the judgement of one row, or why there is none; says whether it could be read."""
    try:
        row = json.loads(line)
        if not isinstance(row, Mapping):
            raise UserMistake("the row is not an object")
        found = as_json(judge(read_case(row, tools, place), guess=True))
    except (ValueError, RecursionError, UserMistake) as error:
        print(f"judge: {place}: {error}", file=sys.stderr)
        found = as_json(Judgement(place, undetermined=(f"unreadable: {error}",)))
        print(json.dumps(found), flush=True)
        return False
    print(json.dumps(found, default=str))
    return True


def as_json(found: Judgement) -> dict[str, Any]:
    """Return a judgement as the object that is printed and stored."""
    return {
        "id": found.case_id,
        "categories": found.categories(9),
        "primary": found.primary,
        "table8": found.categories(8),
        "attribution": found.attribution,
        "evidence": [f.evidence() for f in found.findings],
        "hints": [f.evidence() for f in found.hints],
        "tags": [f.evidence() for f in found.tags],
        "blame": found.blame,
        "first_error": found.first_error,
        "score": found.score,
        "undetermined": list(found.undetermined),
    }


if __name__ == "__main__":
    sys.exit(main())
