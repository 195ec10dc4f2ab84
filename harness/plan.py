"""plan=true: say what would run, and run nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from harness.app import App
from harness.configure import build, plain
from harness.episode import tools_text
from harness.faults import UserMistake
from harness.hours import ASSUMED, sampling_hours
from harness.runner import Job
from harness.stages import changed, warn_of_judge
from harness.types import Task

CHARACTERS_PER_TOKEN = 4
REPLY_TOKENS = 120
PROBED = 50
AGAIN = "harness.stages.again"
PLAYING = ("harness.stages.evaluate", "harness.stages.score")


def show_plan(app: App) -> None:
    """Print stages, seats, trials, calls, estimated tokens and cost, and what is missing.

    A stage that plays benchmarks shows its jobs, one that runs other stages with some keys changed
    shows their plan, one named in `planned` says for itself what it would do.
    """
    wanted = plain(app.config.stages)
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    app.console.print(f"stages: {', '.join(names)}    run folder: {app.folder}", highlight=False)
    for seat, model in app.models.items():
        show_seat(app.console, f"{seat}: {app.choice(seat)}", model)
    counted = False
    for name, node in zip(names, app.stages(), strict=True):
        target = node["_target_"]
        if name in app.config.planned:
            show_planned(app, name)
        elif target == AGAIN:
            app.console.print(f"{name}:", highlight=False)
            seats = plain(node.get("seats") or {})
            other = changed(app, plain(node.changes), plain(node.stages), seats)
            other.behalf = app.behalf or name
            show_plan(other)
        elif target in PLAYING and not counted:
            counted = True
            show_jobs(app)


def show_planned(app: App, name: str) -> None:
    """Let a stage say what it would do, or what it cannot say yet, as an earlier stage makes it."""
    try:
        build(app.config.planned[name], _partial_=True)(app)
    except UserMistake as mistake:
        app.console.print(f"{name}: missing: {mistake}", highlight=False, markup=False)


def show_seat(console: Console, title: str, model: object) -> None:
    """Print what a model says of itself, and a line for each thing that it lacks."""
    about: dict[str, Any] = dict(getattr(model, "plan", dict)())
    missing = about.pop("missing", ())
    console.print(f"{title} {describe(about)}", highlight=False)
    for line in missing:
        console.print(f"  missing: {line}", highlight=False)


def show_jobs(app: App) -> None:
    """Print a line per benchmark with the calls, tokens and cost of its trials."""
    table = Table("benchmark", "tasks", "trials", "agent calls", "tokens in", "tokens out", "cost")
    amounts = [estimate(job) for job in app.jobs]
    for job, amount in zip(app.jobs, amounts, strict=True):
        table.add_row(*cells(job, amount))
    app.console.print(table)
    show_hours(app, amounts)
    for job in app.jobs:
        warn_of_judge(app, job)
        if mistake := missing_user(job):
            app.console.print(f"missing: {mistake}", highlight=False, markup=False)
    app.console.print(
        f"tokens: {CHARACTERS_PER_TOKEN} characters each, measured on up to {PROBED} tasks; "
        f"{REPLY_TOKENS} per reply assumed; user and judge models not included"
    )


def missing_user(job: Job) -> str:
    """Say what the user's seat lacks, if anything."""
    try:
        job.benchmark.user(job.benchmark.tasks[0], 0, job.user_model)
    except UserMistake as mistake:
        return str(mistake)
    return ""


def describe(about: dict[str, Any]) -> str:
    return "  ".join(
        f"{name}={value}" for name, value in about.items() if value not in (None, "", {}, [])
    )


@dataclass(frozen=True)
class Amount:
    """What the agent's model is asked in all trials of a benchmark."""

    calls: int
    tokens_in: float
    tokens_out: float


def estimate(job: Job) -> Amount:
    """Estimate calls and tokens. Later calls of an episode carry the earlier ones."""
    tasks = list(job.benchmark.tasks)
    calls = sum(job.benchmark.replies(task) for task in tasks) * job.trials
    probed = tasks[:: max(1, len(tasks) // PROBED)]
    per_call = sum(prompt_tokens(job, task) for task in probed) / len(probed)
    return Amount(calls, calls * per_call, calls * REPLY_TOKENS)


def cells(job: Job, amount: Amount) -> tuple[str, ...]:
    """Render one row of the plan."""
    price = getattr(job.model, "price", None) or {}
    cost = None
    if "input" in price and "output" in price:
        cost = (amount.tokens_in * price["input"] + amount.tokens_out * price["output"]) / 1e6
    return (
        job.benchmark.name,
        str(sum(task.scored for task in job.benchmark.tasks)),
        str(job.trials),
        f"{amount.calls:,}",
        f"{amount.tokens_in:,.0f}",
        f"{amount.tokens_out:,.0f}",
        "unknown" if cost is None else f"${cost:,.2f}",
    )


def show_hours(app: App, amounts: Sequence[Amount]) -> None:
    """Print the GPU hours of an agent's model whose size is known."""
    if (parameters := app.config.get("parameters")) is None:
        return
    tokens = (sum(a.tokens_in for a in amounts), sum(a.tokens_out for a in amounts))
    hours = sampling_hours(parameters, *tokens)
    size = f"{parameters / 1e9:g} billion parameters"
    app.console.print(f"about {hours:,.1f} GPU hours ({size}, {ASSUMED})", highlight=False)


def prompt_tokens(job: Job, task: Task) -> float:
    """Estimate the prompt of one call: system text, tools, opening and half of the replies."""
    party = job.benchmark.agent(task, 0, job.model)
    characters = len(getattr(party, "system", "")) + sum(len(m.text) for m in task.opening)
    if not task.needs:
        tools = job.benchmark.environment(task, {}).tools("agent", 1)
        characters += len(tools_text(tools))
    history = job.benchmark.replies(task) * REPLY_TOKENS / 2
    return characters / CHARACTERS_PER_TOKEN + history
