"""Ablations: every arm composes and differs from the others; one of each kind runs in miniature."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.configure import build, compose, plain
from harness.paths import conf_dir
from harness.results.__main__ import main as results
from harness.store import read_outcomes

FOLDER = conf_dir() / "experiment"
TINY = sorted(p.stem for p in FOLDER.glob("ablate_*.yaml") if p.stem != "ablate_grpo")
PAPER = ["vulcan_queries", "vulcan_state"]
SMALL = [
    *("rows=48", "trials=2", "benchmark.talks.build.count=2", "stage.report.html=false"),
    *("+stage.tiny.warm_steps=2", "+stage.tiny.hidden=32", "+stage.tiny.layers=1"),
    *("train.sft.batch=8", "train.sft.steps=2", "train.sft.save_every=2", "train.sft.log_every=1"),
    *("train.sft.validation=0.2", "train.sft.precision=float32", "model.sampling.max_tokens=8"),
]
GRPO = [
    *("train.grpo.steps=2", "train.grpo.prompts=2", "train.grpo.group_size=2"),
    *("train.grpo.save_every=1", "train.grpo.reply_tokens=8", "train.grpo.redraws=0"),
]
needs_training = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("torch", "trl")),
    reason="the train extra is not installed",
)
quiet = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*pin_memory.*:UserWarning"),
]


def slow(test):  # type: ignore[no-untyped-def]
    for mark in quiet:
        test = mark(test)
    return needs_training(test)


@pytest.mark.parametrize("name", [*TINY, *PAPER])
def test_the_sweep_s_arms_are_those_there_are_and_each_is_another_run(name: str) -> None:
    first = compose([f"+experiment={name}"])
    arms = list(first.arms)
    assert first.arm in arms
    assert first.hydra.sweeper.params.arm.split(",") == arms
    found = [compose([f"+experiment={name}", f"arm={arm}"]) for arm in arms]
    assert len({config.run for config in found}) == len(arms)
    trained = [str(plain(config.train)) + str(plain(config.stage.grpo)) for config in found]
    alike = {text.replace(config.run, "*") for text, config in zip(trained, found, strict=True)}
    assert len(alike) == len(arms), "arms differ in nothing but their folders"
    for config in found:
        assert build(config.train.sft).data
        if name in TINY:
            assert config.shared == found[0].shared
            assert config.train.sft.model.startswith(config.shared)


def test_an_arm_that_does_not_exist_is_said_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arms = ["-m", "+experiment=ablate_filtering", "arm=filtered,nothing", f"runs_dir={tmp_path}"]
    assert main([*arms, "plan=true", "stages=[sft,grpo]"]) == 2
    said = capsys.readouterr()
    assert "arms.nothing" in said.err
    assert not said.out


@pytest.mark.parametrize("name", [*TINY, "user_model"])
def test_a_plan_is_complete(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = ["rows=4", "benchmark.talks.build.count=2", f"runs_dir={tmp_path}", "plan=true"]
    grpo = (
        ["stage.grpo.tasks.build.count=4"]
        if "grpo" in compose([f"+experiment={name}"]).stages
        else []
    )
    assert main([f"+experiment={name}", *own, *grpo]) == 0
    out = capsys.readouterr().out
    assert "sft: data" in out
    assert "talks" in out
    assert ("episodes of talks" in out) == bool(grpo)
    assert not list(tmp_path.iterdir())


@slow
def test_arms_of_data_share_what_they_start_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arm in ("sequence", "whole"):
        own = [f"arm={arm}", f"runs_dir={tmp_path}"]
        assert main(["+experiment=ablate_queries", *own, *SMALL]) == 0
    root = tmp_path / "ablate_queries"
    assert {path.name for path in root.iterdir()} == {"shared-0", "sequence-0", "whole-0"}
    domains = {one.domain for one in read_outcomes(root / "whole-0").values()}
    assert domains == {"sequence", "whole"}
    weights = [
        (root / f"{arm}-0/sft/final/model.safetensors").read_bytes()
        for arm in ("sequence", "whole")
    ]
    assert weights[0] != weights[1]
    capsys.readouterr()
    assert results(["compare", str(root / "sequence-0"), str(root / "whole-0"), "--k", "2"]) == 0
    assert "paired differences of pass^2" in capsys.readouterr().out


@slow
def test_users_are_compared_with_one_agent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["+experiment=user_model", f"runs_dir={tmp_path}", *SMALL]) == 0
    out = capsys.readouterr().out
    assert "paired differences of pass^1" in out
    assert "drop, falsify and delay" in out
    root = tmp_path / "user_model-0"
    assert len(read_outcomes(root / "tuned")) == len(read_outcomes(root / "sloppy")) == 4
    assert (root / "user" / "final" / "config.json").is_file()


@slow
def test_optimisation_with_a_model_as_user_leaves_a_learning_curve(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = ["arm=tuned", f"runs_dir={tmp_path}"]
    assert main(["+experiment=ablate_user", *own, *SMALL, *GRPO]) == 0
    curve = tmp_path / "ablate_user" / "tuned-0" / "curve"
    steps = [path.name for path in sorted(curve.glob("step-*"))]
    assert steps == ["step-000000", "step-000001", "step-000002"]
    assert "talks/ambiguous | 2 |" in (curve / "curve.md").read_text()
    assert results(["curve", str(curve), "--to", str(tmp_path / "plots")]) == 0
    assert (tmp_path / "plots" / "curve.png").is_file()
