"""What the app's stages `synth` and `dataset` run, and what plan=true says of the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

from omegaconf import DictConfig, OmegaConf
from rich.table import Table

from harness.app import App
from harness.configure import build, plain
from harness.faults import UserMistake
from harness.models.seats import opened
from harness.plan import show_seat
from harness.protocols import Model
from harness.store import exclusive, need
from harness.types import Role
from synth.crew import Crew
from synth.dataset.rows import Request
from synth.export import export, export_run, show
from synth.generate import Wishes
from synth.llm.estimates import Estimate, Workload, estimate, estimate_agent, paper_total
from synth.pipeline import Pipeline, say_absent
from synth.recipe import Recipe, cast_of, domain_of
from synth.sources import fetch

CHARACTERS_PER_TOKEN = 4


async def synthesize(
    app: App,
    recipe: DictConfig,
    concurrency: int = 32,
    folder: str | None = None,
    teacher: DictConfig | None = None,
) -> None:
    """Make worlds, tasks, episodes and a data set; go on where an earlier run stopped.

    `folder` is the run's own unless given. The `teacher`, or the model in the agent's seat, fills
    the roles that are set to llm, and plays where the recipe's agent is a model.
    """
    made, crew = read(recipe)
    models = {}
    if made.agent == "model" or crew.fills(*crew.roles):
        models = {"model": teacher_of(app, teacher)}
        crew = replace(crew, model=models["model"])
        crew.ready()
    root = Path(folder or app.folder)
    fetch(made.names)
    pipeline = Pipeline(made, root, app.console, app.config.seed, concurrency, crew)
    with exclusive(root):
        async with opened(models):
            material = await pipeline.make()
            checked = await pipeline.check(material)
            played = await pipeline.teach(material, checked)
        report = export(pipeline, material, checked, played, root / "dataset")
    show(app.console, report, root / "dataset")


def teacher_of(app: App, node: DictConfig | None) -> Model:
    """Build and check the teacher. Raises UserMistake where it lacks a key or an endpoint."""
    if not node:
        app.check_models()
        return app.models["model"]
    teacher: Model = build(node)
    try:
        getattr(teacher, "check", lambda: None)()
    except UserMistake as mistake:
        raise UserMistake(f"the teacher: {mistake}") from None
    return teacher


async def collect(
    app: App, seat: Role = "agent", reasoning: bool = True, train_on_test: bool = False
) -> None:
    """Turn the passed episodes of the run folder's benchmarks into data sets, one each."""
    if seat not in ("agent", "user"):
        raise UserMistake(f"seat={seat!r}: choose agent or user")
    folder = need(app.folder)
    about: dict[str, Any] = getattr(app.models.get("model"), "describe", dict)()
    label = f" ({about['label']})" if about.get("label") else ""
    source = f"{about.get('model') or app.choice('model')}{label}"
    request = Request(seat, reasoning, train_on_test=train_on_test)
    for job in app.jobs:
        target = folder / "dataset" / job.benchmark.name
        report = export_run(folder, job.benchmark, source, request, target)
        show(app.console, report, target)


def read(node: DictConfig) -> tuple[Recipe, Crew]:
    """Split the configuration into what is made and who fills which role."""
    rest = [str(key) for key in node if key not in ("role", "llm")]
    recipe: Recipe = build(OmegaConf.masked_copy(node, rest))
    return recipe, Crew(plain(node.get("role") or {}), plain(node.get("llm") or {}))


def show_plan(
    app: App, recipe: DictConfig, folder: str | None = None, teacher: DictConfig | None = None
) -> None:
    """Print what would be made, and the calls, tokens and cost of every role that a model fills."""
    made, crew = read(recipe)
    app.console.print(f"synth: {folder or app.folder}", highlight=False)
    cast = cast_of(made, app.config.seed)
    say_absent(app.console, cast)
    given = {name: entry for name, entry in cast.found.items() if "world" not in entry}
    intakes = [domain_of(name, entry).intake for name, entry in given.items()]
    records = [record for intake in intakes for record in intake.records]
    tasks = len(cast.found) * made.tasks
    app.console.print(
        f"{len(cast.found)} environments ({len(given)} specified, with {len(records)} tools), "
        f"at most {tasks:,} tasks, {tasks * made.trials:,} episodes by agent={made.agent}",
        highlight=False,
    )
    roles = {name: node for name, node in crew.roles.items() if crew.fills(name)}
    if not roles and made.agent != "model":
        app.console.print("no role is filled by a model: no calls, no cost")
        return
    lengths = [len(str(record.spec)) / CHARACTERS_PER_TOKEN for record in records]
    work = Workload(
        environments=len(given),
        tools=len(records),
        tasks=tasks,
        states=made.states,
        spec_tokens=round(sum(lengths) / max(1, len(lengths))),
        **shape_of(made),
    )
    model = build(teacher) if teacher else app.models.get("model")
    if teacher:
        show_seat(app.console, "teacher:", model)
    price = getattr(model, "price", None)
    show_estimate(app, work, roles, made, price)


def show_estimate(
    app: App, work: Workload, roles: Mapping[str, Any], recipe: Recipe, price: Any
) -> None:
    """Print a line per stage, the sum, and what the paper's table gives for the same work."""
    rows = estimate(work, roles, price)
    if recipe.agent == "model":
        rows.append(estimate_agent(work, price))
    known = all(row.cost_usd is not None for row in rows)
    total = Estimate(
        "all",
        sum(row.calls for row in rows),
        sum(row.tokens_in for row in rows),
        sum(row.tokens_out for row in rows),
        sum(row.cost_usd or 0.0 for row in rows) if known else None,
    )
    table = Table("stage", "calls", "tokens in", "tokens out", "cost")
    for row in [*rows, total]:
        cost = "unknown" if row.cost_usd is None else f"${row.cost_usd:,.2f}"
        cells = (f"{row.calls:,}", f"{row.tokens_in:,}", f"{row.tokens_out:,}", cost)
        table.add_row(row.stage, *cells)
    app.console.print(table)
    tokens, dollars = paper_total(work)
    app.console.print(
        f"the paper's cost table gives {tokens:,} tokens and ${dollars:,.2f} for these "
        f"environments and tasks, without the agent's episodes; prompts are measured, replies "
        "and rounds assumed",
        highlight=False,
    )


def shape_of(recipe: Recipe) -> dict[str, Any]:
    """Return what tasks are like on average, as far as it costs calls."""
    wishes = Wishes(**recipe.wishes)
    others = [kind for kind in wishes.kinds if kind != "general"]
    stated = [kind for kind in others if kind != "changing"]
    alone = list(wishes.modes) == ["scenario"]
    return {
        "turns": fmean(wishes.turns),
        "calls": fmean(wishes.calls),
        "trials": recipe.trials,
        "talked": 1.0 if alone else 0.6 * ("scenario" in wishes.modes),
        "judged": 0.5 * len(stated) / len(others) if others else 0.0,
    }
