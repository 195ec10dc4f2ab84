import json
from pathlib import Path

import pytest

from harness.__main__ import main as harness
from harness.faults import UserMistake
from harness.results.__main__ import main
from harness.results.regrade import rebuild
from tests.fakes.finished import play, rehash
from tests.fakes.packs import has_pack

needs_pack = pytest.mark.skipif(not has_pack("bfcl"), reason="no bfcl pack on this machine")


def test_a_run_without_configuration_cannot_be_graded_again(tmp_path: Path) -> None:
    run = play(tmp_path / "run", trials=1)
    (run / "config.yaml").unlink()
    with pytest.raises(UserMistake, match="holds no config"):
        rebuild(run)


def test_verify_says_that_it_could_not_grade(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = play(tmp_path / "run", trials=1)
    (run / "config.yaml").unlink()
    assert main(["verify", str(run)]) == 1
    text = capsys.readouterr().out
    assert "holds no config.yaml" in text
    assert "--no-regrade recomputes without grading" in text


@pytest.mark.parametrize("text", ["a: [", "[1]", "- x\n", "\x00"])
def test_a_damaged_configuration_is_one_line(tmp_path: Path, text: str) -> None:
    run = play(tmp_path / "run", trials=1)
    (run / "config.yaml").write_text(text)
    with pytest.raises(UserMistake, match=r"config\.yaml is damaged"):
        rebuild(run)


@needs_pack
def test_a_real_run_is_graded_again_with_the_pinned_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    options = ["model=lexical", "sample=3", "trials=1", "stages=[eval,report]"]
    categories = "benchmark.bfcl.build.categories=[simple_python,multi_turn_base]"
    assert harness([f"run={run}", categories, *options]) == 0
    capsys.readouterr()
    assert main(["verify", str(run)]) == 0
    assert "6 verdicts" in capsys.readouterr().out
    path = run / "outcomes" / "0.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    records[0] |= (
        {"status": "fail", "reward": 0.0}
        if records[0]["status"] == "pass"
        else {
            "status": "pass",
            "reward": 1.0,
        }
    )
    path.write_text("".join(json.dumps(r, separators=(",", ":")) + "\n" for r in records))
    rehash(run)
    assert main(["verify", str(run)]) == 1
    assert "wrong verdict" in capsys.readouterr().out
