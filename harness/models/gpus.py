"""Which GPUs a machine has and which seat gets which, without importing torch."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.faults import UserMistake

Gpus = Sequence[int | str] | None


def count_gpus(dev: Path = Path("/dev")) -> int:
    """Count the NVIDIA or AMD GPUs that this process could use."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([name for name in visible.split(",") if name.strip() not in ("", "-1")])
    names = [path.name for path in dev.glob("nvidia*")]
    nvidia = sum(re.fullmatch(r"nvidia\d+", name) is not None for name in names)
    return nvidia or len(list(dev.glob("dri/renderD*"))) * (dev / "kfd").exists()


def lacks_gpus(gpus: Gpus, needed: int, present: int) -> str | None:
    """Say in one line why `needed` GPUs (of those named in `gpus`) cannot be had, else None."""
    if present == 0:
        return "no GPU here: run on a GPU node, or use model=openai with base_url of a server"
    if gpus is None:
        short = f"{needed} GPUs are needed, {present} are here: lower tensor_parallel"
        return short if present < needed else None
    if len(gpus) != needed:
        return (
            f"gpus={list(gpus)} names {len(gpus)}, but tensor_parallel x data_parallel is {needed}"
        )
    absent = [gpu for gpu in gpus if isinstance(gpu, int) and not 0 <= gpu < present]
    if absent and "CUDA_VISIBLE_DEVICES" not in os.environ:
        return f"gpus={list(gpus)}: there is no GPU {absent[0]}, this machine has {present}"
    return None


def require_room(shares: Mapping[str, tuple[Gpus, float]]) -> None:
    """Raise UserMistake where seats ask for more than the whole memory of one GPU.

    `shares` maps a seat to its GPUs (None = any) and the part of each one's memory it takes.
    """
    load: dict[int | str, float] = defaultdict(float)
    seats: dict[int | str, list[str]] = defaultdict(list)
    for seat, (gpus, share) in shares.items():
        for gpu in gpus if gpus is not None else ("any",):
            load[gpu] += share
            seats[gpu].append(seat)
    unnamed = seats.pop("any", [])
    if unnamed and len(shares) > 1:
        raise UserMistake(
            f"{' and '.join(shares)} each start a server: give each its own GPUs "
            f"({', '.join(f'{seat}.gpus=[…]' for seat in shares)})"
        )
    for gpu, names in seats.items():
        if load[gpu] > 1.0:
            raise UserMistake(
                f"GPU {gpu} is asked for by {' and '.join(names)}: give each seat its own gpus, "
                "or lower gpu_memory so that the sum is at most 1"
            )
