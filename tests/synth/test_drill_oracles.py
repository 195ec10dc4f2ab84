"""Who shows drills: the oracle is always right, the fallible one stumbles and slips as asked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from harness.episode import run_episode
from harness.faults import UserMistake
from harness.models.scripted import ScriptedModel
from harness.types import Episode, Task
from synth.drills.benchmark import DrillEvaluator, drills
from synth.drills.oracle import DONE, gold_of
from train.rows import Origin, rows_of_episode


def played(task: Task, bench: Any) -> Episode:
    model = ScriptedModel([DONE])
    return asyncio.run(
        run_episode(
            task,
            bench.environment(task, {}),
            bench.agent(task, 0, model),
            bench.user(task, 0, None),
            bench.limits(task),
        )
    )


def passes(bench: Any) -> list[bool]:
    episodes = [(task, played(task, bench)) for task in bench.tasks]
    return [asyncio.run(DrillEvaluator()(task, ep)).passed for task, ep in episodes]


def first_call(episode: Episode) -> tuple[str, dict[str, Any]] | None:
    calls = [call for line in episode.log for call in line.calls if line.author == "agent"]
    return (calls[0].name, dict(calls[0].arguments)) if calls else None


def test_who_never_slips_passes_all_and_who_always_slips_none() -> None:
    assert all(passes(drills("train", 60, oracle=True, slip=0.0)))
    assert not any(passes(drills("train", 60, oracle=True, slip=1.0)))


def test_slips_come_as_often_as_asked_for() -> None:
    one_call = [t for t in drills("train", 500).tasks if len(gold_of(t)) == 1]
    bench = drills("train", 500, oracle=True, slip=0.3)
    slips = [first_call(played(t, bench)) != first_gold(t) for t in one_call]
    assert 0.24 < sum(slips) / len(slips) < 0.36


def first_gold(task: Task) -> tuple[str, dict[str, Any]]:
    call = gold_of(task)[0]
    return call.tool, dict(call.args)


def test_a_slip_is_to_stop_or_to_write_another_rows_value() -> None:
    bench = drills("train", 80, oracle=True, slip=1.0)
    kinds = set()
    for task in bench.tasks:
        made, (tool, gold) = first_call(played(task, bench)), first_gold(task)
        if made is None:
            kinds.add("stopped")
            continue
        kinds.add("another value")
        assert made[0] == tool
        assert made[1].keys() == gold.keys()
        assert sum(made[1][name] != gold[name] for name in gold) == 1
    assert kinds == {"stopped", "another value"}


def test_slips_are_the_same_at_every_play_and_others_in_another_drill() -> None:
    bench = drills("train", 60, oracle=True, slip=0.5)
    once, again = passes(bench), passes(bench)
    assert once == again
    assert once != passes(drills("train", 60, seed=1, oracle=True, slip=0.5))


def test_a_stumble_is_refused_mended_and_costs_nothing() -> None:
    bench = drills("train", 60, oracle=True, stumble=1.0)
    assert all(passes(bench))
    for task in bench.tasks:
        refusals = [line.error for line in played(task, bench).log if line.author == "tool"]
        assert refusals == [True, False] * len(gold_of(task))


def test_what_was_refused_is_not_learnt_and_what_mends_it_is() -> None:
    bench = drills("train", 20, oracle=True, stumble=1.0)
    for task in bench.tasks:
        episode = played(task, bench)
        (row,) = rows_of_episode(episode, episode_blobs(episode), "agent", Origin(task.id))
        learnt = [row.chat[at] for at in row.learn]
        names = [call.name for line in learnt for call in line.get("calls", ())]
        assert names == [call.tool for call in gold_of(task)]
        assert len(row.chat) > len(learnt) * 2


def episode_blobs(episode: Episode) -> dict[str, str]:
    """Stand in for a run's blobs: no prompt, no tools."""
    return {sha: "[]" for _, _, sha in episode.tools} | dict.fromkeys(episode.prompts.values(), "")


def test_who_stumbles_and_slips_does_both() -> None:
    bench = drills("train", 200, oracle=True, stumble=0.5, slip=0.3)
    logs = [played(task, bench).log for task in bench.tasks]
    refused = [any(line.error for line in log if line.author == "tool") for log in logs]
    assert any(refused)
    assert not all(refused)
    assert 0.4 < sum(passes(bench)) / len(logs) < 0.95


@pytest.mark.parametrize("name", ["stumble", "slip"])
@pytest.mark.parametrize(("share", "oracle"), [(1.5, True), (-0.1, True), (0.2, False)])
def test_a_share_that_makes_no_sense_is_refused(name: str, share: float, oracle: bool) -> None:
    with pytest.raises(UserMistake, match=f"{name}={share}"):
        drills("train", 5, oracle=oracle, **{name: share})
    assert drills("train", 5, oracle=True, **{name: 0.2})
