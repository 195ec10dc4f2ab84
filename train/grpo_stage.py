"""The stage `grpo`, and what plan=true says of it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from omegaconf import DictConfig, OmegaConf, open_dict

from harness.app import App
from harness.benchmark import forbid_training
from harness.configure import build, plain
from harness.faults import UserMistake
from harness.models.seats import opened
from harness.plan import PROBED, prompt_tokens
from harness.runner import Job
from harness.seeds import seed_for
from harness.stages import begin, changed, stored_config
from harness.store import RunStore, write_text
from train import cluster
from train.grpo_settings import GrpoSettings
from train.processes import rank, require_processes, world_size
from train.rollouts import Rollouts
from train.tracked import tracked

T = TypeVar("T")


async def grpo(app: App, tasks: DictConfig | None = None) -> None:
    """Optimise as `train.grpo` says. Its episodes are an ordinary run, `<out>/rollouts`.

    `tasks` is a benchmark's node (build, evaluator); without it the run's own benchmark is used.
    """
    settings = read(app)
    if settings.devices is not None:
        require_processes(settings.devices)
    settings.shares(world_size())
    seats = rollouts_app(app, settings, tasks)
    job = only(seats.jobs)
    forbid_training(job.benchmark, allowed=settings.train_on_test)
    rollouts = Rollouts(
        job.benchmark,
        job.evaluator,
        settings.group_size,
        seed_for(settings.seed, "rank", rank()) if rank() else settings.seed,
        settings.redraws,
        settings.filtering,
        job.user_model,
    )
    store = begun(seats) if rank() == 0 else None
    users = {seat: model for seat, model in seats.models.items() if seat != "model"}
    try:
        async with opened(users):
            final = await trained(app, settings, rollouts, store)
    finally:
        if store is not None:
            store.close()
    if rank() == 0:
        app.console.print(f"optimised in {settings.steps} steps: {final}", highlight=False)


async def trained(
    app: App, settings: GrpoSettings, rollouts: Rollouts, store: RunStore | None
) -> Path:
    """Run the training beside this loop, on which its episodes are played."""
    from train.grpo import Hooks, optimise

    loop = asyncio.get_running_loop()
    with tracked(app, "grpo", settings.model, settings.out) as track:

        def say(line: Mapping[str, Any]) -> None:
            app.console.print(progress(line, settings.steps), highlight=False)
            track(line)

        return await stoppable(
            lambda stop: optimise(settings, rollouts, store, Hooks(stop, say, loop))
        )


async def stoppable(work: Callable[[threading.Event], T]) -> T:
    """Do work in a thread. Cancelled, it sets the work's event and waits for its clean end."""
    stop = threading.Event()
    running = asyncio.create_task(asyncio.to_thread(work, stop))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([running])
        running.exception()
        raise


def read(app: App) -> GrpoSettings:
    node = (app.config.get("train") or {}).get("grpo")
    if not node:
        raise UserMistake("the stage grpo needs settings: choose train=grpo or one of its recipes")
    settings: GrpoSettings = build(node)
    return settings


def rollouts_app(app: App, settings: GrpoSettings, tasks: DictConfig | None) -> App:
    """Describe the rollouts as a run: the tasks trained on, the policy in the agent's seat."""
    policy = {
        "_target_": "harness.models.transformers.TransformersModel",
        "model": settings.model,
        "sampling": {"temperature": settings.temperature, "max_tokens": settings.reply_tokens},
        "max_model_len": settings.context_tokens,
    }
    changes = {"run": f"{settings.out}/rollouts", "seed": settings.seed, "sample": None}
    other = changed(app, {**changes, "trials": settings.group_size}, ["eval", "report"])
    with open_dict(other.config):
        OmegaConf.update(other.config, "model", policy, merge=False)
        OmegaConf.update(other.config, "tracker", None)
        if tasks is not None:
            name = str(tasks.get("name") or tasks.build._target_.split(".")[-1])
            # resolved: what refers to the run's own benchmark must not refer to itself
            node = {key: plain(tasks[key]) for key in ("build", "evaluator")}
            OmegaConf.update(other.config, "benchmark", {name: node}, merge=False)
    return other


def only(jobs: list[Job]) -> Job:
    if len(jobs) > 1:
        names = ", ".join(job.benchmark.name for job in jobs)
        raise UserMistake(f"GRPO trains on one benchmark, these are chosen: {names}")
    return jobs[0]


def begun(seats: App) -> RunStore:
    """Open the run folder of the rollouts as `evaluate` does."""
    store = RunStore(seats.folder, lasting(seats.identity))
    write_text(seats.folder / "config.yaml", stored_config(seats))
    begin(seats)
    return store


def lasting(identity: Mapping[str, Any]) -> dict[str, Any]:
    """Return an identity without the node on which a started user server happens to be: after a
    new start it is on another one."""
    user, here = identity.get("user_model") or {}, os.environ.get("USER_URL")
    if not here or not str(user.get("base_url", "")).startswith(here):
        return dict(identity)
    return {**identity, "user_model": {**user, "base_url": "USER_URL"}}


def progress(line: Mapping[str, Any], steps: int) -> str:
    """Say in one line what a step drew and how long it took."""
    drawn = line["rollouts"]
    redrawn = f"{drawn['redrawn_failed']:.0f} all failed, {drawn['redrawn_passed']:.0f} all passed"
    text = (
        f"grpo: step {line['step']}/{steps}  reward {drawn['reward_mean']:.3f}  "
        f"redrawn: {redrawn}  flat {drawn['flat']:.0f}  rollouts {drawn['seconds']:.1f} s"
    )
    lost = drawn["faults"] + drawn["rowless"]
    return f"{text}  unusable {lost:.0f}" if lost else text


def show_plan(app: App, tasks: DictConfig | None = None) -> None:
    """Print steps, episodes, tokens and the commands of `train.cluster`; start nothing."""
    settings = read(app)
    job = only(rollouts_app(app, settings, tasks).jobs)
    forbid_training(job.benchmark, allowed=settings.train_on_test)
    least = settings.steps * settings.prompts * settings.group_size
    most = least * (1 + settings.redraws * settings.filtering)
    read_in, written = episode_tokens(job, settings)
    app.console.print(
        f"grpo: {settings.steps} steps x {settings.prompts} tasks x {settings.group_size} "
        f"= {least:,} episodes of {job.benchmark.name}"
        + (f", up to {most:,} with groups drawn again" if most > least else ""),
        highlight=False,
    )
    app.console.print(
        f"grpo: about {least * read_in:,.0f} tokens in, {least * written:,.0f} out"
        + (f" (up to {most * read_in:,.0f} and {most * written:,.0f})" if most > least else "")
        + f"; 4 characters each, measured on up to {PROBED} tasks",
        highlight=False,
    )
    if (app.config.get("train") or {}).get("cluster"):
        cluster.show_plan(app)


def episode_tokens(job: Job, settings: GrpoSettings) -> tuple[float, float]:
    """Estimate the tokens that one episode reads and writes."""
    tasks = job.benchmark.tasks
    probed = [tasks[i] for i in range(0, len(tasks), max(1, len(tasks) // PROBED))]
    replies = [job.benchmark.replies(task) for task in probed]
    read_in = sum(n * prompt_tokens(job, task) for n, task in zip(replies, probed, strict=True))
    return read_in / len(probed), settings.reply_tokens * sum(replies) / len(probed)
