"""What a step of policy optimisation spends outside the model, on drills."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from harness.benchmark import Benchmark
from harness.configure import build
from harness.store import RunStore
from train.grpo import Hooks, optimise
from train.grpo_settings import GrpoSettings
from train.rollouts import Rollouts

BUILD = {
    "_target_": "synth.drills.benchmark.drills",
    "split": "train",
    "count": 1000,
    "seed": 10**6,
}
EVALUATOR = {"_target_": "synth.drills.benchmark.DrillEvaluator"}
GROUP = 8
TASKS = 8


def outside(model: str, options: Mapping[str, int]) -> dict[str, Any]:
    """Optimise `model` for a few steps; its first step, a warm-up, is not counted.

    `outside` is the share of a step's wall clock in which neither replies are sampled nor weights
    moved: worlds, scoring, storing the episodes, laying out rows. Raises UserMistake where there is
    no such model.
    """
    with tempfile.TemporaryDirectory() as folder:
        lines, walls = optimised(model, Path(folder), options)
    spent = [line["rollouts"]["seconds"] - line["rollouts"]["model_seconds"] for line in lines[1:]]
    sampling = [line["rollouts"]["model_seconds"] for line in lines[1:]]
    return {
        "name": "grpo",
        "step_s": round(statistics.mean(walls), 2),
        "sampling_s": round(statistics.mean(sampling), 2),
        "outside_s": round(statistics.mean(spent), 3),
        "outside": round(sum(spent) / sum(walls), 4),
        "tasks": TASKS,
        "group_size": GROUP,
        "steps": len(walls),
        "threads": options["threads"],
    }


def optimised(
    model: str, folder: Path, options: Mapping[str, int]
) -> tuple[list[Mapping[str, Any]], list[float]]:
    """Return the log's lines and the wall clock from each step's end to the next one's."""
    settings = GrpoSettings(
        model=model,
        out=str(folder / "grpo"),
        steps=options["steps"] // 4 + 1,
        prompts=TASKS,
        group_size=GROUP,
        learning_rate=1e-4,
        reply_tokens=96,
        context_tokens=1024,
        redraws=1,
        save_every=10_000,
        threads=options["threads"],
    )
    drills: Benchmark = build(BUILD)
    rollouts = Rollouts(drills, build(EVALUATOR), GROUP, 0, settings.redraws)
    store = RunStore(folder / "rollouts", {"benchmark": {"drills": BUILD}, "model": model})
    lines, ends = list[Mapping[str, Any]](), list[float]()

    def note(line: Mapping[str, Any]) -> None:
        lines.append(line)
        ends.append(time.perf_counter())

    try:
        optimise(settings, rollouts, store, Hooks(say=note))
    finally:
        store.close()
    return lines, [after - before for before, after in pairwise(ends)]
