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
from pathlib import Path
from typing import Any

from rich.console import Console

from harness.benchmark import Benchmark
from harness.protocols import Model
from harness.runner import Job
from synth.benchmark import benchmark
from synth.candidates import needs_action
from synth.making import make_graph, make_package, make_specs, make_tasks
from synth.playing import NoModel, Played, play, told
from synth.recipe import Cast, Recipe, cast_of
from synth.sifting import evidence, sift_tasks
from synth.steps import Done, Line, Unit
from synth.verify import SynthesizedEvaluator

Units = Mapping[str, Done]
CHECKS = ("oracle", "idle", "refuser")


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


@dataclass
class Pipeline:
    """A recipe at work in one folder. `model` is the teacher, where the recipe asks for one."""

    recipe: Recipe
    root: Path
    console: Console
    seed: int = 0
    concurrency: int = 32
    model: Model | None = None

    async def make(self) -> Material:
        """Run the steps that need no episode."""
        cast = cast_of(self.recipe, self.seed)
        for name, reason in cast.absent.items():
            self.console.print(f"without {name}: {reason}", highlight=False)
        line = Line(self.root, self.console, self.recipe.workers)
        with line.processes():
            specs = await line.run("specs", make_specs, self.units(cast))
            packages = await line.run("packages", make_package, self.units(cast, specs=specs))
            graph = await line.run("graph", make_graph, self.units(cast, packages=packages))
            tasks = await line.run("tasks", make_tasks, self.units(cast, packages=packages))
            sources = {f"tasks/{env}": done.folder for env, done in tasks.items()}
            sources |= {f"packages/{env}": done.folder for env, done in packages.items()}
            settings = {"caps": asdict(self.recipe.caps), "benchmarks": evidence()}
            kept = await line.run("kept", sift_tasks, [Unit("all", sources, settings)])
        return Material(cast, specs, packages, graph, tasks, kept["all"])

    def units(self, cast: Cast, **sources: Units) -> list[Unit]:
        """Return one unit per environment, with its folders of earlier steps."""
        recipe = self.recipe
        common = {
            "witnesses": recipe.witnesses,
            "tasks": recipe.tasks,
            "wishes": dict(recipe.wishes),
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
        if recipe.agent == "oracle" and recipe.trials == 1:
            return checked.checks["oracle"]
        bench = self.benchmark(material, recipe.agent)
        if recipe.agent != "model":
            bench = told(bench, checked.benchmark)
        bench = replace(bench, tasks=[t for t in bench.tasks if t.id in checked.shipped])
        model = self.model if recipe.agent == "model" else NoModel()
        assert model is not None
        job = Job(bench, SynthesizedEvaluator(), model, trials=recipe.trials, seed=self.seed)
        about: dict[str, Any] = getattr(model, "describe", dict)()
        identity = {
            "kept": material.kept.inputs,
            "agent": recipe.agent,
            "model": {k: about.get(k) for k in ("kind", "model", "sampling", "tool_format")},
        }
        return await play(self.root / "episodes", job, identity, self.console, self.concurrency)
