"""The closed loop in one command, as small as it gets; and the throughput bench."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install .[train]")
pytest.importorskip("trl", reason="trl is not installed: pip install .[train]")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*pin_memory.*:UserWarning"),
]
SMALL = [
    "+experiment=tiny_loop",
    "rows=60",
    "trials=1",
    "benchmark.drills.build.count=2",
    "+stage.tiny.warm_steps=2",
    "+stage.tiny.hidden=32",
    "+stage.tiny.layers=1",
    "train.sft.batch=8",
    "train.sft.steps=4",
    "train.sft.save_every=2",
    "train.sft.log_every=1",
    "train.sft.validation=0.1",
    "train.sft.precision=float32",
    "model.sampling.max_tokens=8",
]


def test_one_command_makes_tasks_trains_and_evaluates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from harness.launch import launch

    command = [*SMALL, f"runs_dir={tmp_path}"]
    assert launch(command) == 0
    run = tmp_path / "tiny_loop-0"
    assert (run / "sft" / "final" / "config.json").is_file()
    table = capsys.readouterr().out
    for level in ("values", "chains", "worlds"):
        assert f"drills/{level}" in table
    weights = (run / "sft" / "final" / "model.safetensors").read_bytes()
    assert launch(command) == 0
    assert (run / "sft" / "final" / "model.safetensors").read_bytes() == weights
    assert launch([*command, "train.sft.learning_rate=1e-5"]) == 2
    assert "differs in learning_rate" in capsys.readouterr().err


def test_training_on_the_test_split_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from harness.launch import launch

    command = [*SMALL, f"runs_dir={tmp_path}", "stage.drill.benchmark.split=test"]
    assert launch([*command, "stages=[drill,tiny]"]) == 2
    assert "drills split 'test' holds test tasks" in capsys.readouterr().err


def test_the_bench_measures_both_loops_and_a_step_of_optimisation(tmp_path: Path) -> None:
    from train.bench import run
    from train.tiny import Shape, save_fresh

    save_fresh(tmp_path, ["find the boat of Ada"] * 50, Shape(hidden=32, layers=1), warm_steps=0)
    options = "--steps 5 --batch 2 --length 16 --repeats 1".split()
    small, large, step = run([*options, "--model", str(tmp_path)])
    assert step["steps"] == 1
    assert 0 < step["outside"] < 1
    assert step["sampling_s"] + step["outside_s"] < step["step_s"]
    assert small["parameters"] < 700_000 < 4_000_000 < large["parameters"]
    assert all(m["tokens_per_s"] > 0 and m["plain_tokens_per_s"] > 0 for m in (small, large))
    assert json.dumps(small)
