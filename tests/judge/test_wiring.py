"""From the command line: runs carry labels, a stored run is judged again, mistakes are one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.judge.categories import TABLE_8, TABLE_9
from evaluators.judge.labelled import Labelled
from harness.configure import build, compose
from harness.faults import UserMistake
from harness.launch import launch
from harness.packs import locate
from harness.store import read_outcomes


@pytest.mark.parametrize("name", ["bfcl", "tau2"])
def test_every_benchmark_labels(name: str) -> None:
    config = compose([f"benchmark=[{name}]", "model.temperature=0"])
    evaluator = build(config.benchmark[name].evaluator, judge=None)
    assert isinstance(evaluator, Labelled)
    assert (evaluator.asks, evaluator.model, evaluator.agent_model) == (False, None, None)
    asking = compose([f"benchmark=[{name}]", "judge=model", "judge.votes=3"])
    assert build(asking.benchmark[name].evaluator, judge=None).asks


def test_a_judge_that_asks_needs_a_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not has_pack():
        pytest.skip("no bfcl pack: see harness.packs")
    assert launch([*PLAYED, f"run={tmp_path / 'r'}", "judge=model"]) == 2
    said = capsys.readouterr().err
    assert "model@judge_model" in said
    assert said.count("\n") == 1


PLAYED = ["benchmark=[bfcl]", "benchmark.bfcl.build.categories=[multi_turn_base,simple_python]",
          "sample=3", "trials=1"]  # fmt: skip


def has_pack() -> bool:
    try:
        locate("bfcl")
    except UserMistake:
        return False
    return True


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run of the keyless baseline, which fails at almost everything."""
    if not has_pack():
        pytest.skip("no bfcl pack: see harness.packs")
    folder = tmp_path_factory.mktemp("runs") / "r"
    assert launch([*PLAYED, f"run={folder}"]) == 0
    return folder


def test_failed_trials_of_a_run_carry_labels(played: Path) -> None:
    outcomes = list(read_outcomes(played).values())
    failed = [o for o in outcomes if o.status == "fail"]
    assert len(outcomes) == 6
    assert failed
    for outcome in failed:
        table = TABLE_8 if outcome.domain == "simple_python" else TABLE_9
        assert outcome.categories
        assert {label.id for label in outcome.categories} <= set(table)
        assert outcome.parts["judge"]["primary"] == outcome.categories[0].id
        assert outcome.parts["judge"]["attribution"] == "agent"
    passed = [o for o in outcomes if o.status == "pass"]
    assert all(not o.categories for o in passed)
    assert "failed trials" in (played / "table.md").read_text()


def test_a_stored_run_is_judged_again(played: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch(["stages=[score]", f"run={played}"]) == 0
    assert "6 episodes scored, 0 outcomes changed" in capsys.readouterr().out
    # The baseline in the judge's seat answers in prose: no verdict then, and never "no error".
    assert (
        launch(["stages=[score]", f"run={played}", "judge=model", "model@judge_model=lexical"]) == 0
    )
    asked = [o for o in read_outcomes(played).values() if o.status == "error"]
    assert asked
    assert {(o.cause, o.fault.partition(":")[0]) for o in asked} == {("judge", "judge_error")}
    assert launch(["stages=[score]", f"run={played}", "judge=rules", "model@judge_model=none"]) == 0
    assert not [o for o in read_outcomes(played).values() if o.status == "error"]
