"""Build the asker from configuration: a model seat, a cache folder, how replies are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.protocols import Model
from synth.llm.ask import Asker
from synth.llm.cache import Cache

STRUCTURED = ("none", "json_object", "json_schema")


def open_asker(
    model: Model | None,
    cache: str | None = None,
    sampling: Mapping[str, Any] | None = None,
    structured: str = "none",
    concurrency: int = 16,
) -> Asker:
    """Return an asker. Raises UserMistake where a role wants a model and no seat holds one."""
    if model is None:
        raise UserMistake("a synthesis role is set to llm, but no model is chosen: give model=…")
    if structured not in STRUCTURED:
        raise UserMistake(f"structured={structured} is unknown: use {', '.join(STRUCTURED)}")
    if concurrency < 1:
        raise UserMistake(f"concurrency={concurrency} is not a whole number from 1 up")
    folder = Cache(Path(cache)) if cache else None
    return Asker(model, folder, dict(sampling or {}), structured, concurrency)
