from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.bfcl.data import BfclData
from evaluators.bfcl.lint import impossible_entries, main

KNOWN = {
    "simple_java_36",
    "simple_java_64",
    "simple_java_65",
    "live_simple_106-63-0",
    "live_simple_112-68-0",
    "live_multiple_862-181-3",
    "live_multiple_964-207-0",
}


def test_a_gold_of_the_wrong_type_is_found(
    small_pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--pack", str(small_pack)]) == 0
    assert capsys.readouterr().out == "0 entries cannot be passed\n"
    path = small_pack / "bfcl_eval/data/possible_answer/BFCL_v4_multiple.json"
    path.write_text(path.read_text().replace('"count": [3]', '"count": []', 1))
    assert main(["--pack", str(small_pack)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("multiple_0: simple_function_checker:missing_required (no value of count")
    assert out.endswith("1 entries cannot be passed\n")


def test_a_pack_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--pack", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_official_data_has_seven(bfcl: BfclData) -> None:
    assert {entry.task_id for entry in impossible_entries(bfcl)} == KNOWN
