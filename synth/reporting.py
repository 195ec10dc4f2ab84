"""Everything counted on the way to a data set: what its card and the printed table show."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from harness.store import read_outcomes
from harness.types import Task
from synth.dataset.account import add_up, played_account, read_asked
from synth.dataset.coverage import edges_used, graph_edges, kind_grid, tables_changed
from synth.dataset.facts import objectives_of
from synth.dataset.statistics import describe_rows
from synth.making import VALIDITY, WHOLE, package_in
from synth.pipeline import Checked, Material, Units
from synth.playing import Played
from synth.sifting import read_report
from synth.steps import Done
from synth.validity import row_of

ABOUT = (
    "Tool-using conversations with users, played in synthesised SQLite worlds and verified by "
    "final state, required and forbidden calls and what was said. Made by rules from tool "
    "specifications, without a model, unless `source` names one."
)
Report = dict[str, Any]


def report_of(
    material: Material,
    checked: Checked,
    played: Played,
    tasks: list[Task],
    sft: list[dict[str, Any]],
) -> Report:
    """Count everything that the card and the table show."""
    sifted = read_report(material.kept.folder)
    graphs = {
        env: graph_edges(json.loads((done.folder / "graph.json").read_text(encoding="utf-8")))
        for env, done in material.graph.items()
    }
    folders = [done.folder for done in material.packages.values()]
    packages = [package for folder in folders if (package := package_in(folder))]
    archetypes = {
        (package.env_id, record.spec.name): str(record.annotations.get("archetype", "other"))
        for package in packages
        for record in package.records
    }
    tables = {p.env_id: list(next(iter(p.states.values()), {})) for p in packages}
    objectives = {task.id: objectives_of(task) for task in tasks}
    return {
        "name": "Synthesised tool-use conversations",
        "about": ABOUT,
        "funnel": list(funnel(material, checked, played, sifted)),
        "environments": environments(material, tasks, sft),
        "statistics": describe_rows(sft, objectives),
        "coverage": {
            "edges of the graphs that plans use": share(edges_used(tasks, graphs)),
            "tables that plans change": share(tables_changed(tasks, tables)),
        },
        "grid": kind_grid(tasks, archetypes),
        "checks": checks(checked),
        "decontamination": sifted["decontamination"],
        "asked": account(material, checked, played),
    }


def account(material: Material, checked: Checked, played: Played) -> dict[str, Any]:
    """Return what models were asked: roles by stage, then the episodes of a teacher."""
    units = [
        u for step in (material.packages, material.graph, material.tasks) for u in step.values()
    ]
    found: dict[str, Any] = add_up(done.counts.get("llm", {}) for done in units)
    if played is not checked.checks["oracle"]:
        found |= read_asked(played.folder)
        spent = played_account(read_outcomes(played.folder).values())
        if spent["tokens_in"]:
            found["episodes"] = spent
    return found


def share(found: tuple[int, int]) -> str:
    part, whole = found
    return f"{part:,} of {whole:,} ({part / whole:.0%})" if whole else "0 of 0"


def total(units: Units, name: str) -> int:
    return sum(int(done.counts.get(name, 0)) for done in units.values())


def funnel(
    material: Material, checked: Checked, played: Played, sifted: Mapping[str, Any]
) -> Iterable[dict[str, Any]]:
    """Yield the steps with what they kept and dropped."""

    def step(name: str, kept: int, dropped: Mapping[str, int]) -> dict[str, Any]:
        return {"step": name, "kept": kept, "dropped": {k: n for k, n in dropped.items() if n}}

    refused = reasons(material.tasks)
    yield step("tools specified", total(material.specs, "tools"), {
        "rejected": total(material.specs, "rejected")
    })  # fmt: skip
    yield step("tools that run", total(material.packages, "tools"), {
        "unsupported": total(material.packages, "unsupported")
    })  # fmt: skip
    yield step("edges", total(material.graph, "edges"), {})
    yield step("plans verified", total(material.tasks, "plans"), refused["plan"])
    yield step("tasks written", total(material.tasks, "tasks"), refused["task"])
    yield step("tasks kept by the filters", material.kept.counts["kept"], sifted["dropped"])
    solved = checked.checks["oracle"].tasks("pass")
    yield step("tasks shipped", len(checked.shipped), {
        "not solved by the oracle": len(checked.benchmark.tasks) - len(solved),
        "passed without acting": len(solved - checked.shipped),
    })  # fmt: skip
    among = checked.shipped
    yield step("episodes passed", played.count("pass", among=among), {
        status: played.count(status, among=among) for status in ("fail", "error")
    })  # fmt: skip


def reasons(units: Units) -> dict[str, Counter[str]]:
    """Add up why plans and tasks were refused."""
    found: dict[str, Counter[str]] = {"plan": Counter(), "task": Counter()}
    for done in units.values():
        for name, count in json.loads((done.folder / "counts.json").read_text()).items():
            kind, _, reason = name.partition(": ")
            if reason and kind in found:
                found[kind][reason] += count
    return {kind: Counter(dict(counts.most_common())) for kind, counts in found.items()}


def checks(checked: Checked) -> dict[str, dict[str, int]]:
    """Return who played what and passed how much of it, and how much it must be."""
    oracle = checked.checks["oracle"]
    shipped = checked.shipped
    found = {
        "the oracle, all kept tasks": (oracle, frozenset(t.id for t in checked.benchmark.tasks)),
        "the oracle, shipped tasks": (oracle, shipped),
        "does nothing, tasks that need action": (checked.checks["idle"], checked.active),
        "refuses everything, tasks that need action": (checked.checks["refuser"], checked.active),
    }
    return {
        name: {
            "played": len(among),
            "passed": played.count("pass", among=among),
            "wanted": len(among) if played is oracle else 0,
        }
        for name, (played, among) in found.items()
    }


def environments(
    material: Material, tasks: list[Task], sft: list[dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return one line per environment, those without tasks and those not here included."""
    cast = material.cast
    shipped = Counter(task.payload["env"]["env_id"] for task in tasks)
    rows = Counter(row["env"] for row in sft)
    found = {}
    for env in cast.found:
        made = material.tasks[env].counts
        note = "" if made["tasks"] else why_none(material.packages[env])
        found[env] = {
            "tools": material.packages[env].counts["tools"],
            "unsupported": material.packages[env].counts["unsupported"],
            "edges": material.graph[env].counts["edges"],
            "plans": made["plans"],
            "tasks": made["tasks"],
            "kept": shipped[env],
            "rows": rows[env],
            "licence": cast.licences[env],
            "origin": cast.origins[env],
            "note": note,
            "lacking": lacking(material.packages[env]),
            "by_rules": by_rules(material.packages[env]),
            "validity": validity(material.packages[env]),
        }
    for env, reason in cast.absent.items():
        found[env] = {"licence": "–", "origin": "–", "note": reason}
    return found


def why_none(package: Done) -> str:
    """Say why an environment gives no task."""
    return lacking(package).get(WHOLE, "no chain of its tools could be bound to a verified plan")


def lacking(package: Done) -> dict[str, str]:
    """Return the tools that an environment lacks, with the reasons."""
    text = (package.folder / "unsupported.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found


def by_rules(package: Done) -> dict[str, str]:
    """Return what rules took over from a model, with the stage and the reason."""
    stages = package.counts.get("llm", {}).items()
    return {
        f"{item} ({name})": why for name, one in stages for item, why in one["by_rules"].items()
    }


def validity(package: Done) -> dict[str, Any]:
    """Return how the tools validate; empty where they are right by construction."""
    path = package.folder / VALIDITY
    return row_of(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
