"""Data sets on disk: of a finished pipeline, and of any benchmark's stored run."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from harness.benchmark import Benchmark
from harness.packs import pack_names, pack_spec
from harness.store import read_outcomes
from synth.benchmark import TASKS_FILE
from synth.dataset.card import card
from synth.dataset.files import write_jsonl, write_parquet
from synth.dataset.manifest import NAME as MANIFEST
from synth.dataset.manifest import file_hashes, manifest
from synth.dataset.rl import rl_rows
from synth.dataset.rows import Request, Row, training_rows
from synth.dataset.statistics import describe_rows
from synth.decontaminate import Sample, build_index, count_hits
from synth.making import package_in
from synth.package import pretty
from synth.pipeline import Checked, Material, Pipeline
from synth.playing import NoModel, Played
from synth.reporting import Report, report_of
from synth.sifting import ENVS
from synth.tasks import save_tasks

COLUMNS = ("tools", "unsupported", "edges", "plans", "tasks", "kept", "rows")


def export(
    pipeline: Pipeline, material: Material, checked: Checked, played: Played, folder: Path
) -> Report:
    """Write the data set of the shipped tasks and return its report."""
    folder.mkdir(parents=True, exist_ok=True)
    tasks = [task for task in checked.benchmark.tasks if task.id in checked.shipped]
    request = Request(tasks=checked.shipped)
    talks = list(training_rows(played.folder, checked.benchmark, source_of(pipeline), request))
    sft = distinct(talks)
    rl = [row for row in rl_rows(checked.benchmark, NoModel()) if row["id"] in checked.shipped]
    save_tasks(tasks, folder / TASKS_FILE)
    shutil.rmtree(folder / ENVS, ignore_errors=True)
    shutil.copytree(material.kept.folder / ENVS, folder / ENVS)
    report = report_of(material, checked, played, tasks, sft)
    report["funnel"].append(rows_step(sft, {"the same conversation": len(talks) - len(sft)}))
    write(folder, {"sft": sft, "rl": rl}, report)
    packages = [p for done in material.packages.values() if (p := package_in(done.folder))]
    made = manifest(pipeline.recipe, pipeline.seed, pipeline.crew, report["asked"], packages)
    made["files"] = file_hashes(folder)
    (folder / MANIFEST).write_text(pretty(made), encoding="utf-8")
    return report


def distinct(rows: Sequence[Row]) -> list[Row]:
    """Keep the first row of every conversation: twins told in other modes may be the same talk."""
    return list({row["hash"]: row for row in reversed(rows)}.values())[::-1]


def rows_step(rows: Sequence[Row], dropped: dict[str, int]) -> dict[str, Any]:
    counted = {reason: count for reason, count in dropped.items() if count}
    return {"step": "rows", "kept": len(rows), "dropped": counted}


def write(folder: Path, files: dict[str, list[Row]], report: Report) -> None:
    """Write rows as JSON lines and Parquet, the report and the card."""
    for name, rows in files.items():
        write_jsonl(folder / f"{name}.jsonl", rows)
        write_parquet(folder / f"{name}.parquet", rows, rows[0] if rows else ("id",))
    report["files"] = {name: len(rows) for name, rows in files.items()}
    (folder / "report.json").write_text(pretty(report), encoding="utf-8")
    (folder / "README.md").write_text(card(report), encoding="utf-8")


def source_of(pipeline: Pipeline) -> str:
    """Say who played the rows."""
    recipe = pipeline.recipe
    if recipe.agent != "model":
        return f"{recipe.agent} agent, rule-based"
    about: dict[str, Any] = getattr(pipeline.crew.model, "describe", dict)()
    return str(about.get("model") or about.get("label") or "model")


def export_run(
    run: Path, benchmark: Benchmark, source: str, request: Request, folder: Path
) -> Report:
    """Write the passed episodes of any benchmark's run as a data set.

    Rows that hold what another benchmark tests are dropped. Raises UserMistake where the tasks
    are kept for testing.
    """
    talks = list(training_rows(run, benchmark, source, request))
    index, coverage = build_index({benchmark.name})
    hits = [hit for row in talks if (hit := index.hit(sample_of(row))) is not None]
    dropped = {hit.sample for hit in hits}
    clean = [row for row in talks if row["id"] not in dropped]
    rows = distinct(clean)
    statuses = Counter(
        outcome.status
        for (name, _, _), outcome in read_outcomes(run).items()
        if name == benchmark.name
    )
    passed = {"step": "episodes passed", "kept": statuses.pop("pass", 0), "dropped": statuses}
    again = {"in a benchmark": len(dropped), "the same conversation": len(clean) - len(rows)}
    report = {
        "name": f"Episodes of {benchmark.name}",
        "about": about(benchmark, source),
        "funnel": [passed, rows_step(rows, again)],
        "environments": domains(benchmark, rows),
        "statistics": describe_rows(rows, {}),
        "coverage": {},
        "grid": {},
        "checks": {},
        "decontamination": {
            **asdict(coverage),
            "hits": count_hits(hits),
        },
        "asked": {},
    }
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, {"sft": rows}, report)
    return report


def about(benchmark: Benchmark, source: str) -> str:
    """Say what the rows are; rows of test tasks say so first of all."""
    text = f"Passed episodes of {benchmark.name} {benchmark.version}, played by {source}."
    if benchmark.notes.get("trainable") is True:
        return text
    warning = f"Holds test tasks of {benchmark.name}: nothing trained on it may be tested there."
    return f"**{warning}** {text}"


def sample_of(row: Row) -> Sample:
    """Return what of a row could have been copied: its user's texts, its calls."""
    chat = json.loads(row["messages"])
    functions = [call["function"] for line in chat for call in line.get("tool_calls") or ()]
    return Sample(
        row["id"],
        [line["content"] for line in chat if line["role"] == "user"],
        [(function["name"], json.loads(function["arguments"])) for function in functions],
    )


def domains(benchmark: Benchmark, rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Count rows per domain, with their licence and where they are from."""
    split = f" {benchmark.notes['split']}" if benchmark.notes.get("split") else ""
    listed = benchmark.name in pack_names()
    origin = (
        f"{benchmark.name} {pack_spec(benchmark.name).version if listed else benchmark.version}"
    )
    counts = Counter((row["env"], row["licence"]) for row in rows)
    return {
        env: {"rows": count, "licence": licence, "origin": f"{origin}{split}", "note": ""}
        for (env, licence), count in sorted(counts.items())
    }


def show(console: Console, report: Report, folder: Path) -> None:
    """Print the funnel per environment, the checks, and where the data set lies."""
    entries = report["environments"]
    columns = [name for name in COLUMNS if any(name in entry for entry in entries.values())]
    table = Table("environment", *columns, title="from specifications to rows")
    for name, entry in entries.items():
        table.add_row(name, *(f"{entry.get(column, 0):,}" for column in columns))
    table.add_section()
    sums = (f"{sum(e.get(column, 0) for e in entries.values()):,}" for column in columns)
    table.add_row("all", *sums)
    console.print(table)
    lines = [f"{n}: {e['note']}" for n, e in entries.items() if e["note"] and "tools" in e]
    for name, entry in entries.items():
        lines += [f"{name} lacks {t}: {why}" for t, why in entry.get("lacking", {}).items()]
        left = entry.get("by_rules", {})
        if left:
            lines.append(f"{name} by rules where no reply was accepted: {', '.join(left)}")
    for name, check in report["checks"].items():
        rate = check["passed"] / check["played"] if check["played"] else 0.0
        lines.append(f"{name}: {check['passed']:,} of {check['played']:,} passed ({rate:.1%})")
    clean = report["decontamination"]
    lines += [f"decontamination: {n} was not checked: {w}" for n, w in clean["unchecked"].items()]
    lines += [f"decontamination: {n}: {why}" for n, why in clean["partial"].items()]
    for line in [*lines, f"data set: {folder}"]:
        console.print(line, highlight=False, markup=False)
