"""Several models at one table: start what must run, side by side, and stop all of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from harness.faults import ModelFault, UserMistake
from harness.models.gpus import require_room
from harness.models.vllm import VllmModel


def require_gpus(models: Mapping[str, Any]) -> None:
    """Raise UserMistake where the servers of two seats would crowd one GPU."""
    servers = {id(m): (seat, m) for seat, m in models.items() if isinstance(m, VllmModel)}
    require_room({s: (m.gpus, m.gpu_memory) for s, m in servers.values() if m.needs_gpu})


@asynccontextmanager
async def opened(models: Mapping[str, Any]) -> AsyncIterator[None]:
    """Start the models of all seats concurrently; stop them whatever happens.

    A model without `open` or `aclose` needs neither. Raises UserMistake, naming the seat, where
    one cannot start: the run has not begun, so nothing is lost.
    """
    require_gpus(models)
    once = {id(model): (seat, model) for seat, model in models.items() if model is not None}
    try:
        await start(dict(once.values()))
        yield
    finally:
        closing = [model.aclose() for _, model in once.values() if hasattr(model, "aclose")]
        await asyncio.gather(*closing)


async def start(models: Mapping[str, Any]) -> None:
    """Open every model; the first failure is raised after all have ended or failed."""
    seats = [seat for seat, model in models.items() if hasattr(model, "open")]
    results = await asyncio.gather(*(models[s].open() for s in seats), return_exceptions=True)
    for seat, result in zip(seats, results, strict=True):
        if isinstance(result, ModelFault):
            raise UserMistake(f"{seat} cannot start: {result}") from None
        if isinstance(result, BaseException):
            raise result
