"""Synthesised episodes as cases: whoever solves a task carries no category, who idles does."""

from __future__ import annotations

import asyncio

import pytest

from evaluators.judge.quality.bases import play, script_of, verified
from evaluators.judge.rules import judge
from harness.configure import build, compose
from harness.episode import run_episode
from harness.models.scripted import ScriptedModel
from harness.types import Episode, Task, Verdict
from synth.benchmark import benchmark
from synth.cases import case_of
from synth.planted import bases
from synth.verify import SynthesizedEvaluator


def episodes(agent: str) -> list[tuple[Task, Episode]]:
    bench = benchmark(worlds=3, tasks_per_world=8, agent=agent)
    played = []
    for task in bench.tasks:
        seats = (bench.agent(task, 0, ScriptedModel([])), bench.user(task, 0, None))
        run = run_episode(task, bench.environment(task, {}), *seats, bench.limits(task))
        played.append((task, asyncio.run(run)))
    return played


@pytest.mark.parametrize("agent", ["oracle", "noisy"])
def test_solved_tasks_have_no_category(agent: str) -> None:
    for task, episode in episodes(agent):
        verdict = asyncio.run(SynthesizedEvaluator()(task, episode))
        assert verdict.passed
        assert judge(case_of(task, episode)).findings == (), (task.id, task.payload["kind"])


def test_idle_agents_are_labelled() -> None:
    failed = Verdict(0.0, False)
    found = [judge(case_of(task, episode, failed)) for task, episode in episodes("idle")]
    assert sum(j.primary == "No Tool Calls" for j in found) > 0.9 * len(found)


def test_worlds_that_are_not_at_hand_leave_values_open() -> None:
    task, episode = episodes("oracle")[0]
    foreign = {**task.payload, "env": {**task.payload["env"], "generator": {"name": "elsewhere"}}}
    case = case_of(Task(task.id, task.benchmark, foreign), episode)
    assert case.gold is not None
    assert any("*" in call.arguments.values() for turn in case.gold for call in turn)
    assert judge(case).findings == ()


def test_bases_and_configuration() -> None:
    found = list(verified(bases(6)))
    assert len(found) == 6
    assert all(judge(play(base, script_of(base))).findings == () for base in found)
    node = compose(["benchmark=[synthesized]"]).benchmark.synthesized.evaluator
    assert build(node, judge=None).case_of is case_of
