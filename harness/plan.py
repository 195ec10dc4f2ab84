"""plan=true: say what would run, and run nothing."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from harness.app import App
from harness.configure import build, plain
from harness.episode import tools_text
from harness.faults import UserMistake
from harness.runner import Job
from harness.stages import warn_of_judge
from harness.types import Task

CHARACTERS_PER_TOKEN = 4
REPLY_TOKENS = 120
PROBED = 50


def show_plan(app: App) -> None:
    """Print stages, seats, trials, calls, estimated tokens and cost, and what is missing."""
    app.console.print(f"stages: {', '.join(plain(app.config.stages))}    run folder: {app.folder}")
    for seat, model in app.models.items():
        about: dict[str, Any] = getattr(model, "plan", dict)()
        missing = about.pop("missing", ())
        app.console.print(f"{seat}: {app.choice(seat)} {describe(about)}", highlight=False)
        for line in missing:
            app.console.print(f"  missing: {line}", highlight=False)
    wanted = plain(app.config.stages)
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    own = [name for name in names if name in app.config.planned]
    for name in own:
        build(app.config.planned[name], _partial_=True)(app)
    if not own or len(own) < len(names):
        show_jobs(app)


def show_jobs(app: App) -> None:
    """Print a line per benchmark with the calls, tokens and cost of its trials."""
    table = Table("benchmark", "tasks", "trials", "agent calls", "tokens in", "tokens out", "cost")
    for job in app.jobs:
        table.add_row(*estimate(job))
    app.console.print(table)
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


def estimate(job: Job) -> tuple[str, ...]:
    """Estimate one row of the plan. Later calls of an episode carry the earlier ones."""
    tasks = list(job.benchmark.tasks)
    calls = sum(job.benchmark.replies(task) for task in tasks) * job.trials
    probed = tasks[:: max(1, len(tasks) // PROBED)]
    per_call = sum(prompt_tokens(job, task) for task in probed) / len(probed)
    tokens_in, tokens_out = calls * per_call, calls * REPLY_TOKENS
    price = getattr(job.model, "price", None) or {}
    cost = None
    if "input" in price and "output" in price:
        cost = (tokens_in * price["input"] + tokens_out * price["output"]) / 1e6
    return (
        job.benchmark.name,
        str(sum(task.scored for task in tasks)),
        str(job.trials),
        f"{calls:,}",
        f"{tokens_in:,.0f}",
        f"{tokens_out:,.0f}",
        "unknown" if cost is None else f"${cost:,.2f}",
    )


def prompt_tokens(job: Job, task: Task) -> float:
    """Estimate the prompt of one call: system text, tools, opening and half of the replies."""
    party = job.benchmark.agent(task, 0, job.model)
    characters = len(getattr(party, "system", "")) + sum(len(m.text) for m in task.opening)
    if not task.needs:
        tools = job.benchmark.environment(task, {}).tools("agent", 1)
        characters += len(tools_text(tools))
    history = job.benchmark.replies(task) * REPLY_TOKENS / 2
    return characters / CHARACTERS_PER_TOKEN + history
