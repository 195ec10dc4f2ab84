"""No leak between trials: eight side by side, after wrong ones, equal eight fresh processes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from evaluators.bfcl.data import BfclData
from evaluators.bfcl.gold import GoldModel, gold_replies
from evaluators.bfcl.tasks import benchmark, data_of
from evaluators.bfcl.verdict import BfclEvaluator
from harness.models.scripted import ScriptedModel
from harness.protocols import Model, Party
from harness.runner import Job, Runner
from harness.store import RunStore, read_outcomes
from harness.types import Message, Task

ROOT = Path(__file__).resolve().parents[2]
TASK, TRIALS = "multi_turn_base_0", 8


def replies(data: BfclData, task: Task, trial: int) -> Iterator[Message]:
    """Give the gold in every other trial, and elsewhere one call too few of it."""
    gold = list(gold_replies(data, task))
    cut = next(i for i, line in enumerate(gold) if line.calls)
    if trial % 2 == 0:
        gold[cut] = replace(gold[cut], calls=gold[cut].calls[:-1])
    return iter([line for line in gold if line.calls or line.text])


def play(folder: Path, root: str, trials: range) -> dict[int, tuple[str, str]]:
    """Play some of the trials of one task in this process; return status and error type."""
    whole = benchmark(categories="multi_turn_base", pack=root)

    def agent(task: Task, trial: int, model: Model) -> Party:
        given = replies(data_of(Path(root)), task, trials[trial])
        return whole.agent(task, trial, GoldModel(given))

    tasks = [task for task in whole.tasks if task.id == TASK]
    store = RunStore(folder, {})
    job = Job(
        replace(whole, tasks=tasks, agent=agent),
        BfclEvaluator(),
        ScriptedModel(replies=[]),
        trials=len(trials),
    )
    asyncio.run(Runner(job, store, lambda outcome: None, 8).run())
    store.close()
    found = read_outcomes(folder).values()
    return {trials[o.trial]: (o.status, str(o.parts.get("error_type"))) for o in found}


def test_eight_trials_equal_eight_fresh_processes(bfcl: BfclData, tmp_path: Path) -> None:
    together = play(tmp_path / "all", str(bfcl.root), range(TRIALS))
    assert {together[0][0], together[1][0]} == {"pass", "fail"}
    for trial in range(TRIALS):
        code = (
            "from pathlib import Path; from tests.bfcl.test_fresh import play;"
            f"print(play(Path({str(tmp_path / str(trial))!r}), {str(bfcl.root)!r}, "
            f"range({trial}, {trial + 1})))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == str({trial: together[trial]})
