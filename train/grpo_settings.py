"""How to run GRPO, and the same in TRL's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from harness.faults import UserMistake
from train.processes import world_size

ROLLOUTS = ("local", "server")


@dataclass(frozen=True, kw_only=True)
class GrpoSettings:
    """How to optimise. A step uses `prompts` tasks with `group_size` episodes each.

    `micro_batch` is how many rows one backward pass of one device holds; `devices` is how many
    processes the launcher must have started (null: any number). `extra` goes to TRL's GRPOConfig.
    The defaults suit a small model; a paper's are in conf/train/grpo.yaml.
    With `rollouts=server` the `servers` sample the replies, and get new weights after every step.
    """

    model: str
    out: str
    steps: int = 30
    prompts: int = 16
    group_size: int = 8
    micro_batch: int | None = None
    devices: int | None = None
    train_on_test: bool = False
    learning_rate: float = 1e-6
    schedule: str = "constant"
    temperature: float = 1.0
    reply_tokens: int = 128
    context_tokens: int = 2048
    clip_low: float = 0.2
    clip_high: float = 0.28
    kl: float = 0.0
    loss: str = "dapo"
    scale_rewards: str = "group"
    filtering: bool = True
    redraws: int = 4
    save_every: int = 10
    seed: int = 0
    threads: int | None = None
    checkpointing: bool = False
    rollouts: str = "local"
    servers: Sequence[str] | None = None
    group_port: int = 51216
    max_drift: float | None = 0.5
    flat_steps: int | None = 20
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("steps", "prompts", "reply_tokens", "context_tokens", "save_every"):
            if getattr(self, name) < 1:
                raise UserMistake(f"{name}={getattr(self, name)} must be at least 1")
        if self.micro_batch is not None and self.micro_batch < 1:
            raise UserMistake(f"micro_batch={self.micro_batch} must be at least 1, or null for all")
        if self.temperature <= 0:
            raise UserMistake(
                f"temperature={self.temperature}: a group needs different episodes, so above 0"
            )
        if self.rollouts not in ROLLOUTS:
            raise UserMistake(f"rollouts={self.rollouts} is unknown: use {' or '.join(ROLLOUTS)}")
        if self.servers and self.rollouts != "server":
            raise UserMistake("servers are given but not used: say rollouts=server")
        if self.group_size < 2:
            raise UserMistake(
                f"group_size={self.group_size}: rewards are compared within a group, give 2 or more"
            )

    def identity(self) -> dict[str, Any]:
        """Return what determines the weights: a run goes on only with the same."""
        free = {"out", "threads", "save_every", "micro_batch", "devices"}
        free |= {"checkpointing", "rollouts", "servers", "group_port", "max_drift", "flat_steps"}
        if self.schedule == "constant":
            free.add("steps")
        return {key: value for key, value in asdict(self).items() if key not in free}

    def shares(self, devices: int) -> tuple[int, int]:
        """Return rows per backward pass and passes per step of one device.

        Every device has whole groups, or an equal part of one. Raises UserMistake where they
        cannot be dealt out.
        """
        parts = self.parts(devices)
        if (self.prompts * parts) % devices or self.group_size % parts:
            raise UserMistake(
                f"prompts={self.prompts} groups of {self.group_size} cannot be dealt out to "
                f"{devices} processes: choose a multiple, or a divisor that splits groups evenly"
            )
        rows = self.prompts * self.group_size // devices
        micro = self.micro_batch or rows
        if rows % micro:
            raise UserMistake(
                f"micro_batch={micro} must divide the {rows} rows of a process "
                f"(prompts={self.prompts} x group_size={self.group_size} over {devices})"
            )
        return micro, rows // micro

    def parts(self, devices: int) -> int:
        """Return how many processes share one group: 1 where each has whole ones."""
        return max(1, devices // self.prompts)


def trl_config(settings: GrpoSettings) -> Any:
    """Translate the settings into TRL's configuration."""
    from trl import GRPOConfig

    micro, passes = settings.shares(world_size())
    fields: dict[str, Any] = {
        "output_dir": settings.out,
        "max_steps": settings.steps,
        "per_device_train_batch_size": micro,
        "gradient_accumulation_steps": passes,
        "num_generations": settings.group_size,
        "learning_rate": settings.learning_rate,
        "lr_scheduler_type": settings.schedule,
        "temperature": settings.temperature,
        "max_completion_length": settings.context_tokens,
        "epsilon": settings.clip_low,
        "epsilon_high": settings.clip_high,
        "beta": settings.kl,
        "loss_type": settings.loss,
        "scale_rewards": settings.scale_rewards,
        "save_steps": settings.save_every,
        "save_total_limit": 2,
        "seed": settings.seed,
        "shuffle_dataset": False,
        "logging_steps": 1,
        "report_to": "none",
        "disable_tqdm": True,
        "activation_checkpointing": settings.checkpointing,
        "use_cpu": not has_gpu(),
        "bf16": has_gpu(),
    }
    return GRPOConfig(**(fields | dict(settings.extra)))


def has_gpu() -> bool:
    import torch

    return bool(torch.cuda.is_available())
