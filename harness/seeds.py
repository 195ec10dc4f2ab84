"""One integer seeds a run; everything random derives from it by name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from harness.protocols import Model
from harness.types import Message, ToolSpec


def seed_for(run_seed: int, *names: str | int) -> int:
    """Derive a 31-bit seed from the run's seed and names such as (task id, trial)."""
    text = "\x1f".join(str(name) for name in (run_seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


class SeededModel:
    """A model whose n-th reply in one episode is sampled with the n-th derived seed."""

    def __init__(self, model: Model, seed: int) -> None:
        self.model = model
        self.seed = seed
        self.count = 0
        self.show_reasoning = bool(getattr(model, "show_reasoning", False))

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message:
        self.count += 1
        sampling.setdefault("seed", seed_for(self.seed, self.count))
        return await self.model.generate(chat, tools, **sampling)
