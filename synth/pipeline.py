"""From specifications to a data set, step by step; every step is kept and never made twice.

<run>/specs packages graph tasks      one unit per environment (`synth.steps`)
<run>/kept/all                        the tasks that the filters keep, as a benchmark
<run>/checks/{oracle,idle,refuser}    run folders: who must solve all, who nothing
<run>/episodes                        the run that rows are taken from, where it is another
<run>/dataset                         rows, tasks, card, report
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from harness.benchmark import Benchmark
from harness.protocols import Evaluator, Model
from harness.runner import Job
from synth.benchmark import benchmark
from synth.candidates import needs_action
from synth.crew import NOBODY, WORLD_ROLES, Crew, JudgedEvaluator, with_personas
from synth.dataset.account import keep_asked
from synth.making import make_graph, make_package, make_specs, make_tasks
from synth.playing import NoModel, Played, play, told
from synth.recipe import Cast, Recipe, cast_of
from synth.sifting import evidence, sift_tasks
from synth.steps import Done, Line, Unit, Work
from synth.verify import SynthesizedEvaluator
from synth.writing import judge_graph, write_package, write_tasks

Units = Mapping[str, Done]
CHECKS = ("oracle", "idle", "refuser")
TALKERS = ("user", "verifier")
STEP_ROLES = {
    "packages": WORLD_ROLES,
    "graph": ("graph",),
    "tasks": ("graph", "task_writer"),
}


@dataclass(frozen=True)
class Material:
    """What the steps made, by step and environment."""

    cast: Cast
    specs: Units
    packages: Units
    graph: Units
    tasks: Units
    kept: Done


@dataclass(frozen=True)
class Checked:
    """The benchmark of kept tasks, who played it, and the tasks that are shipped."""

    benchmark: Benchmark
    checks: Mapping[str, Played]
    active: frozenset[str]
    shipped: frozenset[str]


def say_absent(console: Console, cast: Cast) -> None:
    """Print which environments there are not, once per reason."""
    reasons: dict[str, list[str]] = {}
    for name, reason in cast.absent.items():
        reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        console.print(f"without {', '.join(names)}: {reason}", highlight=False)


def works(crew: Crew) -> dict[str, Work]:
    """Return who does the work of the steps that a model can do."""
    by_model = {"packages": write_package, "graph": judge_graph, "tasks": write_tasks}
    by_rules: dict[str, Work] = {
        "packages": make_package,
        "graph": make_graph,
        "tasks": make_tasks,
    }
    return {
        step: partial(by_model[step], crew=crew) if crew.fills(*STEP_ROLES[step]) else work
        for step, work in by_rules.items()
    }


@dataclass
class Pipeline:
    """A recipe at work in one folder, with the crew whose model fills roles or plays."""

    recipe: Recipe
    root: Path
    console: Console
    seed: int = 0
    concurrency: int = 32
    crew: Crew = NOBODY

    async def make(self) -> Material:
        """Run the steps that need no episode."""
        cast = cast_of(self.recipe, self.seed)
        say_absent(self.console, cast)
        line = Line(self.root, self.console, self.recipe.workers)
        work = works(self.crew)
        with line.processes():
            specs = await line.run("specs", make_specs, self.units(cast, "specs"))
            packages = await line.run(
                "packages", work["packages"], self.units(cast, "packages", specs=specs)
            )
            graph = await line.run(
                "graph", work["graph"], self.units(cast, "graph", packages=packages)
            )
            tasks = await line.run(
                "tasks", work["tasks"], self.units(cast, "tasks", packages=packages, graph=graph)
            )
            sources = {f"tasks/{env}": done.folder for env, done in tasks.items()}
            sources |= {f"packages/{env}": done.folder for env, done in packages.items()}
            settings = {"caps": asdict(self.recipe.caps), "benchmarks": evidence()}
            kept = await line.run("kept", sift_tasks, [Unit("all", sources, settings)])
        return Material(cast, specs, packages, graph, tasks, kept["all"])

    def units(self, cast: Cast, step: str, **sources: Units) -> list[Unit]:
        """Return one unit per environment, with its folders of earlier steps."""
        recipe = self.recipe
        common: dict[str, Any] = {
            "witnesses": recipe.witnesses,
            "tasks": recipe.tasks,
            "wishes": dict(recipe.wishes),
            **self.crew.settings(*STEP_ROLES.get(step, ())),
        }
        before = {
            env: {step: done[env].folder for step, done in sources.items()} for env in cast.found
        }
        return [
            Unit(env, before[env], {**common, **settings}) for env, settings in cast.found.items()
        ]

    async def check(self, material: Material) -> Checked:
        """Let the oracle solve every kept task, and agents that do nothing fail to.

        Shipped is what the oracle solves and what nobody passes without the calls it asks for.
        """
        reader = self.benchmark(material, "model")
        active = frozenset(task.id for task in reader.tasks if needs_action(task))
        identity = {"tasks": dict(reader.data_sha256), "kept": material.kept.inputs}
        checks = {}
        for name in CHECKS:
            bench = told(self.benchmark(material, name), reader)
            job = Job(bench, SynthesizedEvaluator(), NoModel(), seed=self.seed)
            folder = self.root / "checks" / name
            checks[name] = await play(
                folder, job, {**identity, "agent": name}, self.console, self.concurrency
            )
        solved = checks["oracle"].tasks("pass")
        idle = (checks["idle"].tasks("pass") | checks["refuser"].tasks("pass")) & active
        return Checked(reader, checks, active, frozenset(solved - idle))

    def benchmark(self, material: Material, agent: str) -> Benchmark:
        """Return the kept tasks as a benchmark with an agent in the seat."""
        found = benchmark(str(material.kept.folder), split="", agent=agent, seed=self.seed)
        return replace(found, notes={**found.notes, "trainable": True})

    async def teach(self, material: Material, checked: Checked) -> Played:
        """Play the shipped tasks with whoever the rows are to be learnt from."""
        recipe = self.recipe
        if recipe.agent == "oracle" and recipe.trials == 1 and not self.crew.fills(*TALKERS):
            return checked.checks["oracle"]
        bench = self.benchmark(material, recipe.agent)
        if recipe.agent != "model":
            bench = told(bench, checked.benchmark)
        bench = replace(bench, tasks=[t for t in bench.tasks if t.id in checked.shipped])
        model: Model = NoModel()
        if recipe.agent == "model":
            assert self.crew.model is not None
            model = self.crew.model
        judge: Evaluator = SynthesizedEvaluator()
        if self.crew.fills("user"):
            bench = with_personas(bench, self.crew.role("user", self.crew.asker))
        if self.crew.fills("verifier"):
            judge = JudgedEvaluator(self.crew.role("verifier", self.crew.asker))
        job = Job(bench, judge, model, trials=recipe.trials, seed=self.seed)
        about: dict[str, Any] = getattr(model, "describe", dict)()
        identity = {
            "kept": material.kept.inputs,
            "agent": recipe.agent,
            "crew": self.crew.settings("user", "verifier"),
            "model": {k: about.get(k) for k in ("kind", "model", "sampling", "tool_format")},
        }
        folder = self.root / "episodes"
        try:
            return await play(folder, job, identity, self.console, self.concurrency)
        finally:
            if self.crew.fills(*TALKERS):
                keep_asked(folder, self.crew.asker.ledger.to_json())
