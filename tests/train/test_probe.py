"""The probe that chooses checkpoints, and the stage that uses it."""

from __future__ import annotations

import asyncio

import pytest

from harness.app import App
from harness.configure import compose
from harness.faults import UserMistake
from harness.launch import open_console
from harness.models.scripted import ScriptedModel
from synth.drills.benchmark import DrillEvaluator, drills
from train.probe import pass_rate_of, rate
from train.stages import sft


def test_the_rate_is_the_share_that_passes() -> None:
    model = ScriptedModel(["Done."])
    gold = drills("train", 6, 0, oracle=True)
    assert asyncio.run(rate(gold, DrillEvaluator(), model)) == 1.0
    assert asyncio.run(rate(drills("train", 6, 0), DrillEvaluator(), model)) == 0.0


def test_test_tasks_choose_no_checkpoint() -> None:
    pass_rate_of(drills("train", 1), DrillEvaluator())
    with pytest.raises(UserMistake, match="holds test tasks"):
        pass_rate_of(drills("test", 1), DrillEvaluator())


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ([], "the stage sft needs settings"),
        (["train=sft", "train.sft.model=m", "train.sft.select=pass"], "go together"),
        (["train=sft", "train.sft.model=m", "train.sft.select=best"], "select=best is unknown"),
    ],
)
def test_the_stage_says_what_is_missing(overrides: list[str], said: str) -> None:
    app = App(compose(overrides), open_console(), {})
    with pytest.raises(UserMistake, match=said):
        asyncio.run(sft(app))
