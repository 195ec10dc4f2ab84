"""The units of synthesis that ask a model: package, graph and tasks, as far as its roles go."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from harness.faults import UserMistake
from harness.types import Task
from synth.crew import WORLD_ROLES, Crew
from synth.drafts import Draft
from synth.environments import World, build_world
from synth.generate import Maker
from synth.graph import Graph, graph_of
from synth.llm.ask import Asker, Rejected
from synth.llm.environment import STAGES, Author, Roles, Sizes
from synth.llm.mixed import Completion, refine
from synth.llm.wording import TaskWriter
from synth.making import (
    WHOLE,
    is_random,
    make_package,
    maker_of,
    package_in,
    store_graph,
    store_package,
    store_tasks,
)
from synth.package import EnvPackage
from synth.packaging import assemble, build_package, check_package, without
from synth.policy import apply_policy
from synth.recipe import domain_of
from synth.sources import Domain
from synth.steps import Counts, Unit
from synth.survey import Survey
from synth.tasks import assemble as assemble_task
from synth.validation import check_composed
from synth.validity import Validity, of_model

INPUTS = 20


async def write_package(unit: Unit, crew: Crew) -> Counts:
    """Build an environment with the model in the crew's roles; random worlds need none."""
    if is_random(unit.settings):
        return make_package(unit)
    asker = crew.fresh()
    try:
        package, lacking, validity = await authored(unit, crew, asker)
    except UserMistake as mistake:
        lacking = {WHOLE: str(mistake)}
        return {**store_package(unit, None, lacking), **spent(asker)}
    return {**store_package(unit, package, lacking, validity), **spent(asker)}


Authored = tuple[EnvPackage, dict[str, str], Validity]


async def authored(unit: Unit, crew: Crew, asker: Asker) -> Authored:
    """Write a package: whole by the model, or by rules with the model before and after them."""
    source = domain_of(unit.name, unit.settings)
    if crew.fills("state_sampler"):
        return await written_whole(unit, crew, asker, source)
    roles = [crew.role(name, asker) for name in ("spec_normalizer", "output_schema")]
    source = await refine(source, *roles)
    role = crew.role("implementation", asker)
    if role is None:
        return by_rules(unit, source)
    seed, states = unit.settings["seed"], unit.settings["states"]
    completion = Completion(role, asker, seed, states)
    world = apply_policy(await completion.complete(build_world(source)))
    return validated(world, asker, seed, states)


async def written_whole(unit: Unit, crew: Crew, asker: Asker, source: Domain) -> Authored:
    """Let the model write everything; without tables or states of its own, rules write it all."""
    roles = Roles(**{name: crew.role(name, asker) for name in WORLD_ROLES})
    author = Author(asker, roles, Sizes(unit.settings["states"]), unit.settings["seed"])
    try:
        made = await author.write(source)
    except Rejected as rejected:
        asker.ledger["tables"].by_rules[WHOLE] = str(rejected)
        return by_rules(unit, source)
    return made.package, {r.name: r.reason for r in made.rejected}, made.validity


def by_rules(unit: Unit, source: Domain) -> Authored:
    built = build_package(source, unit.settings["seed"], unit.settings["states"])
    return built.package, dict(built.refused), built.validity


def validated(world: World, asker: Asker, seed: int, states: int) -> Authored:
    """Return a world's package without the tools that fail when they are run."""
    package = assemble(world, seed, states, INPUTS)
    checks = check_package(package, world, seed)
    bad = {c.tool: str(c.witness) for c in checks if not c.valid}
    kept = without(package, bad.keys()) if bad else package
    refused = {r.name: r.reason for r in world.domain.intake.rejected}
    refused |= {refusal.name: refusal.reason for refusal in world.refused}
    names = [record.spec.name for record in world.domain.intake.records]
    composed = check_composed(kept.records, kept.blueprint("s00000"), kept.inputs)
    trails = [asker.ledger[stage].trails for stage in STAGES]
    done = {name for trail in trails for name in trail}
    rules = {n: ["accepted"] for n in names if n not in done}
    validity = of_model(names, checks, [rules, *trails], composed)
    about = {**kept.about, "checks": validity.summary(), "refused": refused | bad}
    return replace(kept, about=about), refused | bad, validity


def spent(asker: Asker) -> Counts:
    """Return what a unit asked its model, for the account at the end."""
    return {"llm": asker.ledger.to_json()}


async def judge_graph(unit: Unit, crew: Crew) -> Counts:
    """Keep the candidate edges that the model says hold; witness a sample of them as always."""
    package = package_in(unit.sources["packages"])
    if package is None:
        return store_graph(unit, None, None)
    survey, asker = Survey(package), crew.fresh()
    candidates = graph_of(survey)
    kept = await crew.role("graph", asker).judge(package.records, candidates.edges)
    graph = Graph(candidates.nodes, tuple(kept), candidates.unsupplied)
    return {**store_graph(unit, graph, survey), **spent(asker)}


def judged_graph(unit: Unit, survey: Survey) -> Graph:
    """Return the candidate graph with the edges that the graph step kept."""
    candidates = graph_of(survey)
    data = json.loads((unit.sources["graph"] / "graph.json").read_text(encoding="utf-8"))
    kept = {(e["src"], e["dst"], e["kind"], tuple(e["via"].values())) for e in data["edges"]}
    edges = (e for e in candidates.edges if (e.src, e.dst, e.kind, tuple(e.via)) in kept)
    return Graph(candidates.nodes, tuple(edges), candidates.unsupplied)


class Recorder(Maker):
    """A maker that remembers the draft of every task, so that it can be worded again."""

    def task(self, make: Callable[[], Draft], family: str, twin: str = "") -> Task | None:
        drawn: list[Draft] = []

        def making() -> Draft:
            drawn.append(make())
            return drawn[-1]

        task = super().task(making, family, twin)
        if task is not None:
            self.drafts[task.id] = drawn[-1]
        return task

    def __post_init__(self) -> None:
        super().__post_init__()
        self.drafts: dict[str, Draft] = {}


async def write_tasks(unit: Unit, crew: Crew) -> Counts:
    """Make tasks with the judged graph; the model words what users say, where its words pass."""
    package = package_in(unit.sources["packages"])
    if package is None:
        return store_tasks(unit, {}, [], 0)
    asker = crew.fresh()
    maker: Recorder = maker_of(unit, package, Recorder)
    if crew.fills("graph"):
        maker.graph = judged_graph(unit, maker.survey)
    tasks = maker.tasks(unit.settings["tasks"])
    writer: TaskWriter | None = crew.role("task_writer", asker)
    if writer is not None:
        tasks = await reworded(tasks, maker, writer)
    return {**store_tasks(unit, maker.counts, tasks, len(maker.chains)), **spent(asker)}


async def reworded(tasks: Sequence[Task], maker: Recorder, writer: TaskWriter) -> list[Task]:
    """Return the tasks in the model's words; one whose words are refused keeps the rules' own."""
    found = await writer.asker.each(tasks, lambda task: writer.reword(maker.drafts[task.id]))
    drafts = {task.id: draft for task, draft in found}
    lost = [maker.drafts[task.id] for task in tasks if task.id not in drafts]
    writer.asker.ledger["wording"].leave(draft.scene.plan.id for draft in lost)
    names: dict[str, str] = {}
    out = []
    for task in tasks:
        twin = task.payload["twin_task_id"]
        draft = drafts.get(task.id, maker.drafts[task.id])
        made = assemble_task(draft, maker.setting, task.cluster, names.get(twin, twin) or "")
        names[task.id] = made.id
        out.append(made)
    return out
