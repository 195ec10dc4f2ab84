"""Who shows drills: the oracle is always right, the careless one slips as often as asked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from harness.faults import UserMistake
from harness.types import Episode, Task
from synth.drills.benchmark import DrillEvaluator, drills
from synth.drills.oracle import gold_of
from tests.synth.test_drills import played


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


@pytest.mark.parametrize(("slip", "oracle"), [(1.5, True), (-0.1, True), (0.2, False)])
def test_a_share_that_makes_no_sense_is_refused(slip: float, oracle: bool) -> None:
    with pytest.raises(UserMistake, match=f"slip={slip}"):
        drills("train", 5, oracle=oracle, slip=slip)
    assert drills("train", 5, oracle=True, slip=0.2)
