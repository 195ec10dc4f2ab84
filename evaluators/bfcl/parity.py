"""Compare our BFCL verdicts with recorded verdicts of the official code.

    python -m evaluators.bfcl.parity FILE… [--through-loop] [--show N]

Single-turn and multi-turn rows are told apart by their fields. The verdict is compared on every
row, the error type on all but raw text. `--through-loop` plays multi-turn rows and loop records
through the project's own loop instead of handing them to the checker. The exit status is 1 on
any mismatch and 2 where a file cannot be read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from evaluators.bfcl.categories import MULTI_TURN, category_of, is_agentic
from evaluators.bfcl.data import BfclData
from evaluators.bfcl.rows import Row, read_rows, revived
from evaluators.bfcl.single_turn import judge
from harness.faults import UserMistake

Compare = Callable[[Row], list[str]]

_KINDS = ("decoded", "fc", "text")


def main(argv: Sequence[str] | None = None) -> int:
    """Compare the files and return the exit status."""
    options = _options(argv)
    try:
        root = options.pack or _located()
        rows, mismatches = compare_files(
            options.files, BfclData(root), options.through_loop, options.show
        )
    except UserMistake as mistake:
        print(f"evaluators.bfcl.parity: {mistake}", file=sys.stderr)
        return 2
    print(f"{rows} rows, {mismatches} mismatches")
    return 1 if mismatches else 0


def compare_files(
    files: Iterable[Path], data: BfclData, through_loop: bool = False, show: int = 0
) -> tuple[int, int]:
    """Return the numbers of rows and of mismatches; print the first `show` mismatches.

    Raises UserMistake for unreadable files and rows that cannot be compared.
    """
    compare = _comparison(data, through_loop)
    rows = mismatches = 0
    for place, row in _placed(files):
        try:
            differences = compare(row)
        except UserMistake as mistake:
            raise UserMistake(f"{place}: {mistake}") from None
        rows += 1
        mismatches += bool(differences)
        if differences and mismatches <= show:
            print(f"{place}: {row['id']}: {'; '.join(differences)}")
    return rows, mismatches


def _placed(files: Iterable[Path]) -> Iterator[tuple[str, Row]]:
    for path in files:
        for number, row in read_rows(path):
            yield f"{path}, line {number}", row


def _comparison(data: BfclData, through_loop: bool) -> Compare:
    """Return the function that lists the differences of a row of any kind."""
    compare_loop: Compare | None = None
    if through_loop:
        from evaluators.bfcl.loop_parity import LoopParity

        compare_loop = LoopParity(data).compare

    def compare(row: Row) -> list[str]:
        if "script" in row and compare_loop is None:
            raise UserMistake("a loop record is compared with --through-loop")
        _check_fields(row)
        is_played = "script" in row or category_of(row["id"]) in MULTI_TURN
        if is_played and compare_loop is not None:
            return compare_loop(row)
        return differences(row, data)

    return compare


def differences(row: Row, data: BfclData) -> list[str]:
    """Return what our verdict and a row's recorded one differ in, as far as the row tells."""
    if category_of(row["id"]) in MULTI_TURN:
        from evaluators.bfcl.multi_turn import check_row

        kind, (valid, error) = "multi_turn", check_row(row, data)
    else:
        kind = row.get("kind", "")
        prediction = revived(row["prediction"]) if kind == "decoded" else row["prediction"]
        dots = bool(row.get("underscore_to_dot", False))
        valid, error = judge(row["id"], prediction, kind, data, dots)
    found = {"valid": valid, "error_type": error}
    compared = ("valid",) if kind == "text" else ("valid", "error_type")
    return [
        f"{name} is {found[name]}, recorded {row[name]}"
        for name in compared
        if name in row and found[name] != row[name]
    ]


def _check_fields(row: Row) -> None:
    """Raise UserMistake where a row lacks what a verdict needs."""
    if "script" in row:
        return
    if not isinstance(row.get("id"), str) or "prediction" not in row:
        raise UserMistake("a row needs the fields id and prediction")
    if "valid" not in row and "error_type" not in row:
        raise UserMistake(f"{row['id']} records no verdict: neither valid nor error_type")
    category = category_of(row["id"])
    needs_kind = category not in MULTI_TURN and not is_agentic(category)
    if needs_kind and row.get("kind") not in _KINDS:
        raise UserMistake(f"{row['id']} has kind {row.get('kind')!r}: choose from {_KINDS}")


def _located() -> Path:
    from harness.packs import locate

    return locate("bfcl").root


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m evaluators.bfcl.parity", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="JSON lines or gzip")
    parser.add_argument("--through-loop", action="store_true", help="play multi-turn rows")
    parser.add_argument("--show", type=int, default=3, metavar="N", help="mismatches to print")
    parser.add_argument("--pack", type=Path, help="folder that holds bfcl_eval/")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
