"""Group-relative policy optimisation: TRL moves the weights, the harness plays and scores.

The reward is `verdict.reward` of the evaluator that scores the leaderboard; there is no other.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.models.transformers import TransformersModel
from harness.outcomes import outcome_of
from harness.store import RunStore
from train.grpo_log import watcher
from train.grpo_settings import GrpoSettings, trl_config
from train.rollouts import Rollout, Rollouts, Tally, batch_fields


class Policy:
    """The weights under training as a model of the harness, sampled at the training temperature."""

    def __init__(self, settings: GrpoSettings, tokenizer: Any) -> None:
        self.settings = settings
        self.tokenizer = tokenizer

    def model(self, network: Any) -> TransformersModel:
        """Wrap the current weights; the template is tried anew and refused if it rewrites."""
        rows = self.settings.prompts * self.settings.group_size
        policy = TransformersModel(
            model=self.settings.model,
            sampling={
                "temperature": self.settings.temperature,
                "max_tokens": self.settings.reply_tokens,
            },
            max_model_len=self.settings.context_tokens,
            batch_size=rows,
            batch_wait_s=0.002,
        )
        policy.use(network, self.tokenizer)
        return policy


class RolloutStep:
    """TRL's `rollout_func`: plays one generation batch and lays it out as TRL wants it."""

    def __init__(self, rollouts: Rollouts, policy: Policy, store: RunStore | None) -> None:
        self.rollouts = rollouts
        self.policy = policy
        self.store = store
        self.trials: dict[str, int] = {}
        self.latest = Tally()

    def __call__(self, prompts: Sequence[str], trainer: Any) -> dict[str, list[Any]]:
        network = trainer.accelerator.unwrap_model(trainer.model)
        training = network.training
        network.eval()
        try:
            rollouts = asyncio.run(self.play(network, prompts, int(trainer.state.global_step)))
        finally:
            network.train(training)
        if self.store is not None:
            for one in rollouts:
                self.keep(self.store, one)
        return batch_fields(rollouts, self.rollouts.group_size, self.policy.tokenizer.eos_token_id)

    async def play(self, network: Any, prompts: Sequence[str], step: int) -> list[Rollout]:
        policy = self.policy.model(network)
        try:
            rollouts, self.latest = await self.rollouts.draw(policy, prompts, step)
            self.latest.model_seconds = policy.busy_s
        finally:
            await policy.aclose()
        return rollouts

    def keep(self, store: RunStore, one: Rollout) -> None:
        """Store a rollout as an ordinary episode; a task's rollouts are its trials."""
        trial = self.trials.get(one.task.id, 0)
        self.trials[one.task.id] = trial + 1
        episode = replace(one.episode, trial=trial)
        store.add_episode(self.rollouts.benchmark.name, episode)
        store.add_outcome(outcome_of(one.task, episode, one.verdict))


def episode_reward(
    completions: Sequence[Any], episode_reward: Sequence[float], **_: Any
) -> list[float]:
    """Hand the verdicts' rewards, which travelled with the rollouts, to TRL."""
    return list(episode_reward)


def optimise(settings: GrpoSettings, rollouts: Rollouts, store: RunStore | None = None) -> Path:
    """Run GRPO and return the folder of the final weights. Goes on from the last checkpoint."""
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed
    from trl import GRPOTrainer

    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    out = Path(settings.out)
    if (out / "final" / "config.json").is_file():
        return out / "final"
    set_seed(settings.seed)
    tokenizer = AutoTokenizer.from_pretrained(settings.model)
    network = AutoModelForCausalLM.from_pretrained(settings.model, dtype=torch.float32)
    policy = Policy(settings, tokenizer)
    policy.model(network)
    step = RolloutStep(rollouts, policy, store)
    trainer = GRPOTrainer(
        model=network,
        args=trl_config(settings),
        train_dataset=dataset(rollouts, settings),
        processing_class=tokenizer,
        reward_funcs=episode_reward,
        rollout_func=step,
        callbacks=[watcher(out, lambda: step.latest.as_log())],
    )
    trainer.train(resume_from_checkpoint=last_checkpoint(out))
    trainer.save_model(str(out / "final"))
    tokenizer.save_pretrained(str(out / "final"))
    return out / "final"


def dataset(rollouts: Rollouts, settings: GrpoSettings) -> Any:
    """Lay out the prompts of every step beforehand: a resumed run then meets the same ones."""
    from datasets import Dataset

    order: list[str] = []
    rng = random.Random(settings.seed)
    while len(order) < settings.steps * settings.prompts:
        order += rng.sample(list(rollouts.tasks), len(rollouts.tasks))
    wanted = order[: settings.steps * settings.prompts]
    return Dataset.from_list([{"prompt": name} for name in wanted])


def last_checkpoint(out: Path) -> str | None:
    """Name the newest checkpoint, or None where there is none."""
    found = [path for path in out.glob("checkpoint-*") if (path / "trainer_state.json").is_file()]
    return str(max(found, key=lambda path: int(path.name.split("-")[1]))) if found else None
