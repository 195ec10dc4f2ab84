"""Measurements of a GRPO run: one line of JSON per step."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.codec import dumps
from harness.faults import UserMistake


def watcher(out: Path, rollouts: Callable[[], Mapping[str, float]]) -> Any:
    """Write one line of measurements per step and stop at a loss that is not a number."""
    from transformers import TrainerCallback

    class Watcher(TrainerCallback):  # type: ignore[misc]
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            figures = {k: v for k, v in (logs or {}).items() if isinstance(v, (int, float))}
            if "loss" not in figures:
                return
            out.mkdir(parents=True, exist_ok=True)
            line = {"step": state.global_step, **figures, "rollouts": rollouts()}
            with (out / "grpo_log.jsonl").open("a", encoding="utf-8") as file:
                file.write(dumps(line) + "\n")
            if not math.isfinite(figures["loss"]):
                raise UserMistake(
                    f"step {state.global_step}: the loss is {figures['loss']}; lower learning_rate "
                    "and run again: it goes on from the last checkpoint"
                )

    return Watcher()


def read_log(out: Path) -> list[dict[str, Any]]:
    """Read the measurements of a run, the last line of each step."""
    path = out / "grpo_log.jsonl"
    if not path.is_file():
        raise UserMistake(f"{out} holds no grpo_log.jsonl: it is not a GRPO run")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return list({line["step"]: line for line in lines}.values())
