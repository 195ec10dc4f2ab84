"""Replay official gold calls beside synthesised worlds and report how far they agree.

    python -m synth.fidelity [--to results/synth]            all figures
    python -m synth.fidelity --show [TOOL …] [--way each]    what disagrees, call by call

Needs the pack `bfcl`; for the tau2 table also the pack `tau2` and the recording
$HARNESS_ORACLES/tau2_tools.jsonl.gz.
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
from synth.fidelity.replay import WAYS, Replay, TaskResult
from synth.fidelity.report import (
    Findings,
    document,
    rows,
    table_of,
    targets_table,
    tau2_table,
    totals,
)
from synth.fidelity.wording import HEADINGS
from synth.fidelity.writing import write_report

RECORDING = "tau2_tools.jsonl.gz"


def main(argv: Sequence[str] | None = None) -> int:
    """Replay, print the figures, write them where asked."""
    options = parsed(argv)
    try:
        root = locate("bfcl").root
        if options.show is not None:
            show(list(Replay(root, options.way).tasks()), options.show, options.limit)
        else:
            report(root, options.to)
    except UserMistake as mistake:
        print(f"synth.fidelity: {mistake}", file=sys.stderr)
        return 2
    return 0


def report(root: Path, folder: Path | None) -> None:
    """Print all figures, and write them into a folder."""
    if folder is not None and folder.exists() and not folder.is_dir():
        raise UserMistake(f"--to {folder}: a file of this name exists; name a folder")
    recording = recorded()
    bfcl = {way: totals(list(Replay(root, way).tasks())) for way in WAYS}
    found = Findings(bfcl, tuple(tau2.compare_file(recording)) if recording else ())
    tables = [f"{HEADINGS[way]}\n\n{table_of(bfcl[way], way)}" for way in WAYS]
    print("\n\n".join([targets_table(bfcl), *tables, "## tau2", tau2_table(found.tau2)]))
    if folder is not None:
        write_report(folder, document(found), rows(found))


def recorded() -> Path | None:
    """Return the recording of tau2 calls, where there is one; its pack must be there too."""
    folder = os.environ.get("HARNESS_ORACLES")
    path = Path(folder) / RECORDING if folder else None
    if path is None or not path.is_file():
        where = f"{folder} has no {RECORDING}" if folder else "HARNESS_ORACLES is not set"
        print(f"synth.fidelity: no tau2 table: {where}", file=sys.stderr)
        return None
    locate("tau2")
    return path


def show(tasks: Sequence[TaskResult], tools: Sequence[str], limit: int) -> None:
    """Print calls that disagree in shape, data or changed fields, and how many there are."""
    calls = [call for task in tasks for call in task.calls]
    unknown = sorted(set(tools) - {call.tool for call in calls})
    if unknown:
        raise UserMistake(f"no gold call is of {unknown[0]!r}: --show alone lists what disagrees")
    seen: dict[str, int] = {}
    for call in calls:
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
    print(
        f"{sum(seen.values())} of {sum(not tools or c.tool in tools for c in calls)} calls disagree"
    )


def parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    about = "How far worlds made from documents alone agree with the official ones, call by call."
    parser = argparse.ArgumentParser(prog="python -m synth.fidelity", description=about)
    parser.add_argument(
        "--to", type=Path, metavar="FOLDER", help="write fidelity.md and fidelity.csv into it"
    )
    parser.add_argument(
        "--show",
        nargs="*",
        metavar="TOOL",
        help="print what disagrees instead, of these tools or all",
    )
    parser.add_argument(
        "--way",
        choices=WAYS,
        default="each",
        help="with --show: take over the official state before each call (each, the default), run "
        "by itself (strict), by itself with generated identifiers matched (matched)",
    )
    parser.add_argument(
        "--limit", type=int, default=3, metavar="N", help="with --show: calls per tool (default 3)"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
