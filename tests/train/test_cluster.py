"""The stage `launch`: what the nodes are started with, its plan, and what it cannot do here."""

from __future__ import annotations

import asyncio
import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from harness.app import App
from harness.configure import compose
from harness.faults import UserMistake
from train.cluster import cluster_of, launch, show_plan


def app_of(tmp_path: Path, *overrides: str) -> App:
    given = [*overrides, f"runs_dir={tmp_path}", "stages=[launch]", "plan=true"]
    config = compose(given)
    console = Console(file=io.StringIO(), width=400)
    return App(config, console, config.hydra.runtime.choices, given)


GRPO = ("train=[grpo_sea_30b,cluster]", "train.grpo.model=/m", "seed=3")


def test_the_nodes_start_this_command_with_the_stage_that_trains(tmp_path: Path) -> None:
    made = cluster_of(app_of(tmp_path, *GRPO, "train.cluster.user_model=/u"))
    assert made.model == "/m"
    assert made.train_out == f"{tmp_path}/grpo"
    assert list(made.arguments) == [
        "train=[grpo_sea_30b,cluster]",
        "train.grpo.model=/m",
        "seed=3",
        f"runs_dir={tmp_path}",
        "stages=[grpo]",
        "train.grpo.devices=16",
        "train.grpo.rollouts=server",
        "model@user_model=openai",
        "user_model.model=/u",
        "user_model.base_url=${oc.env:USER_URL}/v1",
        "user_model.api_key_env=null",
    ]


def test_what_the_nodes_start_with_composes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER_URL", "http://n3:8001")
    made = cluster_of(app_of(tmp_path, *GRPO, "train.cluster.user_model=/u"))
    config = compose(list(made.arguments))
    assert config.train.grpo.rollouts == "server"
    assert config.train.grpo.devices == 16
    assert config.user_model.base_url == "http://n3:8001/v1"


def test_fine_tuning_has_no_rollout_servers(tmp_path: Path) -> None:
    fine = ("train=[sft_vulcan,cluster]", "train.cluster.trains=sft", "train.sft.model=/m")
    made = cluster_of(app_of(tmp_path, *fine))
    assert made.nodes == made.train_nodes == 2
    assert list(made.arguments)[-2:] == ["stages=[sft]", "train.sft.devices=16"]


def test_arguments_that_are_given_stand(tmp_path: Path) -> None:
    made = cluster_of(app_of(tmp_path, *GRPO, "train.cluster.arguments=[a,b]"))
    assert list(made.arguments) == ["a", "b"]


def test_the_plan_says_what_every_node_runs_and_writes_nothing(tmp_path: Path) -> None:
    app = app_of(tmp_path, *GRPO)
    show_plan(app)
    file: Any = app.console.file
    lines = file.getvalue().splitlines()
    assert [line.split(":")[0] for line in lines] == ["train (node 0, 1)", "rollout (node 2)"]
    assert not list(tmp_path.iterdir())


def test_without_nodes_or_a_model_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match=r"choose train=\[…,cluster\]"):
        cluster_of(app_of(tmp_path, "train=[grpo]"))
    with pytest.raises(UserMistake, match=r"train\.cluster\.model is not known"):
        cluster_of(app_of(tmp_path, "train=[cluster]"))


@pytest.mark.skipif(shutil.which("sbatch") is not None, reason="Slurm is installed")
def test_without_slurm_the_files_are_left_for_a_login_node(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match=r"On a login node of Slurm: sbatch .*run\.sbatch"):
        asyncio.run(launch(app_of(tmp_path, *GRPO)))
    made = {path.name for path in (tmp_path / "cluster").iterdir()}
    assert made == {"accelerate.yaml", "deepspeed.json", "attempt.sh", "run.sbatch"}
