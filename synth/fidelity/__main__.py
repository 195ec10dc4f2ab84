"""Replay official gold calls beside synthesised worlds and report how far they agree.

    python -m synth.fidelity [--to results/synth]     all figures, with commit, date and command
    python -m synth.fidelity --show [TOOL …]          what disagrees, call by call

Needs the packs `bfcl` and `tau2`; the tau2 rows come from $HARNESS_ORACLES/tau2_tools.jsonl.gz.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.faults import UserMistake
from harness.packs import locate
from synth.fidelity import tau2
from synth.fidelity.replay import Replay, TaskResult
from synth.fidelity.report import Findings, document, rows, table_of, totals
from synth.fidelity.writing import write_report


def main(argv: Sequence[str] | None = None) -> int:
    """Replay, print the figures, write them where asked."""
    options = parsed(argv)
    try:
        root = locate("bfcl").root
        if options.show is not None:
            show(list(Replay(root, rename=not options.strict).tasks()), options.show, options.limit)
            return 0
        found = Findings(
            totals(list(Replay(root, rename=True).tasks())),
            totals(list(Replay(root).tasks())),
            held_out(),
        )
        print(table_of(found.renamed) + "\n\n" + table_of(found.strict))
        if options.to is not None:
            write_report(options.to, document(found), rows(found))
    except UserMistake as mistake:
        print(f"synth.fidelity: {mistake}", file=sys.stderr)
        return 2
    return 0


def held_out() -> tuple[tau2.Row, ...]:
    """Return the tau2 rows, or none where there is no recording."""
    folder = os.environ.get("HARNESS_ORACLES")
    path = Path(folder) / "tau2_tools.jsonl.gz" if folder else None
    if path is None or not path.is_file():
        return ()
    return tuple(tau2.compare_file(path))


def show(tasks: Sequence[TaskResult], tools: Sequence[str], limit: int) -> None:
    """Print calls that disagree in shape, data or changed fields."""
    seen: dict[str, int] = {}
    for call in (call for task in tasks for call in task.calls):
        wrong = not (call.shape and call.data) or call.values is False
        if not wrong or (tools and call.tool not in tools):
            continue
        seen[call.tool] = seen.get(call.tool, 0) + 1
        if seen[call.tool] > limit:
            continue
        print(f"{call.task} {call.tool}({dict(call.arguments)})")
        print(f"    official {call.official!r:.300}\n    ours     {call.ours!r:.300}")
        if call.values is False:
            print(f"    changes  {dict(call.official_changes)!r:.300}")
            print(f"    ours     {dict(call.our_changes)!r:.300}")
    for tool, number in sorted(seen.items(), key=lambda item: -item[1]):
        print(f"{number:4d} {tool}")


def parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m synth.fidelity")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="write fidelity.md and .csv")
    parser.add_argument("--show", nargs="*", metavar="TOOL", help="print what disagrees")
    parser.add_argument("--strict", action="store_true", help="with --show: names must be the same")
    parser.add_argument("--limit", type=int, default=3, help="disagreements shown per tool")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
