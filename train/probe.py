"""The pass rate of weights under training: the harness's own episodes and scoring, greedily played.

A checkpoint that is chosen by a benchmark is fitted to it: test splits are refused here too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from harness.benchmark import Benchmark, forbid_training
from harness.episode import run_episode
from harness.models.transformers import TransformersModel
from harness.protocols import Evaluator, Model
from harness.runner import score
from harness.types import Task

CONCURRENCY = 32


def pass_rate_of(
    benchmark: Benchmark, evaluator: Evaluator, reply_tokens: int = 256
) -> Callable[[Any, Any], float]:
    """Return what `train.sft.finetune` probes with: (model, tokenizer) -> share of tasks passed.

    Raises UserMistake where the tasks are kept for testing.
    """
    forbid_training(benchmark)

    def probe(network: Any, tokenizer: Any) -> float:
        training = network.training
        network.eval()
        try:
            return asyncio.run(play(network, tokenizer))
        finally:
            network.train(training)

    async def play(network: Any, tokenizer: Any) -> float:
        sampling = {"temperature": 0.0, "max_tokens": reply_tokens}
        model = TransformersModel(model="probe", sampling=sampling, batch_size=CONCURRENCY)
        model.use(network, tokenizer)
        try:
            return await rate(benchmark, evaluator, model)
        finally:
            await model.aclose()

    return probe


async def rate(benchmark: Benchmark, evaluator: Evaluator, model: Model) -> float:
    """Play every scored task once; what could not be scored counts as failed."""
    tasks = [task for task in benchmark.tasks if task.scored]
    gate = asyncio.Semaphore(CONCURRENCY)

    async def passes(task: Task) -> bool:
        async with gate:
            episode = await run_episode(
                task,
                benchmark.environment(task, {}),
                benchmark.agent(task, 0, model),
                benchmark.user(task, 0, None),
                benchmark.limits(task),
            )
            return (await score(evaluator, task, episode)).status == "pass"

    passed = await asyncio.gather(*(passes(task) for task in tasks))
    return sum(passed) / max(1, len(tasks))
