"""DeepSpeed on two CPU processes, started as `train.launch` starts it: the same weights as one."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from train.grpo_log import read_log
from train.launch import Cluster, accelerate_config, zero_config

NEEDED = ("torch", "trl", "deepspeed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(importlib.util.find_spec(name) for name in NEEDED),
        reason="deepspeed is not installed: pip install .[train], then DS_BUILD_OPS=0 pip install "
        "--no-build-isolation .[deepspeed]",
    ),
]
ROOT = Path(__file__).parents[2]
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "DS_ACCELERATOR": "cpu", "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.fakes.tiny import PLAIN, save
    from tests.train.test_sft import record
    from train.tiny import Shape, save_fresh

    folder = tmp_path_factory.mktemp("deepspeed")
    lines = [json.dumps(record(number)) for number in range(40)]
    (folder / "data.jsonl").write_text("\n".join(lines) + "\n")
    shape = Shape(hidden=32, layers=1, heads=2, kv_heads=1, head_dim=16, positions=512)
    save_fresh(folder / "fresh", lines, shape, warm_steps=0)
    save(folder / "singer", PLAIN)
    return folder


def launch(place: Path, stage: int, *arguments: str) -> None:
    """Start two processes on this machine with the configuration files of a cluster."""
    cluster = Cluster(
        model="m", train_nodes=1, rollout_nodes=0, gpus_per_node=2, zero_stage=stage, out=str(place)
    )
    (place / "deepspeed.json").write_text(json.dumps(zero_config(stage)))
    chosen = place / "accelerate.yaml"
    chosen.write_text(yaml.safe_dump(accelerate_config(cluster) | {"use_cpu": True}))
    command = [sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(chosen)]
    done = subprocess.run(
        [*command, "-m", *arguments], capture_output=True, text=True, timeout=300, env=ENV, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr[-3000:]


def options(place: Path, out: str, **changes: Any) -> list[str]:
    fields = {"model": place / "fresh", "out": place / out, "threads": 1, "batch": 4, "steps": 4,
              "save_every": 2, "log_every": 1, "validation": 0.1, "select": "last",
              "learning_rate": 3e-3, "data": f"[{{path: {place / 'data.jsonl'}}}]"}  # fmt: skip
    chosen = [f"train.sft.{name}={value}" for name, value in (fields | changes).items()]
    return ["harness", "stages=[sft]", "train=sft", *chosen]


def weights(folder: Path) -> dict[str, Any]:
    from transformers import AutoModelForCausalLM

    return dict(AutoModelForCausalLM.from_pretrained(folder).state_dict())


def distance(one: dict[str, Any], other: dict[str, Any]) -> float:
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).abs().max()) for name in one)


@pytest.fixture(scope="module")
def alone(place: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", *options(place, "one")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=ENV, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-3000:]
    tuned = weights(place / "one" / "final")
    assert distance(tuned, weights(place / "fresh")) > 1e-3
    return tuned


@pytest.mark.parametrize("stage", [2, 3])
def test_sharded_fine_tuning_ends_with_the_weights_of_one_process(
    place: Path, alone: dict[str, Any], stage: int
) -> None:
    out = place / f"zero{stage}"
    launch(place, stage, *options(place, out.name, devices=2))
    assert distance(weights(out / "final"), alone) < 1e-6
    shutil.rmtree(out / "final")
    shutil.rmtree(out / "checkpoint-4")
    launch(place, stage, *options(place, out.name, devices=2))
    assert distance(weights(out / "final"), alone) < 1e-6


def test_a_policy_with_sharded_weights_samples_and_learns(place: Path) -> None:
    out = place / "choir"
    launch(place, 3, "tests.train.choir", str(place / "singer"), str(out), "24")
    rewards = [line["reward"] for line in read_log(out)]
    assert len(rewards) == 24
    assert sum(rewards[-6:]) > 1.5 * sum(rewards[:6])
    assert distance(weights(out / "final"), weights(place / "singer")) > 1e-3
