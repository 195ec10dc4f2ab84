"""What an export needs to know beside the run, and the rules that every leaderboard shares."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.benchmark import Benchmark
from harness.faults import UserMistake
from harness.results.entries import Entry, load_entries
from harness.results.manifest import file_facts


@dataclass(frozen=True)
class Request:
    """Facts that no run knows: who made the model, who ran it, whom to ask."""

    run: Path
    to: Path
    model_name: str = ""
    organization: str = ""
    submitter: str = ""
    contact: str = ""
    custom: bool = False
    notes: str = ""
    references: tuple[str, ...] = ()
    license: str = ""
    link: str = ""
    partial: bool = False


@dataclass(frozen=True)
class Candidate:
    """A run that asks to be exported, with the benchmark's whole task set built anew."""

    entry: Entry
    whole: Benchmark

    @property
    def about(self) -> dict[str, Any]:
        """What the manifest says of the benchmark."""
        entries = {e["name"]: e for e in self.entry.manifest.get("benchmarks", ())}
        return dict(entries[self.whole.name])

    @property
    def agent(self) -> dict[str, Any]:
        return dict(self.entry.manifest.get("agent") or {})

    @property
    def user(self) -> dict[str, Any]:
        return dict(self.entry.manifest.get("user") or {})


def request_of(arguments: argparse.Namespace) -> Request:
    """Read the options of the export command."""
    return Request(
        run=arguments.run,
        to=arguments.to,
        model_name=arguments.model_name or "",
        organization=arguments.organization or "",
        submitter=arguments.submitter or arguments.organization or "",
        contact=arguments.contact or "",
        custom=arguments.custom,
        notes=arguments.notes,
        references=tuple(arguments.reference),
        license=arguments.license or "",
        link=arguments.link,
        partial=arguments.partial,
    )


def candidate_of(run: Path, name: str, whole: Benchmark | None = None) -> Candidate:
    """Load a run of benchmark `name`. Raises UserMistake where it did not play that."""
    (entry,) = load_entries([run])
    if name not in {benchmark for benchmark, _ in entry.cells}:
        raise UserMistake(f"{run} did not play {name}")
    if whole is None:
        from harness.results.regrade import rebuild

        whole = rebuild(run, sampled=False).benchmarks[name]
    return Candidate(entry, whole)


def shared_obstacles(candidate: Candidate, trials: int) -> list[str]:
    """Name the rules of any leaderboard that a run breaks: complete, genuine, a model's own."""
    entry, about = candidate.entry, candidate.about
    found = []
    if not entry.manifest.get("ended"):
        found.append("the run was never completed")
    table = (entry.manifest.get("files") or {}).get("table.csv", {})
    path = entry.folder / "table.csv"
    if not path.is_file() or file_facts(path)["sha256"] != table.get("sha256"):
        found.append("table.csv is not the one of the manifest (verify the run)")
    if candidate.agent.get("label"):
        found.append(f"the agent is rule-based ({candidate.agent['label']})")
    if about.get("data_sha256") != dict(candidate.whole.data_sha256):
        found.append("its data are not the pinned ones")
    if (entry.manifest.get("trials") or 0) < trials:
        found.append(f"{entry.manifest.get('trials')} trials per task, {trials} are needed")
    return found + missing_trials(candidate)


def missing_trials(candidate: Candidate) -> list[str]:
    """Name trials that were not played or that failed for infrastructure."""
    found = []
    name = candidate.whole.name
    for (benchmark, domain), cell in sorted(candidate.entry.cells.items()):
        if benchmark == name:
            statuses = [status for _, _, status in cell.records]
            for status, text in (("missing", "were not played"), ("error", "have no verdict")):
                if count := statuses.count(status):
                    found.append(f"{count} trials of {domain} {text} (run it again)")
    return found


def missing_tasks(candidate: Candidate, domains: Iterable[str]) -> list[str]:
    """Name domains whose tasks are not all of the benchmark's."""
    played = set(candidate.about.get("tasks") or ())
    found = []
    for domain in domains:
        tasks = {t.id for t in candidate.whole.tasks if t.scored and t.domain == domain}
        if absent := tasks - played:
            found.append(f"{domain}: {len(absent)} of {len(tasks)} tasks are left out")
    return found


def refuse(what: str, obstacles: Sequence[str]) -> None:
    """Raise UserMistake naming every rule that is not met."""
    if obstacles:
        raise UserMistake(f"not exported, {what} would not take it: {'; '.join(obstacles)}")


def slug(text: str) -> str:
    """Write a name with lowercase letters, digits, dots and hyphens only."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")
