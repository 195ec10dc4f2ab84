from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluators.bfcl.data import BfclData
from evaluators.bfcl.parity import differences, main
from evaluators.bfcl.rows import read_rows, revived
from evaluators.bfcl.single_turn import judge

RIGHT = {
    "id": "simple_python_0",
    "kind": "decoded",
    "prediction": [{"box.fill": {"count": 3}}],
    "valid": True,
    "error_type": None,
}
REFUSED = {**RIGHT, "prediction": [], "valid": False}


@pytest.fixture
def run(
    small_pack: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run the command on files of the given contents; return status, output and errors."""

    def call(*contents: bytes | list[Any], options: tuple[str, ...] = ()) -> tuple[int, str, str]:
        paths = []
        for number, content in enumerate(contents):
            path = small_pack / f"rows_{number}"
            is_raw = isinstance(content, bytes)
            path.write_bytes(content if is_raw else "\n".join(map(json.dumps, content)).encode())
            paths.append(str(path))
        status = main([*paths, "--pack", str(small_pack), *options])
        out, err = capsys.readouterr()
        return status, out, err

    return call


def test_agreement_and_its_twin(run: Callable[..., tuple[int, str, str]]) -> None:
    assert run([RIGHT, RIGHT], [RIGHT]) == (0, "3 rows, 0 mismatches\n", "")
    status, out, _ = run([RIGHT, {**RIGHT, "valid": False}], options=("--show", "0"))
    assert (status, out) == (1, "2 rows, 1 mismatches\n")


def test_gzip_is_told_by_its_content(run: Callable[..., tuple[int, str, str]]) -> None:
    packed = gzip.compress(json.dumps(RIGHT).encode())
    assert run(packed)[:2] == (0, "1 rows, 0 mismatches\n")
    assert run(packed[:-9])[0] == 2


def test_mismatches_are_shown_in_order(run: Callable[..., tuple[int, str, str]]) -> None:
    wrong = {**RIGHT, "error_type": "type_error:simple"}
    _, out, _ = run([RIGHT, wrong, wrong], options=("--show", "1"))
    first, last = out.splitlines()
    assert "line 2: simple_python_0: error_type is None, recorded type_error:simple" in first
    assert last == "3 rows, 2 mismatches"


def test_rows_are_compared_on_what_is_there(small_pack: Path) -> None:
    data = BfclData(small_pack)
    count = "simple_function_checker:wrong_count"
    assert differences({**REFUSED, "error_type": count}, data) == []
    assert differences({**REFUSED, "error_type": "other"}, data) != []
    verdict_only = {key: value for key, value in REFUSED.items() if key != "error_type"}
    assert differences(verdict_only, data) == []
    assert differences({**verdict_only, "valid": True}, data) != []


def test_rows_may_lack_what_need_not_be_compared(
    run: Callable[..., tuple[int, str, str]],
) -> None:
    rows = [
        {name: RIGHT[name] for name in RIGHT if name != "error_type"},
        {name: RIGHT[name] for name in RIGHT if name != "valid"},
        {"id": "memory_kv_0-student-0", "prediction": [["Ann Lee"]], "valid": True},
    ]
    assert run(rows)[:2] == (0, "3 rows, 0 mismatches\n")


def test_the_error_type_of_text_is_not_compared(small_pack: Path) -> None:
    row = {**RIGHT, "kind": "text", "prediction": "box", "valid": False, "error_type": "other"}
    assert differences(row, BfclData(small_pack)) == []
    assert differences({**row, "valid": True}, BfclData(small_pack)) != []


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{**RIGHT, "id": "simple_python_9"}], "simple_python_9"),
        ([{**RIGHT, "kind": "guess"}], "guess"),
        ([{"id": "simple_python_0"}], "prediction"),
        ([{"id": "simple_python_0", "prediction": [], "kind": "fc"}], "records no verdict"),
        ([[1]], "an object was expected"),
        ([{"id": "x", "script": []}], "--through-loop"),
        (b'{"id": ', "line 1"),
        (b'{"n": 1}\n\xff', "line"),
        (b"\x1f\x8b broken", "line 1"),
    ],
)
def test_bad_rows_get_one_line(
    run: Callable[..., tuple[int, str, str]], rows: Any, message: str
) -> None:
    status, out, err = run(rows)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_missing_files_get_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (tmp_path / "none.jsonl", tmp_path):
        assert main([str(path), "--pack", str(tmp_path)]) == 2
        assert str(path) in capsys.readouterr().err


def test_tuples_are_revived_at_any_depth() -> None:
    assert revived([{"a": {"__tuple__": [1, {"__tuple__": []}]}}]) == [{"a": (1, ())}]
    assert revived({"__tuple__": [], "b": 1}) == {"__tuple__": [], "b": 1}


@pytest.fixture
def recorded(oracle: Callable[[str], Path]) -> list[dict[str, Any]]:
    return [row for _, row in read_rows(oracle("bfcl_single.jsonl.gz"))]


def test_all_recorded_verdicts(recorded: list[dict[str, Any]], bfcl: BfclData) -> None:
    assert {row["kind"] for row in recorded} == {"decoded", "fc", "text"}
    assert [row["row"] for row in recorded if differences(row, bfcl)] == []


@pytest.mark.parametrize("options", [(), ("--through-loop",)])
def test_multi_turn_rows_are_told_by_their_fields(
    options: tuple[str, ...],
    oracle: Callable[[str], Path],
    bfcl: BfclData,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [row for _, row in read_rows(oracle("bfcl_multi.jsonl.gz"))][::150]
    lines = [json.dumps(row) for row in (*rows, {**rows[0], "valid": not rows[0]["valid"]})]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(lines))
    assert main([str(path), "--pack", str(bfcl.root), "--show", "0", *options]) == 1
    assert capsys.readouterr().out == f"{len(lines)} rows, 1 mismatches\n"


def test_decoded_rows_are_scored_fast(recorded: list[dict[str, Any]], bfcl: BfclData) -> None:
    rows = [
        (row["id"], revived(row["prediction"]), row["underscore_to_dot"])
        for row in recorded[::3]
        if row["kind"] == "decoded"
    ]
    for name, _, _ in rows:
        bfcl.answer(name)
    started = time.process_time()
    for name, prediction, dots in rows:
        judge(name, prediction, "decoded", bfcl, dots)
    rate = len(rows) / (time.process_time() - started)
    assert rate > 20_000  # 85,000 on an idle core; a busy machine measures less
