"""What TRL calls for a batch: play its groups in the harness's own loop and lay them out."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any

from harness.models.transformers import TransformersModel
from harness.outcomes import outcome_of
from harness.store import RunStore, read_keys
from train.policy import Policy
from train.processes import from_all, rank
from train.rollouts import Rollout, Rollouts, Tally, batch_fields


class RolloutStep:
    """TRL's `rollout_func`: plays one generation batch and lays it out as TRL wants it.

    Episodes run on `loop`, which another thread keeps, or on one of their own: a user model that
    holds connections needs the same one for all steps. `filler` stands in an empty row;
    `parts` processes share a group.
    """

    def __init__(
        self,
        rollouts: Rollouts,
        policy: Policy,
        filler: int,
        store: RunStore | None,
        loop: asyncio.AbstractEventLoop | None = None,
        parts: int = 1,
    ) -> None:
        self.rollouts = rollouts
        self.policy = policy
        self.filler = filler
        self.parts = parts
        self.store = store
        self.loop = loop
        keys = () if store is None else read_keys(store.folder)
        self.trials = Counter(task for _, task, _ in keys)
        self.latest = Tally()

    def __call__(self, prompts: Sequence[str], trainer: Any) -> dict[str, list[Any]]:
        """Play the groups of this process; of a shared one the first process plays all."""
        started, place = time.perf_counter(), rank() % self.parts
        fields: dict[str, list[Any]] = {}
        with self.policy.at(trainer) as model:
            if place == 0:
                fields = self.played(model, list(prompts) * self.parts, trainer.state.global_step)
        self.latest.seconds = time.perf_counter() - started
        if self.parts == 1:
            return fields
        whole = from_all(fields)[rank() - place]
        mine = slice(place * len(prompts), (place + 1) * len(prompts))
        return {name: column[mine] for name, column in whole.items()}

    def played(
        self, model: TransformersModel, prompts: Sequence[str], step: int
    ) -> dict[str, list[Any]]:
        rollouts = self.wait(self.play(model, prompts, step))
        if self.store is not None:
            for one in rollouts:
                self.keep(self.store, one)
        return batch_fields(rollouts, self.filler)

    def wait(self, work: Coroutine[Any, Any, list[Rollout]]) -> list[Rollout]:
        if self.loop is None:
            return asyncio.run(work)
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    async def play(
        self, policy: TransformersModel, prompts: Sequence[str], step: int
    ) -> list[Rollout]:
        try:
            rollouts, self.latest = await self.rollouts.draw(policy, prompts, step)
            self.latest.model_seconds = policy.busy_s
        finally:
            await policy.aclose()
        return rollouts

    def keep(self, store: RunStore, one: Rollout) -> None:
        """Store a rollout as an ordinary episode; a task's rollouts are its trials."""
        trial = self.trials[one.task.id]
        self.trials[one.task.id] += 1
        episode = replace(one.episode, trial=trial)
        store.add_episode(self.rollouts.benchmark.name, episode)
        store.add_outcome(outcome_of(one.task, episode, one.verdict))


def episode_reward(
    completions: Sequence[Any], episode_reward: Sequence[float | None], **_: Any
) -> list[float | None]:
    """Hand the verdicts' rewards, which travelled with the rollouts, to TRL."""
    return list(episode_reward)
