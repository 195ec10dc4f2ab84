"""Trackers: where results are shown besides the run folder. A tracker never loses a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from harness.tracking.weights_and_biases import WandbTracker

__all__ = ["NoTracker", "Tracker", "WandbTracker"]


class Tracker(Protocol):
    """Told when a run starts and when its table is known, or when a training starts, of every step
    and of its end; must not raise once started."""

    def start(self, info: Mapping[str, Any]) -> None:
        """Take what a table's `info` says of the run, with `folder`, `config` and `sweep`.

        `job` names a training (`sft`, `grpo`); without it the run is an evaluation.
        """
        ...

    def measure(self, figures: Mapping[str, float], step: int) -> None:
        """Take the measurements of one step of a training."""
        ...

    def close(self) -> None:
        """End a training."""
        ...

    def finish(self, folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take the run folder and the rows of its table."""
        ...


class NoTracker:
    """Track nowhere."""

    def start(self, info: Mapping[str, Any]) -> None:
        """Do nothing."""

    def measure(self, figures: Mapping[str, float], step: int) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def finish(self, folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
        """Do nothing."""
