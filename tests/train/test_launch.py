import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.faults import UserMistake
from train.launch import Cluster, commands
from train.processes import require_processes
from train.scripts import write_plan


def cluster(**changes: Any) -> Cluster:
    fields: dict[str, Any] = {
        "model": "/models/m",
        "user_model": "/models/u",
        "arguments": ("+experiment=x", "stages=[grpo]"),
    }
    return Cluster(**(fields | changes))


def test_every_node_has_one_role() -> None:
    found = commands(cluster(train_nodes=2, rollout_nodes=2))
    taken = [node for one in found for node in one.nodes]
    assert sorted(taken) == list(range(5)) == list(range(cluster(rollout_nodes=2).nodes))
    assert [one.role for one in found] == ["train", "rollout", "rollout", "user"]


def test_without_a_user_model_there_is_no_user_node() -> None:
    alone = cluster(user_model=None)
    assert alone.nodes == 3
    assert "user" not in {one.role for one in commands(alone)}


def test_the_training_command_names_every_process() -> None:
    text = commands(cluster())[0].text()
    assert "--num_processes 16" in text
    assert "--machine_rank $SLURM_PROCID" in text
    assert text.endswith("-m harness +experiment=x 'stages=[grpo]'")


def test_the_rollout_server_takes_weights_and_gives_logprobs() -> None:
    server = commands(cluster())[1]
    assert server.env == {"VLLM_SERVER_DEV_MODE": "1"}
    assert json.loads(server.argv[server.argv.index("--weight-transfer-config") + 1]) == {
        "backend": "nccl"
    }
    assert "processed_logprobs" in server.argv


def test_the_plan_is_four_files_and_the_scripts_are_scripts(tmp_path: Path) -> None:
    paths = write_plan(cluster(out=str(tmp_path / "run")))
    texts = {path.name: path.read_text() for path in paths}
    assert yaml.safe_load(texts["accelerate.yaml"])["num_processes"] == 16
    assert json.loads(texts["deepspeed.json"])["zero_optimization"]["stage"] == 3
    for name in ("attempt.sh", "run.sbatch"):
        checked = subprocess.run(["bash", "-n"], input=texts[name], text=True, check=False)
        assert checked.returncode == 0
    assert texts["attempt.sh"].count("srun") == 3
    assert "#SBATCH --nodes=4 --gpus-per-node=8 --exclusive --mem=0" in texts["run.sbatch"]
    assert "train.restart --out runs/grpo --limit 3 -- bash" in texts["run.sbatch"]


@pytest.mark.parametrize(
    "wrong", [{"train_nodes": 0}, {"gpus_per_node": 0}, {"zero_stage": 1}, {"rollout_nodes": -1}]
)
def test_impossible_clusters_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UserMistake, match=next(iter(wrong))):
        cluster(**wrong)


def test_a_world_of_another_size_is_refused() -> None:
    assert "WORLD_SIZE" not in os.environ
    assert require_processes(1) == 1
    with pytest.raises(UserMistake, match="started 1 processes, 2 were asked for"):
        require_processes(2)
