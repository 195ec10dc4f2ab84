"""Measurements of a GRPO run: one line of JSON per step."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.codec import dumps
from harness.faults import UserMistake
from train.grpo_settings import GrpoSettings
from train.processes import anywhere


def watcher(
    out: Path,
    rollouts: Callable[[], Mapping[str, float]],
    stop: threading.Event | None = None,
    say: Callable[[Mapping[str, Any]], None] = lambda line: None,
    limits: GrpoSettings | None = None,
) -> Any:
    """Write one line of measurements per step; end the run where it must: asked to stop, a loss
    that is not a number, replies that another policy sampled, nothing to learn for many steps
    (UserMistake). `say` gets the lines too. Only the first process writes."""
    from transformers import TrainerCallback

    max_drift = None if limits is None else limits.max_drift
    patience = Patience(None if limits is None else limits.flat_steps)

    class Watcher(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if anywhere(stop is not None and stop.is_set()):
                control.should_training_stop = control.should_save = True

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            figures = {k: v for k, v in (logs or {}).items() if isinstance(v, (int, float))}
            if "loss" not in figures:
                return
            if state.is_world_process_zero:
                out.mkdir(parents=True, exist_ok=True)
                line = {"step": state.global_step, **figures, "rollouts": rollouts()}
                with (out / "grpo_log.jsonl").open("a", encoding="utf-8") as file:
                    file.write(dumps(line) + "\n")
                say(line)
            check_finite(figures, state.global_step)
            check_drift(figures, state.global_step, max_drift)
            drawn = rollouts()
            patience.note(state.global_step, anywhere(drawn["flat"] < drawn["groups"]))

    return Watcher()


class Patience:
    """Ends a run in which for `most` steps in a row no group had different rewards."""

    def __init__(self, most: int | None) -> None:
        self.most = most
        self.flat = 0

    def note(self, step: int, learnt: bool) -> None:
        """Raise UserMistake where that is so after this step."""
        self.flat = 0 if learnt else self.flat + 1
        if self.most is not None and self.flat >= self.most:
            raise UserMistake(
                f"step {step}: for {self.flat} steps in a row every group's rewards were all "
                "equal, so nothing is learnt: choose tasks that this policy sometimes passes, or "
                "flat_steps=null"
            )


def check_finite(figures: Mapping[str, float], step: int) -> None:
    """Raise UserMistake where the loss or its gradient is not a number."""
    for name in ("loss", "grad_norm"):
        if not math.isfinite(figures.get(name, 0.0)):
            raise UserMistake(
                f"step {step}: {name} is {figures[name]}; lower learning_rate and choose another "
                "out=. A checkpoint before it stays where it is"
            )


def check_drift(figures: Mapping[str, float], step: int, most: float | None) -> None:
    """Raise UserMistake where rollout servers do not sample from the weights under training.

    Measured on the sampled tokens: the servers' log-probabilities against the trainer's.
    """
    drift = figures.get("sampling/sampling_logp_difference/mean", 0.0)
    if most is not None and drift > most:
        raise UserMistake(
            f"step {step}: the rollout servers sampled from another policy than the one that is "
            f"trained (log-probabilities differ by {drift:.2f} on average, max_drift={most}): they "
            "serve another checkpoint or did not take new weights. Start them anew and go on"
        )


def read_log(out: Path) -> list[dict[str, Any]]:
    """Read the measurements of a run, the last line of each step."""
    path = out / "grpo_log.jsonl"
    if not path.is_file():
        raise UserMistake(f"{out} holds no grpo_log.jsonl: it is not a GRPO run")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return list({line["step"]: line for line in lines}.values())
