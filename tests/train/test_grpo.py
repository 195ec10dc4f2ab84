"""GRPO moves real weights: a random model learns to say the one letter that is rewarded."""

from __future__ import annotations

import importlib.util
import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from harness.faults import UserMistake
from harness.store import RunStore, read_outcomes
from harness.types import Verdict
from tests.train.choir import Sings, choir, settings
from train.grpo_settings import GrpoSettings
from train.rollouts import Rollouts

needs_torch = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("torch", "trl")),
    reason="the train extra is not installed",
)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    from tests.fakes.tiny import PLAIN, make_network, make_tokenizer

    tokenizer = make_tokenizer(PLAIN)
    network = make_network(tokenizer)
    folder = tmp_path / "start"
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def run(checkpoint: Path, out: Path, **changes: Any) -> list[dict[str, Any]]:
    from train.grpo import optimise
    from train.grpo_log import read_log

    chosen = settings(checkpoint, out, **changes)
    rollouts = Rollouts(choir(), Sings(), chosen.group_size, redraws=chosen.redraws)
    store = RunStore(out / "rollouts", {"choir": 1})
    try:
        optimise(chosen, rollouts, store)
    finally:
        store.close()
    return read_log(out)


@needs_torch
@pytest.mark.filterwarnings("default")
def test_the_policy_learns_what_is_rewarded(checkpoint: Path, tmp_path: Path) -> None:
    lines = run(checkpoint, tmp_path / "run")
    rewards = [line["rollouts"]["reward_mean"] for line in lines]
    assert sum(rewards[-3:]) > 2 * sum(rewards[:3])
    assert (tmp_path / "run" / "final" / "config.json").is_file()
    outcomes = read_outcomes(tmp_path / "run" / "rollouts")
    assert len(outcomes) == 12 * 2 * 8


@needs_torch
@pytest.mark.filterwarnings("default")
def test_a_resumed_run_equals_an_uninterrupted_one(checkpoint: Path, tmp_path: Path) -> None:
    whole = run(checkpoint, tmp_path / "whole", steps=8)
    run(checkpoint, tmp_path / "parts", steps=4)
    shutil.rmtree(tmp_path / "parts" / "final")
    parts = run(checkpoint, tmp_path / "parts", steps=8)
    keys = ("loss", "grad_norm", "reward")
    for one, other in zip(whole, parts, strict=True):
        assert {k: one[k] for k in keys} == pytest.approx({k: other[k] for k in keys}, abs=1e-6)


@needs_torch
@pytest.mark.filterwarnings("default")
def test_a_template_that_rewrites_history_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    from tests.fakes.tiny import FORGETFUL, make_tokenizer

    make_tokenizer(FORGETFUL).save_pretrained(checkpoint)
    with pytest.raises(UserMistake, match="rewrites line"):
        run(checkpoint, tmp_path / "run")


def test_a_step_is_dealt_out_in_whole_groups() -> None:
    chosen = GrpoSettings(model="m", out="o", prompts=4, group_size=8, micro_batch=4)
    assert chosen.shares(1) == (4, 8)
    assert chosen.shares(2) == (4, 4)
    with pytest.raises(UserMistake, match="dealt out to 3 processes"):
        chosen.shares(3)
    shared = GrpoSettings(model="m", out="o", prompts=4, group_size=8)
    assert (shared.shares(8), shared.parts(8)) == ((4, 1), 2)
    with pytest.raises(UserMistake, match="dealt out to 6 processes"):
        shared.shares(6)
    with pytest.raises(UserMistake, match="must divide the 32 rows"):
        GrpoSettings(model="m", out="o", prompts=4, group_size=8, micro_batch=5).shares(1)
    with pytest.raises(UserMistake, match="give 2 or more"):
        GrpoSettings(model="m", out="o", group_size=1)
    with pytest.raises(UserMistake, match="temperature=0"):
        GrpoSettings(model="m", out="o", temperature=0)
    with pytest.raises(UserMistake, match="micro_batch=0"):
        GrpoSettings(model="m", out="o", micro_batch=0)


@needs_torch
@pytest.mark.filterwarnings("default")
def test_a_micro_batch_changes_memory_and_not_the_gradient(
    checkpoint: Path, tmp_path: Path
) -> None:
    whole = run(checkpoint, tmp_path / "whole", steps=3)
    small = run(checkpoint, tmp_path / "small", steps=3, micro_batch=4)
    for one, other in zip(whole, small, strict=True):
        assert one["rollouts"]["reward_mean"] == pytest.approx(other["rollouts"]["reward_mean"])
        assert one["grad_norm"] == pytest.approx(other["grad_norm"], rel=1e-3)


@needs_torch
@pytest.mark.filterwarnings("default")
def test_other_settings_are_refused_and_longer_runs_go_on(checkpoint: Path, tmp_path: Path) -> None:
    run(checkpoint, tmp_path / "run", steps=1)
    with pytest.raises(UserMistake, match="differs in learning_rate"):
        run(checkpoint, tmp_path / "run", steps=1, learning_rate=1.0)


@needs_torch
@pytest.mark.filterwarnings("default")
def test_a_stopped_run_leaves_a_checkpoint_and_goes_on(checkpoint: Path, tmp_path: Path) -> None:
    from train.grpo import Hooks, optimise

    chosen = settings(checkpoint, tmp_path / "run", steps=4)
    stop = threading.Event()
    hooks = Hooks(stop, lambda line: stop.set() if line["step"] == 2 else None)
    rollouts = Rollouts(choir(), Sings(), chosen.group_size)
    with pytest.raises(UserMistake, match="stopped after step"):
        optimise(chosen, rollouts, None, hooks)
    assert not (tmp_path / "run" / "final").exists()
    assert (optimise(chosen, rollouts) / "config.json").is_file()


def test_a_model_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("trl", reason="the train extra is not installed")
    from train.grpo import optimise

    chosen = settings(tmp_path / "nowhere", tmp_path / "run")
    with pytest.raises(UserMistake, match="there is no model at"):
        optimise(chosen, Rollouts(choir(), Sings(), 8))


def test_a_log_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    from train.grpo_log import read_log

    with pytest.raises(UserMistake, match="not a GRPO run"):
        read_log(tmp_path)
    lines = [{"step": 1, "loss": 2.0}, {"step": 1, "loss": 1.0}]
    (tmp_path / "grpo_log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert read_log(tmp_path) == [{"step": 1, "loss": 1.0}]


@needs_torch
@pytest.mark.filterwarnings("default")
def test_a_loss_that_is_no_number_ends_the_run_before_it_is_saved(
    checkpoint: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    with pytest.raises(UserMistake, match=r"step \d: (loss|grad_norm) is (nan|inf)"):
        run(checkpoint, out, learning_rate=1e30, save_every=1, steps=4)
    assert not (out / "final").exists()


@needs_torch
@pytest.mark.filterwarnings("default")
def test_a_run_that_cannot_learn_ends(checkpoint: Path, tmp_path: Path) -> None:
    from train.grpo import optimise

    class Same(Sings):
        async def __call__(self, task: Any, episode: Any) -> Verdict:
            return Verdict(1.0, True)

    chosen = settings(checkpoint, tmp_path / "run", steps=5, flat_steps=2)
    with pytest.raises(UserMistake, match="step 2: for 2 steps in a row every group's rewards"):
        optimise(chosen, Rollouts(choir(), Same(), chosen.group_size, redraws=1))


def test_patience_counts_steps_in_a_row() -> None:
    from train.grpo_log import Patience

    patience, never = Patience(2), Patience(None)
    for learnt in (False, True, False, True):
        patience.note(1, learnt)
    for _ in range(9):
        never.note(1, False)
    patience.note(5, False)
    with pytest.raises(UserMistake, match="step 6"):
        patience.note(6, False)


@needs_torch
@pytest.mark.filterwarnings("default")
def test_checkpoints_of_another_model_are_refused(checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    run(checkpoint, out, steps=1, save_every=1)
    shutil.rmtree(out / "final")
    told = json.loads((out / "checkpoint-1" / "config.json").read_text())
    told["hidden_size"] = 64
    (out / "checkpoint-1" / "config.json").write_text(json.dumps(told))
    with pytest.raises(UserMistake, match=r"another model \(hidden_size 64, not 32\)"):
        run(checkpoint, out, steps=2, save_every=1)


@needs_torch
@pytest.mark.filterwarnings("default")
def test_the_log_has_kl_and_clip_shares(checkpoint: Path, tmp_path: Path) -> None:
    (line,) = run(checkpoint, tmp_path / "run", steps=1, kl=0.1)
    for name in ("loss", "kl", "entropy", "clip_ratio/region_mean", "clip_ratio/low_mean"):
        assert isinstance(line[name], float)
    for name in ("reward_mean", "flat", "redrawn_failed", "faults", "rowless", "seconds"):
        assert name in line["rollouts"]
    (without,) = run(checkpoint, tmp_path / "other", steps=1)
    assert "kl" not in without
