"""The processes of one training: how many there are, which is the first, what they agree on."""

from __future__ import annotations

import os
from typing import Any

from harness.faults import UserMistake


def world_size() -> int:
    """Return how many processes the launcher started."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """Return this process's number; the first one, 0, writes and speaks."""
    return int(os.environ.get("RANK", "0"))


def require_processes(expected: int) -> int:
    """Return the world size, or say that the launcher started another number of processes.

    `accelerate launch --cpu --num_processes 2` was seen to start one process without a word.
    """
    actual = world_size()
    if actual != expected:
        raise UserMistake(
            f"the launcher started {actual} processes, {expected} were asked for: start with "
            "torchrun --nproc_per_node or check num_processes of the accelerate configuration"
        )
    return actual


def anywhere(here: bool) -> bool:
    """Say whether something is so in any process: all then stop after the same step."""
    import torch

    if not torch.distributed.is_initialized():
        return here
    device = "cuda" if torch.distributed.get_backend() == "nccl" else "cpu"
    flag = torch.tensor(float(here), device=device)
    torch.distributed.all_reduce(flag, torch.distributed.ReduceOp.MAX)
    return bool(flag)


def from_all(here: Any) -> list[Any]:
    """Return what every process brings, in the order of their ranks."""
    import torch

    if not torch.distributed.is_initialized():
        return [here]
    found: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(found, here)
    return found
