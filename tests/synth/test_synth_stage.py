"""Synthesis as its users meet it: whole commands in a fresh process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.configure import compose
from synth.stages import read

ROOT = Path(__file__).resolve().parents[2]
RANDOM = ["+experiment=synth_keyless", "synth.environments=[]", "run=made"]
SMALL = [*RANDOM, "synth.worlds=1", "synth.tasks=6", "synth.witnesses=20", "synth.workers=1"]


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "160"}
    command = [sys.executable, "-m", "harness", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=env, stdout=pipe, stderr=pipe, text=True)


def harness(folder: Path, *arguments: str) -> tuple[int, str, str]:
    with start(folder, *arguments) as process:
        out, error = process.communicate(timeout=120)
    return process.returncode, out, error


def test_the_command_ends_with_the_funnel_and_the_place(tmp_path: Path) -> None:
    code, out, error = harness(tmp_path, *SMALL)
    assert code == 0, error
    assert "the oracle, shipped tasks: 6 of 6 passed (100.0%)" in out
    assert "data set: made/dataset" in out
    assert (tmp_path / "made" / "dataset" / "sft.parquet").is_file()


def test_ctrl_c_ends_cleanly_and_the_rerun_goes_on(tmp_path: Path) -> None:
    larger = [*RANDOM, "synth.worlds=12", "synth.tasks=60", "synth.workers=2"]
    with start(tmp_path, *larger) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if list((tmp_path / "made" / "packages").glob("random_*/done.json")):
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert "stopped" in out
    assert "Traceback" not in error
    code, out, error = harness(tmp_path, *larger)
    assert code == 0, error
    assert "12 of 12 stored" in out


def test_a_folder_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    from harness.store import exclusive

    with exclusive(tmp_path / "made"):
        code, _, error = harness(tmp_path, *SMALL)
    assert code == 2
    assert error.count("\n") == 1
    assert "in use by another process" in error


def test_a_plan_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = f"run={tmp_path / 'made'}"
    assert main([*SMALL, run, "plan=true"]) == 0
    assert "no role is filled by a model: no calls, no cost" in capsys.readouterr().out
    llm = ["synth/role/graph=llm", "synth/role/task_writer=llm", "model=openai", "model.model=x"]
    assert main([*SMALL, run, *llm, "model.price={input: 1.0, output: 2.0}", "plan=true"]) == 0
    out = capsys.readouterr().out
    assert "wording" in out
    assert "dependency" in out
    assert "$" in out
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["synth.agent=nobody"], "synth.agent"),
        (["synth.taks=3"], "synth.taks"),
        (["synth.worlds=0"], "synth.worlds is 0"),
        (["synth/role/implementation=python", "model=none"], "no model"),
        (["synth/role/graph=llm", "model=none"], "no model"),
        (["synth.agent=model", "model=none"], "no model"),
        (["synth.own={desk: {specs: /nowhere.json}}", "synth.worlds=0"], "cannot read"),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_2(
    arguments: list[str], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SMALL, f"run={tmp_path / 'made'}", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert text in error


def test_the_papers_settings_fill_every_role_with_a_model() -> None:
    recipe, crew = read(compose(["+experiment=vulcan_synth"]).synth)
    assert all(crew.fills(role) for role in crew.roles)
    assert len(crew.roles) == 9
    assert recipe.agent == "model"
    assert len(recipe.names) == 14
    keyless, nobody = read(compose(["+experiment=synth_keyless"]).synth)
    assert not nobody.fills(*nobody.roles)
    assert keyless.agent == "oracle"
