"""How to fine-tune, and the same in TRL's words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from harness.faults import UserMistake

SELECT = ("loss", "pass", "last")
ORDERS = ("shuffled", "length", "given")
PRECISIONS = ("auto", "float32", "bf16")


@dataclass(frozen=True, kw_only=True)
class SftSettings:
    """How to fine-tune `model` into `out`; conf/train/sft.yaml explains every key.

    `batch` is what one optimiser step takes over all devices: rows, or packed sequences of
    `max_tokens`. `extra` goes to TRL's SFTConfig.
    """

    model: str
    out: str
    data: Sequence[Mapping[str, Any]] = ()
    seat: str = "agent"
    reasoning: bool = False
    train_on_test: bool = False
    validation: float = 0.05
    split_by: str = "world"
    epochs: float = 1.0
    steps: int | None = None
    batch: int = 32
    micro_batch: int | None = None
    max_tokens: int = 4096
    packing: bool = False
    order: str = "shuffled"
    learning_rate: float = 1e-5
    schedule: str = "cosine"
    floor: float = 0.0
    warmup_steps: int = 0
    betas: Sequence[float] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    lora: Mapping[str, Any] | None = None
    precision: str = "auto"
    checkpointing: bool = False
    save_every: int = 200
    log_every: int = 20
    select: str = "loss"
    keep_checkpoints: int = 2
    seed: int = 0
    devices: int | None = None
    threads: int | None = None
    tool_format: str = "hermes"
    chat_template: str | None = None
    attention: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, known in (("select", SELECT), ("order", ORDERS), ("precision", PRECISIONS)):
            if getattr(self, name) not in known:
                raise UserMistake(f"{name}={getattr(self, name)} is unknown: use {known}")
        for name in ("batch", "micro_batch", "steps", "save_every", "log_every", "max_tokens"):
            number = getattr(self, name)
            if number is not None and number < 1:
                raise UserMistake(f"{name}={number} must be at least 1")
        if self.epochs <= 0:
            raise UserMistake(f"epochs={self.epochs} must be above 0")
        if self.seat not in ("agent", "user"):
            raise UserMistake(f"seat={self.seat} is unknown: use agent or user")
        if self.save_every % self.log_every:
            raise UserMistake(
                f"save_every={self.save_every} must be a multiple of log_every={self.log_every}: "
                "a loss that is not a number must be seen before it is saved"
            )
        if self.select != "last" and not self.validation:
            raise UserMistake(
                f"select={self.select} needs validation rows: set validation above 0 or select=last"
            )
        if self.order != "shuffled" and self.packing:
            raise UserMistake(f"order={self.order} and packing=true exclude each other: choose one")

    def passes(self, rows: int) -> int:
        """Return how often `rows` rows are laid out one after the other: an order of ours is laid
        out for all epochs or steps, TRL shuffles by itself."""
        if self.order == "shuffled":
            return 1
        return math.ceil(self.epochs if self.steps is None else self.steps * self.batch / rows)

    def identity(self) -> dict[str, Any]:
        """Return what determines the weights: a run goes on only with the same."""
        free = ("out", "devices", "threads", "keep_checkpoints", "log_every")
        return {key: value for key, value in asdict(self).items() if key not in free}


def trl_config(settings: SftSettings, devices: int, validated: bool) -> Any:
    """Translate the settings into TRL's configuration.

    Rows come encoded, so TRL neither tokenises nor truncates anything.
    """
    import torch
    from trl import SFTConfig

    gpu = torch.cuda.is_available()
    micro = settings.micro_batch or max(1, settings.batch // devices)
    if settings.batch % (micro * devices):
        raise UserMistake(
            f"batch={settings.batch} is no multiple of micro_batch={micro} x {devices} devices"
        )
    fields: dict[str, Any] = {
        "output_dir": settings.out,
        "per_device_train_batch_size": micro,
        "per_device_eval_batch_size": micro,
        "gradient_accumulation_steps": settings.batch // (micro * devices),
        "max_length": settings.max_tokens if settings.packing else None,
        "packing": settings.packing,
        "eval_packing": False if settings.packing else None,
        "shuffle_dataset": False,
        "train_sampling_strategy": "random" if settings.order == "shuffled" else "sequential",
        "bf16": use_bf16(settings.precision, gpu),
        "use_cpu": not gpu,
        "ddp_find_unused_parameters": False,
        "activation_checkpointing": settings.checkpointing,
        "report_to": "none",
        "disable_tqdm": True,
        "seed": settings.seed,
    }
    parts = (optimisation_of(settings), saving_of(settings, validated), settings.extra)
    for part in parts:
        fields |= part
    return SFTConfig(**fields)


def optimisation_of(settings: SftSettings) -> dict[str, Any]:
    """Return how long and how fast to move."""
    laid = 1 if settings.order == "shuffled" else math.ceil(settings.epochs)
    return {
        "num_train_epochs": settings.epochs / laid,  # of what is laid out; steps go before it
        "max_steps": settings.steps or -1,
        "learning_rate": settings.learning_rate,
        "warmup_steps": settings.warmup_steps,
        "adam_beta1": settings.betas[0],
        "adam_beta2": settings.betas[1],
        "adam_epsilon": settings.epsilon,
        "weight_decay": settings.weight_decay,
        **schedule_of(settings),
    }


def saving_of(settings: SftSettings, validated: bool) -> dict[str, Any]:
    """Return when to log, evaluate and save, and which checkpoint is the best."""
    best = settings.select != "last" and (validated or settings.select == "pass")
    fields: dict[str, Any] = {
        "save_strategy": "steps",
        "save_steps": settings.save_every,
        "save_total_limit": settings.keep_checkpoints,
        "eval_strategy": "steps" if best else "no",
        "eval_steps": settings.save_every if best else None,
        "load_best_model_at_end": best,
        "logging_steps": settings.log_every,
        "logging_nan_inf_filter": False,
    }
    if best:
        fields["metric_for_best_model"] = f"eval_{settings.select}"
        fields["greater_is_better"] = settings.select == "pass"
    return fields


def schedule_of(settings: SftSettings) -> dict[str, Any]:
    """Return the learning-rate schedule; `floor` is the share of the rate a cosine ends at."""
    if settings.schedule == "cosine" and settings.floor:
        return {
            "lr_scheduler_type": "cosine_with_min_lr",
            "lr_scheduler_kwargs": {"min_lr_rate": settings.floor},
        }
    return {"lr_scheduler_type": settings.schedule}


def use_bf16(precision: str, gpu: bool) -> bool:
    """Say whether to compute in bfloat16: `auto` does on a GPU, weights stay in float32."""
    return gpu if precision == "auto" else precision == "bf16"
