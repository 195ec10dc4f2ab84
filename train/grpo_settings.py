"""How to run GRPO, and the same in TRL's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.faults import UserMistake


@dataclass(frozen=True, kw_only=True)
class GrpoSettings:
    """How to optimise. A step uses `prompts` tasks with `group_size` episodes each.

    `micro_batch` is how many rows one backward pass holds; `extra` goes to TRL's GRPOConfig.
    """

    model: str
    out: str
    steps: int = 30
    prompts: int = 16
    group_size: int = 8
    micro_batch: int | None = None
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
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = self.prompts * self.group_size
        micro = self.micro_batch or rows
        if rows % micro or micro % self.group_size:
            raise UserMistake(
                f"micro_batch={micro} must divide prompts x group_size = {rows} and be a multiple "
                f"of group_size={self.group_size}"
            )


def trl_config(settings: GrpoSettings) -> Any:
    """Translate the settings into TRL's configuration."""
    from trl import GRPOConfig

    rows = settings.prompts * settings.group_size
    micro = settings.micro_batch or rows
    fields: dict[str, Any] = {
        "output_dir": settings.out,
        "max_steps": settings.steps,
        "per_device_train_batch_size": micro,
        "gradient_accumulation_steps": rows // micro,
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
        "gradient_checkpointing": False,
        "use_cpu": not has_gpu(),
        "bf16": has_gpu(),
    }
    return GRPOConfig(**(fields | dict(settings.extra)))


def has_gpu() -> bool:
    import torch

    return bool(torch.cuda.is_available())
