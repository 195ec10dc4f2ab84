"""Group-relative policy optimisation: TRL moves the weights, the harness plays and scores.

The reward is `verdict.reward` of the evaluator that scores the leaderboard; there is no other.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.models.checkpoints import is_missing
from harness.models.transformers import stops_of
from harness.store import RunStore
from train.folder import claimed, last_checkpoint, require_same_model
from train.grpo_log import watcher
from train.grpo_settings import GrpoSettings, trl_config
from train.policy import LocalPolicy, ServedPolicy
from train.preflight import (
    pins,
    require_positions,
    require_prompts,
    require_room,
    require_versions,
    sizes,
)
from train.processes import rank, world_size
from train.rollout_step import RolloutStep, episode_reward
from train.rollouts import Rollouts
from train.server import addresses, inspect
from train.weights import Connect, Weights, connect_by_trl, serve


@dataclass(frozen=True)
class Hooks:
    """How a run is watched and ended: `stop` ends it after a step, with a checkpoint; `say` gets a
    line of measurements per step; `loop` is where episodes run; `connect` opens the way on which a
    rollout server gets new weights."""

    stop: threading.Event | None = None
    say: Callable[[Mapping[str, Any]], None] = lambda line: None
    loop: asyncio.AbstractEventLoop | None = None
    connect: Connect = connect_by_trl


def optimise(
    settings: GrpoSettings,
    rollouts: Rollouts,
    store: RunStore | None = None,
    hooks: Hooks = Hooks(),
) -> Path:
    """Run GRPO and return the folder of the final weights. Goes on from the last checkpoint.

    Raises UserMistake in one line.
    """
    require_versions(pins())
    with claimed(Path(settings.out), settings.identity(), settings.model):
        return optimised(settings, rollouts, store, hooks)


def optimised(
    settings: GrpoSettings, rollouts: Rollouts, store: RunStore | None, hooks: Hooks
) -> Path:
    """Run GRPO in the folder that this run holds."""
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    import torch
    from transformers import set_seed

    out = Path(settings.out)
    if (out / "final" / "config.json").is_file():
        return out / "final"
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    set_seed(settings.seed)
    trainer = make_trainer(settings, rollouts, store, hooks)
    found = last_checkpoint(out)
    require_same_model(found, trainer.model.config)
    trainer.train(resume_from_checkpoint=found)
    done = int(trainer.state.global_step)
    if done < settings.steps:
        raise UserMistake(f"stopped after step {done}: run the same again to go on from there")
    save_final(trainer, out / "final")
    return out / "final"


def make_trainer(
    settings: GrpoSettings, rollouts: Rollouts, store: RunStore | None, hooks: Hooks
) -> Any:
    """Load the weights, try their template and build TRL's trainer."""
    from transformers.trainer_callback import PrinterCallback
    from trl import GRPOTrainer

    if is_missing(settings.model):
        raise UserMistake(f"there is no model at {settings.model}")
    arguments = trl_config(settings)  # first: with ZeRO-3 it decides how weights are loaded
    network, tokenizer = load(settings)
    local = LocalPolicy(settings, tokenizer)
    local.model(network)
    check(settings, rollouts, network, tokenizer, arguments.save_total_limit)
    parts = settings.parts(world_size())
    step = RolloutStep(rollouts, local, tokenizer.eos_token_id, store, hooks.loop, parts)
    watch = watcher(
        Path(settings.out),
        lambda: step.latest.as_log(),
        hooks.stop,
        hooks.say,
        settings,
    )
    trainer = GRPOTrainer(
        model=network,
        args=arguments,
        train_dataset=dataset(rollouts, settings),
        processing_class=tokenizer,
        reward_funcs=episode_reward,
        rollout_func=step,
        callbacks=[watch],
    )
    trainer.remove_callback(PrinterCallback)
    if settings.rollouts == "server":
        places = [inspect(url, settings) for url in addresses(settings)]
        weights = Weights(trainer, settings, places, hooks.connect)
        stops = stops_of(network, tokenizer)
        step.policy = ServedPolicy(settings, tokenizer, places, stops, weights)
        serve(trainer, weights)
    return trainer


def check(
    settings: GrpoSettings, rollouts: Rollouts, network: Any, tokenizer: Any, kept: int | None
) -> None:
    """Raise UserMistake where the run cannot succeed on this model, disk or data.

    `kept` is the most checkpoints that stay on the disk, None: all.
    """
    what = f"context_tokens={settings.context_tokens}"
    require_positions(settings.context_tokens, what, network.config, settings.model)
    require_prompts(rollouts.benchmark, tokenizer, settings.context_tokens)
    if rank() == 0:
        all_ = -(-settings.steps // settings.save_every)
        require_room(Path(settings.out), *sizes(network), kept=min(kept or all_, all_))


def load(settings: GrpoSettings) -> tuple[Any, Any]:
    """Load the weights in float32 and the tokenizer. Raises UserMistake in one line."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(settings.model)
        network = AutoModelForCausalLM.from_pretrained(settings.model, dtype=torch.float32)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise UserMistake(f"model {settings.model!r} cannot be loaded: {reason}") from None
    return network, tokenizer


def save_final(trainer: Any, final: Path) -> None:
    """Write the last weights whole or not at all; every process takes part in gathering them."""
    partial = final.with_name(".final")
    first = trainer.accelerator.is_main_process
    if first:
        shutil.rmtree(partial, ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    trainer.save_model(str(partial))
    if first:
        trainer.processing_class.save_pretrained(str(partial))
        partial.rename(final)
    trainer.accelerator.wait_for_everyone()


def dataset(rollouts: Rollouts, settings: GrpoSettings) -> Any:
    """Lay out the prompts of every step beforehand: a resumed run then meets the same ones."""
    from datasets import Dataset

    order: list[str] = []
    rng = random.Random(settings.seed)
    while len(order) < settings.steps * settings.prompts:
        order += rng.sample(list(rollouts.tasks), len(rollouts.tasks))
    wanted = order[: settings.steps * settings.prompts]
    return Dataset.from_list([{"prompt": name} for name in wanted])
