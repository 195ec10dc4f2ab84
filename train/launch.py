"""Training on many GPUs and nodes: the exact commands and configurations, as data.

Nothing here starts anything; `plan=true` prints what `commands` returns, and the stage `launch`
(train.cluster) writes them as files (train.scripts) and hands those to Slurm. The layout is
AReaL-SEA's and TRL's server mode: rollout nodes serve the policy with vLLM and take new weights
over NCCL, a user node serves the user model, training nodes run accelerate with DeepSpeed.
Rollouts do not overlap with training here: that is what an external launcher such as AReaL adds
(train.areal).
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.faults import UserMistake

Role = Literal["rollout", "user", "train"]
TRAIN_PORT = 29500


@dataclass(frozen=True)
class Command:
    """One process to start: on `nodes` of the allocation (Slurm's order), with its environment."""

    role: Role
    nodes: tuple[int, ...]
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """Write it as a shell would take it."""
        sets = [f"{name}={shlex.quote(value)}" for name, value in self.env.items()]
        return " ".join([*sets, *(quote(part) for part in self.argv)])


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Which nodes do what; conf/train/cluster.yaml explains every key. `model` and `user_model` are
    checkpoints or Hub names; `arguments` is what training is started with."""

    model: str
    user_model: str | None = None
    trains: str = "grpo"
    train_out: str = "runs/grpo"
    train_nodes: int = 2
    rollout_nodes: int = 1
    gpus_per_node: int = 8
    zero_stage: int = 3
    context_tokens: int = 32768
    tool_parser: str = "hermes"
    vllm: str = "vllm"
    python: str = "python"
    arguments: Sequence[str] = ()
    out: str = "runs/cluster"
    port: int = 8000
    resources: str | None = None
    sbatch: Sequence[str] = ()
    restarts: int = 3
    wait_s: int = 1800

    def __post_init__(self) -> None:
        for name in ("train_nodes", "gpus_per_node", "context_tokens", "wait_s"):
            if getattr(self, name) < 1:
                raise UserMistake(f"{name}={getattr(self, name)} must be at least 1")
        if self.rollout_nodes < 0:
            raise UserMistake(f"rollout_nodes={self.rollout_nodes} cannot be negative")
        if self.zero_stage not in (2, 3):
            raise UserMistake(f"zero_stage={self.zero_stage} is unknown: use 2 or 3")

    @property
    def nodes(self) -> int:
        return self.train_nodes + self.rollout_nodes + (self.user_model is not None)

    @property
    def processes(self) -> int:
        return self.train_nodes * self.gpus_per_node


def commands(cluster: Cluster) -> list[Command]:
    """Return every process of the run: training nodes first, then rollout, then user."""
    first_rollout = cluster.train_nodes
    user_node = first_rollout + cluster.rollout_nodes
    found = [train_command(cluster)]
    found += [rollout_command(cluster, first_rollout + i) for i in range(cluster.rollout_nodes)]
    if cluster.user_model is not None:
        found.append(user_command(cluster, cluster.user_model, user_node))
    return found


def train_command(cluster: Cluster) -> Command:
    """Start one accelerate per training node; it starts a process per GPU."""
    launch = [
        *("srun", f"--nodes={cluster.train_nodes}", f"--ntasks={cluster.train_nodes}"),
        *(
            cluster.python,
            "-m",
            "accelerate.commands.launch",
            "--config_file",
            f"{cluster.out}/accelerate.yaml",
        ),
        *("--num_machines", str(cluster.train_nodes), "--num_processes", str(cluster.processes)),
        *("--machine_rank", "$SLURM_PROCID", "--main_process_ip", "$TRAIN_HOST"),
        *("--main_process_port", str(TRAIN_PORT), "-m", "harness"),
    ]
    return Command("train", tuple(range(cluster.train_nodes)), (*launch, *cluster.arguments))


def rollout_command(cluster: Cluster, node: int) -> Command:
    """Serve the policy: one copy per GPU, new weights over NCCL, logprobs of what was sampled."""
    serve = [
        *(cluster.vllm, "serve", cluster.model, "--port", str(cluster.port)),
        *("--data-parallel-size", str(cluster.gpus_per_node)),
        *("--max-model-len", str(cluster.context_tokens)),
        *("--generation-config", "vllm"),
        *("--weight-transfer-config", json.dumps({"backend": "nccl"})),
        *("--logprobs-mode", "processed_logprobs", "--max-logprobs", "-1"),
    ]
    return Command("rollout", (node,), tuple(serve), {"VLLM_SERVER_DEV_MODE": "1"})


def user_command(cluster: Cluster, model: str, node: int) -> Command:
    """Serve the user model, which stays as it is."""
    serve = [
        *(cluster.vllm, "serve", model, "--port", str(cluster.port + 1)),
        *("--data-parallel-size", str(cluster.gpus_per_node)),
        *("--max-model-len", str(cluster.context_tokens)),
        *("--enable-auto-tool-choice", "--tool-call-parser", cluster.tool_parser),
    ]
    return Command("user", (node,), tuple(serve))


def accelerate_config(cluster: Cluster) -> dict[str, Any]:
    """Return the accelerate configuration: bf16, DeepSpeed from its own file."""
    return {
        "compute_environment": "LOCAL_MACHINE",
        "distributed_type": "DEEPSPEED",
        "deepspeed_config": {
            "deepspeed_config_file": f"{cluster.out}/deepspeed.json",
            "deepspeed_multinode_launcher": "standard",
            "zero3_init_flag": cluster.zero_stage == 3,
        },
        "num_machines": cluster.train_nodes,
        "num_processes": cluster.processes,
        "rdzv_backend": "static",
        "use_cpu": False,
    }


def zero_config(stage: int = 3) -> dict[str, Any]:
    """Return the DeepSpeed configuration of ZeRO-2 or -3; batch and rates come from the trainer."""
    auto = "auto"
    shared = {
        "stage": stage,
        "overlap_comm": True,
        "contiguous_gradients": True,
        "reduce_bucket_size": auto,
    }
    sharded = {
        "stage3_gather_16bit_weights_on_model_save": True,
        "stage3_prefetch_bucket_size": auto,
        "stage3_param_persistence_threshold": auto,
    }
    return {
        "bf16": {"enabled": auto},
        "zero_optimization": shared | (sharded if stage == 3 else {}),
        "gradient_accumulation_steps": auto,
        "gradient_clipping": auto,
        "train_batch_size": auto,
        "train_micro_batch_size_per_gpu": auto,
    }


def quote(part: str) -> str:
    """Quote for a shell, but let its variables stand."""
    return part if part.startswith("$") else shlex.quote(part)
