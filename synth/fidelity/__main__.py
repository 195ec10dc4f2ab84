"""Replay official gold calls beside synthesised worlds and report how far they agree.

python -m synth.fidelity [--rename] [--show TOOL…] [--to results/synth]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from harness.faults import UserMistake
from harness.packs import locate
from synth.fidelity.replay import Replay, TaskResult
from synth.fidelity.report import table_of, totals


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m synth.fidelity")
    parser.add_argument("--rename", action="store_true", help="match generated identifiers")
    parser.add_argument("--show", nargs="*", metavar="TOOL", help="print what disagrees")
    parser.add_argument("--limit", type=int, default=3, help="disagreements shown per tool")
    options = parser.parse_args(argv)
    try:
        tasks = list(Replay(locate("bfcl").root, rename=options.rename).tasks())
    except UserMistake as mistake:
        print(f"synth.fidelity: {mistake}", file=sys.stderr)
        return 2
    if options.show is not None:
        show(tasks, options.show, options.limit)
    print(table_of(totals(tasks)))
    return 0


def show(tasks: Sequence[TaskResult], tools: Sequence[str], limit: int) -> None:
    """Print calls that disagree in data or in changed fields."""
    seen: dict[str, int] = {}
    for task in tasks:
        for call in task.calls:
            wrong = not (call.shape and call.data) or call.values is False
            if not wrong or (tools and call.tool not in tools):
                continue
            seen[call.tool] = seen.get(call.tool, 0) + 1
            if seen[call.tool] <= limit:
                print(f"{call.task} {call.tool}({dict(call.arguments)})")
                print(f"    official {call.official!r:.300}\n    ours     {call.ours!r:.300}")
                if call.values is False:
                    print(f"    changes  {dict(call.official_changes)!r:.300}")
                    print(f"    ours     {dict(call.our_changes)!r:.300}")
    for tool, number in sorted(seen.items(), key=lambda item: -item[1]):
        print(f"{number:4d} {tool}")


if __name__ == "__main__":
    sys.exit(main())
