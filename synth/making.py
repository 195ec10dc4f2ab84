"""The units of synthesis, one environment each: specifications, package, graph, tasks.

What an environment is: one of the paper's (`synth.sources`), or a random world. What cannot be
made is written down with its reason, and the rest goes on.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.seeds import seed_for
from harness.types import Task
from synth.benchmark import TASKS_FILE
from synth.generate import Maker, Wishes
from synth.graph import Graph, graph_of
from synth.package import EnvPackage, load_package, pretty, record_json, save_package
from synth.packaging import build_package
from synth.random import random_world
from synth.recipe import SPLIT, domain_of
from synth.steps import Counts, Unit
from synth.survey import Survey
from synth.tasks import save_tasks
from synth.validity import Validity
from synth.witness import confirmed_share

PACKAGES = "package"
WHOLE = "*"
VALIDITY = "validity.json"


def make_specs(unit: Unit) -> Counts:
    """Read the specifications of an environment; those of a random world are its tools."""
    rejected: dict[str, str] = {}
    if is_random(unit.settings):
        records = world_of(unit.settings).records
    else:
        intake = domain_of(unit.name, unit.settings).intake
        records, rejected = intake.records, {r.name: r.reason for r in intake.rejected}
    (unit.folder / "tools.json").write_text(pretty([record_json(r) for r in records]))
    (unit.folder / "rejected.json").write_text(pretty(rejected))
    return {"tools": len(records), "rejected": len(rejected)}


def is_random(settings: Mapping[str, Any]) -> bool:
    return "world" in settings


def world_of(settings: Mapping[str, Any]) -> EnvPackage:
    """Make the random world that settings describe: its seed, breadth, states, size."""
    return random_world(**settings["world"])


def make_package(unit: Unit) -> Counts:
    """Build an environment by rules and store it; say which tools it lacks, and why."""
    settings = unit.settings
    if is_random(settings):
        return store_package(unit, world_of(settings), {})
    try:
        built = build_package(
            domain_of(unit.name, unit.settings), settings["seed"], settings["states"]
        )
    except UserMistake as mistake:
        return store_package(unit, None, {WHOLE: str(mistake)})
    return store_package(unit, built.package, built.refused, built.validity)


def store_package(
    unit: Unit,
    package: EnvPackage | None,
    lacking: Mapping[str, str],
    validity: Validity | None = None,
) -> Counts:
    """Save a package with the tools it lacks and how its tools validate.

    There may be no package, with the reason under "*". A random world's tools are right by
    construction and have no validity.
    """
    (unit.folder / "unsupported.json").write_text(pretty(dict(lacking)))
    if validity is not None:
        (unit.folder / VALIDITY).write_text(pretty(validity.to_json()))
    counts = {"tools": 0, "unsupported": len(lacking), "states": 0, "rows": 0}
    if package is None:
        return counts
    save_package(package, unit.folder / PACKAGES)
    rows = sum(len(rows) for state in package.states.values() for rows in state.values())
    return {**counts, "tools": len(package.records), "states": len(package.states), "rows": rows}


def package_in(folder: Path) -> EnvPackage | None:
    """Load the package that a unit stored, or None where it could not make one."""
    manifests = sorted((folder / PACKAGES).glob("*/*/manifest.json"))
    return load_package(manifests[0].parent) if manifests else None


def make_graph(unit: Unit) -> Counts:
    """Join the tools of a package into a graph and confirm a sample of its edges by execution."""
    package = package_in(unit.sources["packages"])
    if package is None:
        return store_graph(unit, None, None)
    survey = Survey(package)
    return store_graph(unit, graph_of(survey), survey)


def store_graph(unit: Unit, graph: Graph | None, survey: Survey | None) -> Counts:
    """Save a graph with the share of its edges that executions confirm."""
    if graph is None or survey is None:
        (unit.folder / "graph.json").write_text(pretty({"nodes": [], "edges": []}))
        return {"edges": 0, "sampled": 0, "confirmed": 0}
    rng = random.Random(seed_for(unit.settings["seed"], unit.name, "witness"))
    report = confirmed_share(survey, graph, rng, unit.settings["witnesses"])
    data = graph.to_json(unit.name) | {"witnessed": report}
    (unit.folder / "graph.json").write_text(pretty(data))
    confirmed = sum(kind["confirmed"] for kind in report["kinds"].values())
    return {"edges": len(graph.edges), "sampled": report["sampled"], "confirmed": confirmed}


def make_tasks(unit: Unit) -> Counts:
    """Make tasks of a package: chains, plans bound by execution, families of twins."""
    package = package_in(unit.sources["packages"])
    if package is None:
        return store_tasks(unit, {}, [], 0)
    maker = maker_of(unit, package, Maker)
    tasks = maker.tasks(unit.settings["tasks"])
    return store_tasks(unit, maker.counts, tasks, len(maker.chains))


def maker_of(unit: Unit, package: EnvPackage, kind: type[Maker]) -> Any:
    settings = unit.settings
    return kind(package, settings["seed"], SPLIT, Wishes(**settings["wishes"]))


def store_tasks(
    unit: Unit, counts: Mapping[str, int], tasks: Sequence[Task], chains: int
) -> Counts:
    """Save tasks with the counts of what was made and refused on the way."""
    save_tasks(tasks, unit.folder / TASKS_FILE)
    (unit.folder / "counts.json").write_text(pretty(dict(sorted(counts.items()))))
    refused = sum(n for name, n in counts.items() if name.startswith(("plan:", "task:")))
    plans = counts.get("plans", 0)
    return {"chains": chains, "plans": plans, "tasks": len(tasks), "refused": refused}
