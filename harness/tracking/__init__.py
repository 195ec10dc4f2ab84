"""Trackers: where results are shown besides the run folder. A tracker never loses a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from harness.tracking.weights_and_biases import WandbTracker

__all__ = ["NoTracker", "Tracker", "WandbTracker"]


class Tracker(Protocol):
    """Told when a run starts and when its table is known; must not raise once started."""

    def start(self, info: Mapping[str, Any]) -> None:
        """Take what a table's `info` says of the run, with `folder`, `config` and `sweep`."""
        ...

    def finish(self, folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take the run folder and the rows of its table."""
        ...


class NoTracker:
    """Track nowhere."""

    def start(self, info: Mapping[str, Any]) -> None:
        """Do nothing."""

    def finish(self, folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
        """Do nothing."""
