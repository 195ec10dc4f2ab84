"""Reports of one run and of sweeps: complete, self-contained, the same bytes every time."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.faults import UserMistake
from harness.report import page
from harness.report.__main__ import main
from harness.report.build import write_report
from tests.fakes.runs import HOSTILE, Shape, write_run

SMALL = Shape(tasks=3, trials=2)


def data_of(path: Path) -> dict[str, Any]:
    """Read back what a page knows."""
    found = re.search(r'id="index">(.*?)</script>', path.read_text(), re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def inline_chunks(path: Path) -> list[dict[str, Any]]:
    found = re.findall(r'id="chunk-\d+">(.*?)</script>', path.read_text(), re.DOTALL)
    return [json.loads(text) for text in found]


def file_chunks(folder: Path) -> list[dict[str, Any]]:
    read = []
    for path in sorted(folder.glob("*.js")):
        text = path.read_text()
        read.append(json.loads(json.loads(text[text.index(',"{') + 1 : text.rindex(")")])))
    return read


def test_one_file_holds_every_trial(tmp_path: Path) -> None:
    path = write_report([write_run(tmp_path / "r", SMALL)])
    assert path == tmp_path / "r" / "report.html"
    assert not (tmp_path / "r" / "report_data").exists()
    data = data_of(path)
    columns = data["index"]["columns"]
    assert len(columns["task"]) == 2 * 3 * 3 * 2
    chunks = inline_chunks(path)
    for at in range(len(columns["task"])):
        view = chunks[columns["chunk"][at]]["episodes"][columns["place"][at]]
        assert view["log"][0]["text"].startswith(columns["request"][at][:20])


def test_the_page_asks_for_nothing_from_outside(tmp_path: Path) -> None:
    text = html.unescape(write_report([write_run(tmp_path / "r", SMALL)]).read_text())
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", text)
    assert "default-src 'none'" in text
    assert page.fingerprint(page.script()).strip("'") in text
    assert page.fingerprint(page.script() + " ").strip("'") not in text


def test_large_runs_are_split_into_files(tmp_path: Path) -> None:
    shape = Shape(tasks=501, trials=4, domains={"b": ("d",)}, categories=False)
    path = write_report([write_run(tmp_path / "r", shape)], tmp_path / "out")
    data, chunks = data_of(path), file_chunks(tmp_path / "out" / "report_data")
    assert inline_chunks(path) == []
    assert data["files"] == len(chunks) > 1
    assert sum(len(chunk["episodes"]) for chunk in chunks) == 2004
    smaller = Shape(tasks=1, domains={"b": ("d",)})
    write_report([write_run(tmp_path / "s", smaller)], tmp_path / "out")
    assert file_chunks(tmp_path / "out" / "report_data") == []


def test_same_run_same_bytes(tmp_path: Path) -> None:
    first = write_report([write_run(tmp_path / "a" / "r", SMALL)]).read_bytes()
    again = write_report([write_run(tmp_path / "b" / "r", SMALL)]).read_bytes()
    other = Shape(tasks=3, trials=2, seed=1)
    assert again == first
    assert write_report([write_run(tmp_path / "c" / "r", other)]).read_bytes() != first


def test_a_sweep_lies_above_its_runs(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / name, Shape(model=name, tasks=2)) for name in ("a", "b")]
    path = write_report(runs)
    assert path == tmp_path / "report.html"
    data = data_of(path)
    assert [run["model"] for run in data["runs"]] == ["a", "b"]
    assert {row["run"] for row in data["rows"]} == {0, 1}


def test_hostile_texts_stay_inside_their_json(tmp_path: Path) -> None:
    shape = Shape(tasks=1, trials=1, hostile=True, model=HOSTILE[0])
    path = write_report([write_run(tmp_path / "r", shape)])
    text = path.read_text()
    assert text.count("</script>") == len(inline_chunks(path)) + 2
    assert "pwned = 1</" not in text
    assert "<img" not in text
    assert "\u2028" not in text


def test_episodes_without_verdict_are_shown_as_unscored(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "r", Shape(tasks=1, trials=2, domains={"b": ("d",)}))
    (folder / "outcomes" / "0.jsonl").write_text("")
    data = data_of(write_report([folder]))
    names, columns = data["index"]["names"], data["index"]["columns"]
    assert names["status"] == ["unscored"]
    assert set(columns["status"]) == {0}
    assert data["runs"][0]["warnings"] == ["no trial has been scored yet"]


def test_outcomes_without_episode_are_shown_without_one(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "r", Shape(tasks=1, trials=2, domains={"b": ("d",)}))
    (folder / "episodes" / "0.jsonl").write_text("")
    assert data_of(write_report([folder]))["index"]["columns"]["chunk"] == [-1, -1]


def test_the_last_episode_of_a_trial_counts(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "r", Shape(tasks=1, trials=1, domains={"b": ("d",)}))
    journal = folder / "episodes" / "0.jsonl"
    record = json.loads(journal.read_text())
    record["episode"]["log"] = [{"author": "user", "text": "played again"}]
    with journal.open("a") as file:
        file.write(json.dumps(record) + "\n")
    assert data_of(write_report([folder]))["index"]["columns"]["request"] == ["played again"]


def test_an_empty_run_has_a_report(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "r", Shape(tasks=0))
    assert data_of(write_report([folder]))["index"]["columns"]["task"] == []


def test_tasks_are_in_natural_order(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "r", Shape(tasks=11, trials=1, domains={"b": ("d",)}))
    tasks = data_of(write_report([folder]))["index"]["columns"]["task"]
    assert tasks == [f"d_{n}" for n in range(11)]


def damage(folder: Path, kind: str) -> None:
    if kind == "episodes":
        (folder / "episodes" / "0.jsonl").write_text('{"key": ["b", "t", 0]}\n')
    elif kind == "json":
        (folder / "episodes" / "0.jsonl").write_text("nonsense\n")
    else:
        (folder / "run.json").unlink()


@pytest.mark.parametrize(
    ("kind", "line"),
    [("episodes", "not an episode"), ("json", "is not JSON"), ("run", "not a run folder")],
)
def test_damage_is_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, line: str
) -> None:
    folder = write_run(tmp_path / "r", Shape(tasks=1, trials=1, domains={"b": ("d",)}))
    damage(folder, kind)
    assert main([str(folder)]) == 2
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1
    assert not (folder / "report.html").exists()
    assert not list(folder.glob(".report*"))


def test_a_run_given_twice_is_refused(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "r", Shape(tasks=1, trials=1))
    with pytest.raises(UserMistake, match="given twice"):
        write_report([folder, folder])


def test_the_command_says_where_the_report_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_run(tmp_path / "r", Shape(tasks=1, trials=1))
    assert main([str(folder), "--out", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out == f"report: {tmp_path / 'out' / 'report.html'}\n"
