"""What a fine-tuning run says while it goes on: one JSON line per measurement, and when to stop."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.codec import dumps
from harness.faults import UserMistake
from train.processes import anywhere


def watcher(
    out: Path,
    stop: threading.Event | None = None,
    probe: Callable[[Any, Any], float] | None = None,
    tokenizer: Any = None,
    say: Callable[[Mapping[str, Any]], None] = lambda line: None,
) -> Any:
    """Write measurements to `sft_log.jsonl`, probe the model at every evaluation, end the run
    where it must: asked to stop, or a loss that is not a number (UserMistake). `say` gets the
    lines too."""
    from transformers import TrainerCallback

    started = time.perf_counter()

    class Watcher(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if anywhere(stop is not None and stop.is_set()):
                control.should_training_stop = control.should_save = True

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            figures = {k: v for k, v in (logs or {}).items() if isinstance(v, (int, float))}
            if state.is_world_process_zero:
                line = {"step": state.global_step, "seconds": time.perf_counter() - started}
                with (out / "sft_log.jsonl").open("a", encoding="utf-8") as file:
                    file.write(dumps(line | figures) + "\n")
                say(line | figures)
            check_finite(figures, state.global_step, out)

        def on_evaluate(
            self, args: Any, state: Any, control: Any, metrics: Any = None, **rest: Any
        ) -> None:
            if probe is not None:
                metrics["eval_pass"] = probe(rest["model"], tokenizer)

    return Watcher()


def check_finite(figures: dict[str, float], step: int, out: Path) -> None:
    """Raise UserMistake where the loss or its gradient is not a number, before it is saved."""
    for name in ("loss", "grad_norm", "eval_loss"):
        if not math.isfinite(figures.get(name, 0.0)):
            raise UserMistake(
                f"step {step}: {name} is {figures[name]}; lower learning_rate and choose another "
                f"out=. The last good checkpoint stays in {out}"
            )


def read_log(out: Path) -> list[dict[str, Any]]:
    """Read the measurements of a run; where a resumed run repeats a step its last line counts."""
    path = out / "sft_log.jsonl"
    if not path.is_file():
        raise UserMistake(f"{out} holds no sft_log.jsonl: it is not a fine-tuning run")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    kept: dict[tuple[int, str], dict[str, Any]] = {}
    for line in lines:
        kind = "evaluation" if "eval_loss" in line else "training" if "loss" in line else "end"
        kept[line["step"], kind] = line
    return list(kept.values())
