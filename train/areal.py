"""Our episodes as a workflow of AReaL, an external trainer whose rollouts overlap with training.

AReaL is never imported by the workflow: it calls `run` with the address of its own server, which
keeps the token ids of what it samples, and trains on the reward that comes back. Start it in
AReaL's environment, with this project installed beside: `python -m train.areal --config FILE`.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import count
from random import SystemRandom
from typing import Any

from harness.benchmark import Benchmark, forbid_training
from harness.configure import build
from harness.episode import run_episode
from harness.faults import ModelFault, UserMistake
from harness.models.openai import OpenAIModel
from harness.protocols import Evaluator, Model
from harness.seeds import seed_for
from harness.types import Task

SERVED_AS = "default"


class Workflow:
    """Plays one task per `run` and returns `verdict.reward`.

    `tasks` = {build, evaluator} as in a benchmark's YAML; `user_model` is a model's node. An
    episode or a verdict that faults raises ModelFault, and AReaL then trains on nothing of it.
    """

    def __init__(
        self,
        tasks: Mapping[str, Any],
        user_model: Mapping[str, Any] | None = None,
        sampling: Mapping[str, Any] | None = None,
        train_on_test: bool = False,
        timeout_s: float = 3600.0,
    ) -> None:
        self.nodes = {"tasks": dict(tasks), "user": user_model and dict(user_model)}
        self.sampling = dict(sampling or {})
        self.train_on_test = train_on_test
        self.timeout_s = timeout_s

    @cached_property
    def benchmark(self) -> Benchmark:
        """Build the benchmark once per process. Raises UserMistake where it holds test tasks."""
        made: Benchmark = build(self.nodes["tasks"]["build"])
        forbid_training(made, allowed=self.train_on_test)
        return made

    @cached_property
    def evaluator(self) -> Evaluator:
        made: Evaluator = build(self.nodes["tasks"]["evaluator"], judge=None)
        return made

    @cached_property
    def known(self) -> dict[str, Task]:
        return {task.id: task for task in self.benchmark.tasks if task.scored}

    @cached_property
    def user_model(self) -> Model | None:
        return build(self.nodes["user"]) if self.nodes["user"] else None

    @cached_property
    def trials(self) -> Iterator[int]:
        """Number this process's episodes from a start of its own: users by rule draw anew."""
        return count(SystemRandom().getrandbits(32))

    def __getstate__(self) -> dict[str, Any]:
        """Travel to a worker process without what was built here."""
        kept = ("nodes", "sampling", "train_on_test", "timeout_s")
        return {name: self.__dict__[name] for name in kept}

    async def run(
        self,
        data: Mapping[str, Any],
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        http_client: Any = None,
    ) -> float:
        """Play `data["task_id"]` with the model at `base_url` and return the reward.

        Without `base_url` the environment says it (OPENAI_BASE_URL, OPENAI_API_KEY), as in AReaL's
        worker processes. `http_client` is not used: our client has connections of its own.
        """
        task = self.known.get(str(data["task_id"]))
        if task is None:
            raise UserMistake(f"{self.benchmark.name} has no task {data['task_id']!r}")
        policy, trial = self.policy(base_url, api_key), next(self.trials)
        bench = self.benchmark
        try:
            episode = await run_episode(
                task,
                bench.environment(task, {}),
                bench.agent(task, trial, policy),
                bench.user(task, trial, self.user_model),
                bench.limits(task),
                seed=seed_for(trial, task.id),
            )
        finally:
            await policy.aclose()
        if episode.fault is not None:
            fault = episode.fault
            raise ModelFault(f"{fault.seat}: {fault.text}", fault.kind)
        return float((await self.evaluator(task, episode)).reward)

    def policy(self, base_url: str | None, api_key: str | None) -> OpenAIModel:
        """Reach AReaL's server. Nothing is asked twice: it would train on both answers."""
        url = base_url or os.environ.get("OPENAI_BASE_URL")
        if not url:
            raise UserMistake("no base_url: AReaL gives it, or the environment as OPENAI_BASE_URL")
        key = api_key or os.environ.get("OPENAI_API_KEY")
        return OpenAIModel(
            model=SERVED_AS,
            base_url=url,
            api_key_env=None,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            sampling=self.sampling,
            timeout_s=self.timeout_s,
            retries=0,
            safe_names=False,
        )


def mixed(group: Mapping[str, Any]) -> bool:
    """Keep a group whose rewards differ: one that all failed or all passed teaches nothing."""
    rewards = group["rewards"]
    return bool(rewards.max() > rewards.min())


def task_rows(workflow: Workflow, least: int = 1) -> list[dict[str, str]]:
    """List the tasks as AReaL's data set, again and again until there are `least`."""
    rows = [{"task_id": name} for name in workflow.known]
    return rows * -(-least // len(rows))


def main(arguments: Sequence[str]) -> None:
    """Start AReaL's trainer with a file such as conf/areal/sea_30b.yaml and `key=value` changes."""
    try:
        from areal import PPOTrainer
        from areal.api.cli_args import PPOConfig, load_expr_config
    except ImportError as error:
        line = f"AReaL is not installed here ({error}): run this in its environment"
        raise SystemExit(line) from None
    from datasets import Dataset

    ours = [("harness", dict[str, Any], dataclasses.field(default_factory=dict))]
    config_class = dataclasses.make_dataclass("HarnessConfig", ours, bases=(PPOConfig,))
    config, _ = load_expr_config(list(arguments), config_class)
    options = {**config.harness, "sampling": sampling_of(config.gconfig)}
    rows = Dataset.from_list(task_rows(Workflow(**options), config.train_dataset.batch_size))
    with PPOTrainer(config, train_dataset=rows, valid_dataset=None) as trainer:
        trainer.train(
            workflow="train.areal.Workflow",
            workflow_kwargs=options,
            dynamic_filter_fn="train.areal.mixed",
        )


def sampling_of(generation: Any) -> dict[str, Any]:
    return {
        "temperature": generation.temperature,
        "top_p": generation.top_p,
        "max_completion_tokens": generation.max_new_tokens,
    }


if __name__ == "__main__":
    main(sys.argv[1:])
