"""What a training measures reaches the tracker: every step, in a run of its own."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.tracking import WandbTracker
from train.tracked import flat, following, id_of

needs_wandb = pytest.mark.skipif(
    importlib.util.find_spec("wandb") is None,
    reason="wandb is not installed: pip install 'agent-harness[wandb]'",
)
INFO = {"job": "grpo", "model": "m", "sweep": None, "config": {"seed": 3}}
LINES: list[dict[str, Any]] = [
    {"step": step, "loss": 1 / step, "note": "text", "rollouts": {"flat": 2.0}} for step in (1, 2)
]


class Listener:
    """A tracker that remembers what it is told."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def start(self, info: Mapping[str, Any]) -> None:
        self.heard.append(("start", info["job"], info["run_id"]))

    def measure(self, figures: Mapping[str, float], step: int) -> None:
        self.heard.append((step, dict(figures)))

    def close(self) -> None:
        self.heard.append("close")

    def finish(self, folder: Path, rows: Any) -> None:
        raise AssertionError("a training has no table")


def test_every_line_is_heard_between_start_and_end(tmp_path: Path) -> None:
    tracker = Listener()
    with following(tracker, INFO, tmp_path / "run" / "grpo") as say:
        assert tracker.heard == []
        for line in LINES:
            say(line)
    assert tracker.heard[0] == ("start", "grpo", id_of(tmp_path / "run" / "grpo"))
    assert tracker.heard[1] == (1, {"grpo/loss": 1.0, "grpo/rollouts/flat": 2.0})
    assert [one[0] for one in tracker.heard[1:3]] == [1, 2]
    assert tracker.heard[3:] == ["close"]


def test_trainings_of_one_name_in_two_places_are_two(tmp_path: Path) -> None:
    one, other = (id_of(tmp_path / name / "shared-0" / "sft") for name in ("batch", "user"))
    assert one.startswith("shared-0/sft-")
    assert one != other
    assert one == id_of(tmp_path / "batch" / "shared-0" / "sft")


def test_a_training_that_measures_nothing_leaves_no_trace(tmp_path: Path) -> None:
    tracker = Listener()
    with following(tracker, INFO, tmp_path):
        pass
    assert tracker.heard == []


def test_a_training_that_fails_is_closed(tmp_path: Path) -> None:
    tracker = Listener()

    def fail() -> None:
        with following(tracker, INFO, tmp_path) as say:
            say(LINES[0])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert tracker.heard[-1] == "close"


def test_only_numbers_are_figures() -> None:
    assert flat({"step": 1, "a": {"b": 2}, "c": None, "d": "x"}, "sft") == {"sft/a/b": 2}


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep W&B inside the test's folder, without a key."""
    for name in ("CACHE_DIR", "CONFIG_DIR", "DATA_DIR"):
        monkeypatch.setenv(f"WANDB_{name}", str(tmp_path / name))
    for name in ("API_KEY", "BASE_URL", "MODE", "DIR"):
        monkeypatch.delenv(f"WANDB_{name}", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    return tmp_path


@needs_wandb
def test_wandb_holds_the_last_step_of_a_training(offline: Path) -> None:
    from tests.fakes.wandb_log import read_log

    out = offline / "run" / "grpo"
    out.mkdir(parents=True)
    with following(WandbTracker(), INFO, out) as say:
        for line in LINES:
            say(line)
    stored = read_log(out)
    assert (stored["run"].job_type, stored["run"].display_name) == ("grpo", "m")
    assert stored["summary"]["grpo/loss"] == 0.5
    assert stored["summary"]["grpo/rollouts/flat"] == 2.0
    assert stored["summary"]["step"] == 2
    assert stored["config"]["config"] == {"seed": 3}


class Broken:
    """A W&B run whose process is gone."""

    def log(self, figures: Any) -> None:
        raise BrokenPipeError("gone")


@needs_wandb
def test_a_tracker_that_breaks_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    tracker = WandbTracker()
    tracker.run = Broken()
    with caplog.at_level(logging.WARNING, "harness"):
        tracker.measure({"loss": 1.0}, 1)
        tracker.measure({"loss": 1.0}, 2)
        tracker.close()
    (warning,) = [r.getMessage() for r in caplog.records if r.name.startswith("harness")]
    assert "cannot log (BrokenPipeError: gone)" in warning
