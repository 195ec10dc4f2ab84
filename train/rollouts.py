"""Rollouts for policy optimisation: the harness's own episodes, one group of G per task.

A group whose rewards are all equal carries no signal: it is drawn again with another task, a
bounded number of times (AReaL-SEA's dynamic filtering, both extremes). An episode that faulted is
played again; one that stays faulted, or has no token row, gets no gradient (an empty mask) and no
reward, so that TRL leaves it out of its group's mean and deviation; it is counted, never scored 0.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.benchmark import Benchmark
from harness.episode import run_episode
from harness.faults import ModelFault
from harness.protocols import Evaluator, Model
from harness.seeds import SeededModel, seed_for
from harness.types import Episode, Task, Verdict
from train.sampled import TokenRow, token_row

FAULT_RETRIES = 2


@dataclass(frozen=True)
class Rollout:
    """One episode of a group; no verdict where it faulted, no row where token ids are missing."""

    task: Task
    episode: Episode
    verdict: Verdict | None
    row: TokenRow | None

    @property
    def reward(self) -> float | None:
        return None if self.verdict is None else self.verdict.reward

    @property
    def usable(self) -> bool:
        return self.reward is not None and self.row is not None


@dataclass
class Tally:
    """What one step drew: counts for the log, its seconds and those of the model."""

    groups: int = 0
    redrawn_failed: int = 0
    redrawn_passed: int = 0
    flat: int = 0
    faults: int = 0
    rowless: int = 0
    episodes: int = 0
    reward_sum: float = 0.0
    seconds: float = 0.0
    model_seconds: float = 0.0

    def note(self, group: Sequence[Rollout]) -> None:
        self.groups += 1
        self.flat += is_flat(group)
        for one in group:
            self.episodes += 1
            self.faults += one.reward is None
            self.rowless += one.reward is not None and one.row is None
            self.reward_sum += one.reward or 0.0

    def as_log(self) -> dict[str, float]:
        return {
            "reward_mean": self.reward_sum / max(1, self.episodes - self.faults),
            **{name: float(value) for name, value in vars(self).items() if name != "reward_sum"},
        }


@dataclass
class Rollouts:
    """Plays groups of episodes of a benchmark with the policy in the agent's seat."""

    benchmark: Benchmark
    evaluator: Evaluator
    group_size: int
    seed: int = 0
    redraws: int = 4
    filtering: bool = True
    user_model: Model | None = None
    tasks: Mapping[str, Task] = field(init=False)

    def __post_init__(self) -> None:
        self.tasks = {task.id: task for task in self.benchmark.tasks if task.scored}

    async def draw(
        self, policy: Model, task_ids: Sequence[str], step: int
    ) -> tuple[list[Rollout], Tally]:
        """Play `task_ids` (each repeated `group_size` times in a row) and return the batch."""
        wanted = [task_ids[i] for i in range(0, len(task_ids), self.group_size)]
        rng = random.Random(seed_for(self.seed, "redraw", step))
        tally = Tally()
        groups = await self.play_groups(policy, wanted, step, 0)
        for attempt in range(1, self.redraws + 1 if self.filtering else 1):
            flat = [place for place, group in enumerate(groups) if is_flat(group)]
            if not flat:
                break
            for place in flat:
                passed = any(rewards_of(groups[place]))
                tally.redrawn_passed += passed
                tally.redrawn_failed += not passed
            others = rng.choices(list(self.tasks), k=len(flat))
            fresh = await self.play_groups(policy, others, step, attempt)
            for place, group in zip(flat, fresh, strict=True):
                groups[place] = group
        for group in groups:
            tally.note(group)
        return [rollout for group in groups for rollout in group], tally

    async def play_groups(
        self, policy: Model, task_ids: Sequence[str], step: int, attempt: int
    ) -> list[list[Rollout]]:
        """Play G fresh worlds of every task at once: the policy answers them in batches."""
        async with asyncio.TaskGroup() as pool:
            running = [
                [
                    pool.create_task(self.settled(policy, self.tasks[name], (step, attempt, g, m)))
                    for m in range(self.group_size)
                ]
                for g, name in enumerate(task_ids)
            ]
        return [[one.result() for one in group] for group in running]

    async def settled(self, policy: Model, task: Task, names: tuple[int, ...]) -> Rollout:
        """Play until there is a verdict, at most `FAULT_RETRIES` times more."""
        for retry in range(FAULT_RETRIES + 1):
            rollout = await self.play(policy, task, seed_for(self.seed, task.id, *names, retry))
            if rollout.reward is not None:
                break
        return rollout

    async def play(self, policy: Model, task: Task, seed: int) -> Rollout:
        """Play and score one episode through the loop and the scoring that evaluation uses.

        Its seed stands for the trial: a user by rule that draws lots does so anew in each.
        """
        bench = self.benchmark
        user_model = self.user_model and SeededModel(self.user_model, seed_for(seed, "user"))
        episode = await run_episode(
            task,
            bench.environment(task, {}),
            bench.agent(task, seed, SeededModel(policy, seed)),
            bench.user(task, seed, user_model),
            bench.limits(task),
            seed=seed,
        )
        verdict: Verdict | None = None
        if episode.fault is None:
            with contextlib.suppress(ModelFault):
                verdict = await self.evaluator(task, episode)
        return Rollout(task, episode, verdict, token_row(episode))


def is_flat(group: Sequence[Rollout]) -> bool:
    """Say whether all rewards of a group are equal, so that no advantage is left."""
    return len(set(rewards_of(group))) < 2


def rewards_of(group: Sequence[Rollout]) -> list[float]:
    """Return the rewards that count: those of episodes that can be trained on."""
    return [one.reward for one in group if one.usable and one.reward is not None]


def batch_fields(rollouts: Sequence[Rollout], filler: int) -> dict[str, list[Any]]:
    """Lay a batch out as TRL's `rollout_func` returns it.

    prompt_ids, completion_ids, logprobs, env_mask: one list per rollout; episode_reward: a float,
    or None where there is none that counts. `filler` is a token id that stands in an empty row,
    because a completion may not be empty.
    """
    rows = [one.row if one.usable else None for one in rollouts]
    blank = TokenRow((filler,), (filler,), (0,), (0.0,))
    laid = [row if row is not None and row.completion_ids else blank for row in rows]
    return {
        "prompt_ids": [list(row.prompt_ids) for row in laid],
        "completion_ids": [list(row.completion_ids) for row in laid],
        "logprobs": [list(row.logprobs) for row in laid],
        "env_mask": [list(row.mask) for row in laid],
        "episode_reward": [one.reward if one.usable else None for one in rollouts],
    }
