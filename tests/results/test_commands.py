import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.bench.results import run as bench
from harness.results.__main__ import main
from harness.results.reference import MEASURED, PUBLISHED, beside, metrics_of, published_rows
from harness.results.table import build_table, write_table
from tests.fakes.benchmarks import Porter
from tests.fakes.finished import play
from tests.results.test_check import REFERENCE, TABLE
from tests.results.test_table import AIRLINE, outcomes


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("runs")
    good = play(folder / "good", Porter(drops=["b"]), name="good")
    return good, play(folder / "bad", Porter(drops=list("abcde")), name="bad")


def test_show_prints_the_stored_table(
    runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(runs[0])]) == 0
    assert "shelves/d0" in capsys.readouterr().out
    assert main(["show", str(runs[0]), "--markdown"]) == 0
    assert capsys.readouterr().out.startswith("|  | tasks |")


def test_verify_without_the_data_recomputes_and_fails_only_if_grading_was_wanted(
    runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(runs[0]), "--no-regrade"]) == 0
    assert "no difference" in capsys.readouterr().out
    assert main(["verify", str(runs[0]), "--no-regrade"]) == 0


def test_verify_exits_1_on_a_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = play(tmp_path / "run")
    (run / "table.md").write_text("edited")
    assert main(["verify", str(run), "--no-regrade"]) == 1
    assert "changed file: table.md" in capsys.readouterr().out


def test_check_exits_1_and_writes_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "rows.json"
    assert main(["check", str(TABLE), "--json", str(out)]) == 1
    assert "rises from k=2 to 3" in capsys.readouterr().out
    assert len(json.loads(out.read_text())) == 109


def test_check_passes_a_table_of_ours(tmp_path: Path) -> None:
    write_table(tmp_path, build_table(outcomes(AIRLINE), ks=(1, 2, 3, 4)))
    assert main(["check", str(tmp_path / "table.csv")]) == 0


def test_check_takes_task_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.csv"
    path.write_text("model,domain,n_trials,pass^1,pass^2\nm,airline,2,41.0,40.0\n")
    assert main(["check", str(path)]) == 0
    assert main(["check", str(path), "--tasks", "airline=7"]) == 1
    assert "no counts of 7 tasks x 2 trials" in capsys.readouterr().out
    assert main(["check", str(path), "--tasks", "airline"]) == 2
    assert "write DOMAIN=NUMBER" in capsys.readouterr().err


def test_compare_and_merge(
    runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = map(str, runs)
    assert main(["compare", good, bad]) == 0
    assert "good - bad" in capsys.readouterr().out
    assert main(["compare", good]) == 2
    assert "name two or more" in capsys.readouterr().err
    assert main(["merge", good, bad, "--to", str(tmp_path / "out")]) == 0
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"leaderboard.csv", "leaderboard.md"}


def test_merge_exits_1_where_a_run_is_left_out(runs: tuple[Path, Path], tmp_path: Path) -> None:
    assert main(["merge", str(runs[0]), str(tmp_path)]) == 1


def test_export_refuses_in_one_line(
    runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["export", "tau2", str(runs[0]), "--to"]
    assert main([*arguments, str(tmp_path / "out")]) == 2
    assert "did not play tau2" in capsys.readouterr().err
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    assert main([*arguments, str(tmp_path / "full")]) == 2
    assert "not an empty folder" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["show", "verify", "compare", "reference"])
def test_a_folder_that_is_no_run_is_one_line(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [str(tmp_path)] * (2 if command == "compare" else 1)
    assert main([command, *runs]) == 2
    error = capsys.readouterr().err
    assert error.startswith("harness.results: ")
    assert len(error.splitlines()) == 1


def test_help_starts_without_the_heavy_packages() -> None:
    script = (
        "import sys; from harness.results.__main__ import parser; parser(); "
        "sys.exit(any(m in sys.modules for m in ('numpy', 'pandas', 'scipy', 'rich', 'pyarrow')))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_published_rows_stand_beside_ours_and_are_marked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = build_table(outcomes(AIRLINE), ks=(1, 2, 3, 4), info={"run_id": "r1", "model": "m"})
    boards = beside(rows, TABLE)
    (board,) = boards.values()
    assert list(boards) == [("tau2", "airline")]
    assert [row.origin for row in board[:2]] == [MEASURED, PUBLISHED]
    assert {row.origin for row in board[1:]} == {PUBLISHED}
    assert board[0].figures["pass^1"].startswith("42.0 [31.5–52.5")
    assert metrics_of(board)[:4] == ["pass^1", "pass^2", "pass^3", "pass^4"]
    flagged = [row for row in board if row.impossible]
    assert any("rises with k" in row.remark for row in flagged)
    write_table(tmp_path, rows)
    (tmp_path / "run.json").write_text("{}")
    assert main(["reference", str(tmp_path), "--table", str(TABLE)]) == 0
    text = capsys.readouterr().out
    assert "never reproduced here" in text
    assert "measured" in text


def test_published_figures_keep_the_digits_they_were_printed_with() -> None:
    rows = published_rows(TABLE)[("Retail-3I", "general")]
    first = next(row for row in rows if row.model == "Claude-3.7")
    assert (first.figures["pass^1"], first.figures["pass^2"]) == ("79.4", "77.0")
    vulcan = published_rows(TABLE)[("BFCL-v4 (no agentic)", "overall")]
    assert vulcan[0].figures == {"accuracy": "52.67"}


def test_without_a_run_everything_published_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reference", "--table", str(TABLE)]) == 0
    text = capsys.readouterr().out
    assert "VitaBench/delivery" in text
    assert main(["reference", "--table", str(REFERENCE / "absent.csv")]) == 2


def test_the_benchmark_of_results_measures_every_step() -> None:
    measured = {row["case"]: row for row in bench(["--episodes", "400"])}
    assert list(measured) == ["read", "summarise", "table", "write", "all"]
    assert measured["table"]["rows"] == 13
    assert measured["all"]["limit_s"] == 10.0
