"""A benchmark for policy optimisation in seconds: reward is the share of e's in what is said.

Run as a script it trains in every process that a launcher started: choir.py CHECKPOINT OUT STEPS
[PROMPTS].
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from harness.benchmark import Benchmark
from harness.limits import Limits
from harness.parties import ModelParty, Script
from harness.types import Episode, Task, Verdict
from tests.fakes.worlds import Shelf
from train.grpo_settings import GrpoSettings


class Sings:
    """Rewards the share of replies' letters that are an e."""

    async def __call__(self, task: Task, episode: Episode) -> Verdict:
        text = "".join(m.text for m in episode.log if m.author == "agent")
        reward = text.count("e") / max(1, len(text))
        return Verdict(reward, reward > 0.5)


def choir() -> Benchmark:
    tasks = [Task(f"t{i}", "choir", {"line": f"sing {i}"}, domain="song") for i in range(4)]
    return Benchmark(
        "choir",
        "1",
        tasks,
        environment=lambda task, past: Shelf(),
        user=lambda task, trial, model: Script("user", [task.payload["line"]]),
        agent=lambda task, trial, model: ModelParty("agent", model),
        limits=lambda task: Limits(steps=2),
    )


def settings(checkpoint: Path, out: Path, **changes: Any) -> GrpoSettings:
    fields: dict[str, Any] = {
        "model": str(checkpoint),
        "out": str(out),
        "steps": 12,
        "prompts": 2,
        "group_size": 8,
        "learning_rate": 3e-3,
        "reply_tokens": 6,
        "context_tokens": 2048,
        "save_every": 4,
        "redraws": 2,
        "threads": 1,
    }
    return GrpoSettings(**(fields | changes))


def main(checkpoint: str, out: str, steps: str, prompts: str = "2") -> None:
    """Train, save, and write a checksum of this process's weights to OUT/rank-N."""
    import os

    from train.grpo import Hooks, make_trainer, save_final
    from train.processes import require_processes
    from train.rollouts import Rollouts

    require_processes(2)
    rank = int(os.environ["RANK"])
    chosen = settings(
        Path(checkpoint), Path(out), steps=int(steps), devices=2, prompts=int(prompts)
    )
    rollouts = Rollouts(choir(), Sings(), chosen.group_size, seed=rank)
    trainer = make_trainer(chosen, rollouts, None, Hooks())
    trainer.train()
    weights = trainer.accelerator.unwrap_model(trainer.model).state_dict()
    total = sum(float(weight.double().abs().sum()) for weight in weights.values())
    (Path(out) / f"rank-{rank}").write_text(f"{total!r} {trainer.accelerator.num_processes}")
    save_final(trainer, Path(out) / "final")


if __name__ == "__main__":
    main(*sys.argv[1:])
