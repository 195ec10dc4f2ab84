"""The app as its users meet it: whole commands in a fresh process, away from the checkout."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.__main__ import main, spell
from harness.configure import compose
from harness.faults import UserMistake
from harness.packs import locate
from harness.paths import conf_dir
from harness.results.__main__ import main as results
from harness.store import read_outcomes

ROOT = Path(__file__).resolve().parents[2]
SMALL = [
    "benchmark.bfcl.build.categories=[simple_python,irrelevance,multi_turn_base]",
    "sample=2",
    "trials=2",
    "stage.report.html=false",
]


@pytest.fixture(scope="module", autouse=True)
def _pack() -> None:
    try:
        locate("bfcl")
    except UserMistake as mistake:
        pytest.skip(str(mistake))


def harness(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m harness` in `folder`, with the checkout importable as if installed."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    command = [sys.executable, "-m", "harness", *arguments]
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120
    )


def run_folder(folder: Path) -> Path:
    (found,) = [path for path in (folder / "runs").iterdir() if path.is_dir()]
    return found


def test_a_run_resumes_reports_and_scores_again(tmp_path: Path) -> None:
    first = harness(tmp_path, *SMALL)
    assert first.returncode == 0, first.stderr
    folder = run_folder(tmp_path)
    assert len(read_outcomes(folder)) == 12
    assert "pass^2" in first.stdout
    assert "rule-based" in first.stdout
    again = harness(tmp_path, *SMALL)
    assert "0 trials scored" in again.stdout
    table = (folder / "table.csv").read_bytes()
    (folder / "table.csv").unlink()
    report = harness(tmp_path, "stages=[report]", f"run={folder}")
    assert report.returncode == 0, report.stderr
    assert (folder / "table.csv").read_bytes() == table
    scored = harness(tmp_path, "stages=[score]", f"run={folder}")
    assert "12 episodes scored, 0 outcomes changed" in scored.stdout, scored.stderr


def test_an_edited_verdict_is_put_right_by_scoring(tmp_path: Path) -> None:
    harness(tmp_path, *SMALL)
    path = run_folder(tmp_path) / "outcomes" / "0.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    flipped = {"pass": "fail", "fail": "pass"}
    lines[0]["status"] = flipped[lines[0]["status"]]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    scored = harness(tmp_path, "stages=[score]", f"run={path.parents[1]}")
    assert "1 outcomes changed" in scored.stdout, scored.stderr


def test_another_seed_changes_trials_and_the_same_one_does_not(tmp_path: Path) -> None:
    def calls(seed: int, name: str) -> list[str]:
        harness(tmp_path, *SMALL, f"seed={seed}", f"run={name}")
        log = (tmp_path / name / "episodes" / "0.jsonl").read_text().splitlines()
        episodes = [json.loads(line)["episode"] for line in log]
        return sorted(json.dumps([m.get("calls") for m in e["log"]]) for e in episodes)

    assert calls(0, "a") == calls(0, "b")
    assert calls(0, "a") != calls(1, "c")


def test_a_run_that_was_moved_can_be_reported_and_verified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    harness(tmp_path, *SMALL, "trials=1", "run=old", "stage.report.html=false")
    (tmp_path / "old").rename(tmp_path / "new")
    again = harness(tmp_path, "stages=[score,report]", "run=new", "stage.report.html=false")
    assert again.returncode == 0, again.stderr
    assert results(["verify", str(tmp_path / "new")]) == 0
    assert "no difference" in capsys.readouterr().out


def test_ctrl_c_ends_cleanly_and_the_rerun_goes_on(tmp_path: Path) -> None:
    whole = ["sample=40", "trials=4", "concurrency=2"]
    stop_in_the_middle(tmp_path, whole, signal.SIGINT)
    before = len(read_outcomes(run_folder(tmp_path)))
    assert 0 < before < 1000, "it went on playing"
    assert harness(tmp_path, *whole, "sample=2").returncode == 0
    assert len(read_outcomes(run_folder(tmp_path))) >= before


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_whoever_stops_one_job_of_a_sweep_stops_those_that_follow(
    tmp_path: Path, sent: signal.Signals
) -> None:
    stop_in_the_middle(tmp_path, ["-m", "sample=40", "concurrency=2", "trials=3,4"], sent)
    assert len(list(tmp_path.glob("runs/*/run.json"))) == 1


def stop_in_the_middle(folder: Path, arguments: Sequence[str], sent: signal.Signals) -> None:
    """Start a run, and stop it after its first outcome."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "harness", *arguments]
    with subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if any(path.stat().st_size for path in folder.glob("runs/*/outcomes/0.jsonl")):
                break
            time.sleep(0.02)
        process.send_signal(sent)
        out, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert "stopped" in out
    assert "Traceback" not in error


def test_a_sweep_gives_every_job_its_own_folder(tmp_path: Path) -> None:
    done = harness(tmp_path, "-m", *SMALL, "trials=1", "model.temperature=0,0.7")
    assert done.returncode == 0, done.stderr
    folders = [path for path in (tmp_path / "runs").iterdir() if (path / "run.json").is_file()]
    assert len(folders) == 2


def test_a_sweep_goes_on_after_a_failed_job_and_says_so(tmp_path: Path) -> None:
    done = harness(tmp_path, "-m", *SMALL, "trials=0,1", "stage.report.html=false")
    assert done.returncode == 2
    assert "trials=0 is not a whole number" in done.stderr
    assert len(list((tmp_path / "runs").glob("*/table.csv"))) == 1


def test_a_plan_runs_nothing(tmp_path: Path) -> None:
    plan = harness(tmp_path, *SMALL, "plan=true", "model=openai", "model.model=x")
    assert plan.returncode == 0, plan.stderr
    assert "missing" in plan.stdout
    assert "OPENAI_API_KEY" in plan.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["modle=lexical"], "did you mean model"),
        (["model=lexcal"], "did you mean lexical"),
        (["+experiment=vulcan_qwenb"], "did you mean vulcan_qwen8b"),
        (["+model.colour=red"], "unexpected keyword argument 'colour'"),
        (["model._target_=os.system"], "is not one of"),
        (["stages=[evl]"], "unknown stage 'evl'"),
        (["trials=many"], "trials=many is not a whole number"),
        (["sample=0"], "sample=0 is not a whole number"),
        (["model=openai"], "model.model"),
        (["model=none"], "no model sits in the agent's seat"),
        (["model=openai", "model.model=x", "model.base_url=http://127.0.0.1:9/v1"], "127.0.0.1:9"),
        (["benchmark.bfcl.build.categories=[nonsense]"], "no category 'nonsense'"),
        (["stages=[score]", "run=nowhere"], "nowhere"),
        (["stages=[report]", "run=/proc"], "/proc"),
        (["run=/proc/x"], "/proc/x"),
        (["model"], "'model'"),
        (["model.temprature=1"], "model has no key temprature (did you mean temperature?); it has"),
        (["model.model=x", "model=openai", "model.modl=x"], "did you mean model"),
        (["benchmark.bfcl.build.cat=1"], "it has categories, mode, pack"),
        (["trials.x=1"], "trials has no keys"),
        (["nothing.x=1"], "there is no nothing"),
        (["experiment=vulcan_qwen8b"], "+experiment=NAME; experiment is one of"),
        (["--tasks=x"], "write KEY=VALUE"),
        (["-m", "model=lexical,nope"], "Could not find 'model/nope'"),
        (["-m", "seed=0,1", "modle=x"], "did you mean model"),
        (["-m", "seed=["], "seed=["),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_2(
    tmp_path: Path,
    arguments: list[str],
    text: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*arguments, f"runs_dir={tmp_path}"] if "=" in arguments[-1] else arguments) == 2
    error = capsys.readouterr().err
    assert text in error
    assert len(error.strip().splitlines()) == 1


def test_without_a_gpu_an_experiment_says_so_before_anything_is_fetched(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["+experiment=vulcan_qwen8b", "stages=[base]"]) == 2
    error = capsys.readouterr().err
    assert "vllm" in error
    assert len(error.strip().splitlines()) == 1


@pytest.mark.parametrize("path", sorted((conf_dir() / "experiment").glob("*.yaml")), ids=str)
def test_every_experiment_composes(path: Path) -> None:
    config = compose([f"+experiment={path.stem}"])
    assert config.stages


def test_a_suite_is_a_benchmark_group_of_several() -> None:
    assert spell(["suite=[bfcl]", "trials=1"]) == ["benchmark=[bfcl]", "trials=1"]
    assert list(compose(spell(["suite=[bfcl]"])).benchmark) == ["bfcl"]


def test_help_names_every_group_and_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for word in ("benchmark", "lexical", "vulcan_qwen8b", "trials", "sample", "plan=true"):
        assert word in text
