"""Score stored episodes again with the pinned data, from the configuration that a run stored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.benchmark import Benchmark
from harness.outcomes import Outcome
from harness.protocols import Evaluator
from harness.types import Episode, Task


class Regrader:
    """Calls each benchmark's own evaluator, without a judge. Verdicts that need one are None."""

    def __init__(self, parts: Mapping[str, tuple[Benchmark, Evaluator]]) -> None:
        self.evaluators = {name: evaluator for name, (_, evaluator) in parts.items()}
        self.benchmarks = {name: benchmark for name, (benchmark, _) in parts.items()}
        self.tasks: dict[tuple[str, str], Task] = {
            (name, task.id): task
            for name, (benchmark, _) in parts.items()
            for task in benchmark.tasks
        }

    async def __call__(self, benchmark: str, episode: Episode) -> Outcome | None:
        from harness.runner import score

        task = self.tasks.get((benchmark, episode.task_id))
        if task is None:
            return None
        outcome = await score(self.evaluators[benchmark], task, episode)
        return None if outcome.status == "error" else outcome


def rebuild(folder: Path, sampled: bool = True) -> Regrader:
    """Build a run's benchmarks and evaluators anew; unsampled gives their whole task sets.

    Raises UserMistake where the run stored no configuration or its data are not here.
    """
    from harness.configure import build, read_stored
    from harness.sample import stratified

    config = read_stored(folder)
    parts: dict[str, tuple[Benchmark, Evaluator]] = {}
    for node in (config.get("benchmark") or {}).values():
        benchmark: Benchmark = build(node.build)
        sample = config.get("sample")
        if sampled and sample is not None:
            benchmark = stratified(benchmark, sample, config.get("sample_seed", 0))
        parts[benchmark.name] = (benchmark, build(node.evaluator, judge=None))
    return Regrader(parts)
