"""The units of synthesis, one environment each: specifications, package, graph, tasks.

What an environment is: one of the paper's (`synth.sources`), or a random world. What cannot be
made is written down with its reason, and the rest goes on.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.seeds import seed_for
from synth.benchmark import TASKS_FILE
from synth.generate import Maker, Wishes
from synth.graph import graph_of
from synth.package import EnvPackage, load_package, pretty, record_json, save_package
from synth.packaging import build_package
from synth.random import random_world
from synth.recipe import SPLIT
from synth.sources import domain
from synth.steps import Counts, Unit
from synth.survey import Survey
from synth.tasks import save_tasks
from synth.witness import confirmed_share

PACKAGES = "package"


def make_specs(unit: Unit) -> Counts:
    """Read the specifications of an environment; those of a random world are its tools."""
    rejected: dict[str, str] = {}
    if is_random(unit.settings):
        records = world_of(unit.settings).records
    else:
        intake = domain(unit.name).intake
        records, rejected = intake.records, {r.name: r.reason for r in intake.rejected}
    (unit.folder / "tools.json").write_text(pretty([record_json(r) for r in records]))
    (unit.folder / "rejected.json").write_text(pretty(rejected))
    return {"tools": len(records), "rejected": len(rejected)}


def is_random(settings: Mapping[str, Any]) -> bool:
    return "world" in settings


def world_of(settings: Mapping[str, Any]) -> EnvPackage:
    """Make the random world that settings describe: its seed, breadth, states, size."""
    return random_world(**settings["world"])


def make_graph(unit: Unit) -> Counts:
    """Join the tools of a package into a graph and confirm a sample of its edges by execution."""
    package = package_in(unit.sources["packages"])
    survey = Survey(package)
    graph = graph_of(survey)
    rng = random.Random(seed_for(unit.settings["seed"], unit.name, "witness"))
    report = confirmed_share(survey, graph, rng, unit.settings["witnesses"])
    data = graph.to_json(package.env_id) | {"witnessed": report}
    (unit.folder / "graph.json").write_text(pretty(data))
    confirmed = sum(kind["confirmed"] for kind in report["kinds"].values())
    return {"edges": len(graph.edges), "sampled": report["sampled"], "confirmed": confirmed}


def make_package(unit: Unit) -> Counts:
    """Build an environment and store it as a package; say which tools it lacks, and why."""
    settings = unit.settings
    lacking: dict[str, str] = {}
    if is_random(settings):
        package = world_of(settings)
    else:
        built = build_package(domain(unit.name), settings["seed"], settings["states"])
        package, lacking = built.package, dict(built.refused)
    save_package(package, unit.folder / PACKAGES)
    (unit.folder / "unsupported.json").write_text(pretty(lacking))
    rows = sum(len(rows) for state in package.states.values() for rows in state.values())
    return {
        "tools": len(package.records),
        "unsupported": len(lacking),
        "states": len(package.states),
        "rows": rows,
    }


def make_tasks(unit: Unit) -> Counts:
    """Make tasks of a package: chains, plans bound by execution, families of twins."""
    package = package_in(unit.sources["packages"])
    settings = unit.settings
    maker = Maker(package, settings["seed"], SPLIT, Wishes(**settings["wishes"]))
    tasks = maker.tasks(settings["tasks"])
    save_tasks(tasks, unit.folder / TASKS_FILE)
    counts = dict(sorted(maker.counts.items()))
    (unit.folder / "counts.json").write_text(pretty(counts))
    return {
        "chains": len(maker.chains),
        "plans": counts.get("plans", 0),
        "tasks": len(tasks),
        "refused": sum(n for name, n in counts.items() if name.startswith(("plan:", "task:"))),
    }


def package_in(folder: Path) -> EnvPackage:
    """Load the package that a unit stored; raises UserMistake where it holds none."""
    manifests = sorted((folder / PACKAGES).glob("*/*/manifest.json"))
    if not manifests:
        raise UserMistake(f"{folder} holds no package")
    return load_package(manifests[0].parent)
