"""Trainings in the configured tracker: every line of measurements, beside the log in the folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from harness.app import App
from harness.configure import build, plain
from harness.stages import stored_config
from harness.tracking import NoTracker, Tracker
from train.processes import rank

Say = Callable[[Mapping[str, Any]], None]


@contextmanager
def tracked(app: App, job: str, model: str, out: str) -> Iterator[Say]:
    """Yield what takes a training's lines to the configured tracker, from the first process."""
    node = app.config.get("tracker")
    tracker: Tracker = build(node) if node and rank() == 0 else NoTracker()
    info = {
        "job": job,
        "model": model,
        "config": plain(OmegaConf.create(stored_config(app))),
        "sweep": app.sweep,
    }
    with following(tracker, info, Path(out)) as say:
        yield say


@contextmanager
def following(tracker: Tracker, info: Mapping[str, Any], out: Path) -> Iterator[Say]:
    """Tell `tracker` of the training in `out` from its first line on, and of its end.

    The tracker's id of it is the last two parts of its path and a hash of the whole: a resumed
    training has the same, two trainings of equal names have not.
    """
    started: list[str] = []

    def say(line: Mapping[str, Any]) -> None:
        if not started:
            started.append(id_of(out.resolve()))
            tracker.start({**info, "run_id": started[0], "folder": str(out)})
        tracker.measure(flat(line, str(info["job"])), int(line["step"]))

    try:
        yield say
    finally:
        if started:
            tracker.close()


def id_of(folder: Path) -> str:
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
    return f"{'/'.join(folder.parts[-2:])}-{digest}"


def flat(line: Mapping[str, Any], prefix: str) -> dict[str, float]:
    """Name every number of a line, of inner ones too: `grpo/rollouts/flat`."""
    found: dict[str, float] = {}
    for name, value in line.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}/{name}")
        elif isinstance(value, (int, float)) and name != "step":
            found[f"{prefix}/{name}"] = value
    return found
