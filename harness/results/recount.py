"""Check the trials of a run: each outcome against its episode, each episode against the rules."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.codec import from_json
from harness.outcomes import Key, Outcome, outcome_of
from harness.results.audit import last_places, read_journal
from harness.results.findings import Findings
from harness.results.manifest import SEED_RULE, Json, note_prompts, tools_hash
from harness.seeds import seed_for
from harness.tallies import STATUSES
from harness.types import ENDS, Episode, Fault, Message, Task, Verdict

NOTHING = Message("tool")


@dataclass(slots=True)
class Plan:
    """What a manifest says should have been played."""

    domains: dict[str, Mapping[str, str]]
    clusters: dict[str, Mapping[str, str]]
    openings: dict[str, Mapping[str, int]]
    unscored: dict[str, frozenset[str]]
    trials: int | None
    seed: int | None

    def holds(self, key: Key) -> bool:
        """Say whether a trial belongs to the run."""
        benchmark, task, trial = key
        known = task in self.domains.get(benchmark, ()) or task in self.unscored.get(benchmark, ())
        return known and (self.trials is None or 0 <= trial < self.trials)

    def wanted(self) -> Iterator[Key]:
        """Yield every scored trial that should exist."""
        for benchmark, tasks in self.domains.items():
            for task in tasks:
                for trial in range(self.trials or 0):
                    yield benchmark, task, trial


def plan_of(manifest: Json) -> Plan:
    entries = {entry["name"]: entry for entry in manifest.get("benchmarks", ())}
    seeds = manifest.get("seeds") or {}
    derived = seeds.get("per_trial") == SEED_RULE
    return Plan(
        {name: entry.get("tasks") or {} for name, entry in entries.items()},
        {name: entry.get("clusters") or {} for name, entry in entries.items()},
        {name: entry.get("openings") or {} for name, entry in entries.items()},
        {name: frozenset(entry.get("unscored") or ()) for name, entry in entries.items()},
        manifest.get("trials"),
        seeds.get("run") if derived else None,
    )


def read_results(folder: Path, found: Findings) -> dict[Key, Outcome]:
    """Load the outcomes that count, and name repeated, damaged and contradictory ones."""
    outcomes: dict[Key, Outcome] = {}
    for place, record in read_journal(folder, "outcomes", found):
        try:
            outcome = from_json(Outcome, record)
        except (TypeError, ValueError, AttributeError) as error:
            found.add("damaged line", place, f"is not an outcome of this version: {error}")
            continue
        check_outcome(place, outcome, found)
        old = outcomes.get(outcome.key)
        if old == outcome:
            found.add("repeated outcome", place, f"{name_of(outcome.key)} stands here twice")
        elif old is not None and old.status != "error":
            found.note("scored again", place, f"{name_of(outcome.key)} was scored more than once")
        outcomes[outcome.key] = outcome
    found.checked["outcomes"] += len(outcomes)
    return outcomes


def check_outcome(place: str, outcome: Outcome, found: Findings) -> None:
    """Find contradictions inside one outcome."""
    status, reward = outcome.status, outcome.reward
    if status not in STATUSES - {"missing"}:
        found.add("edited verdict", place, f"{status!r} is not a status")
    elif (reward is None) != (status == "error"):
        found.add("edited verdict", place, f"status {status} with reward {reward}")
    elif reward is not None and (reward != reward or abs(reward) == float("inf")):
        found.add("edited verdict", place, f"reward {reward} is not a number")
    elif (status == "pass" and reward == 0) or (status == "fail" and reward == 1):
        found.add("edited verdict", place, f"status {status} with reward {reward}")


@dataclass(slots=True)
class Recount:
    """One pass over the episodes, comparing each with its outcome."""

    folder: Path
    plan: Plan
    outcomes: Mapping[Key, Outcome]
    blobs: Collection[str]
    found: Findings
    played: set[Key] = field(default_factory=set)
    clean: set[Key] = field(default_factory=set)
    prompts: dict[str, Counter[str]] = field(default_factory=dict)
    tools: set[str] = field(default_factory=set)

    def episodes(self) -> Iterator[tuple[str, Episode]]:
        """Yield (benchmark, episode) of the trials that count, checking every line on the way."""
        last = last_places(self.folder)
        for place, record in read_journal(self.folder, "episodes", self.found):
            try:
                episode = from_json(Episode, record["episode"])
                benchmark, task, trial = key = tuple(record["key"])
                note_prompts(record["episode"], self.prompts, self.tools)
            except (TypeError, ValueError, KeyError, AttributeError) as error:
                self.found.add("damaged line", place, f"is not an episode: {error}")
                continue
            if (task, trial) != (episode.task_id, episode.trial):
                text = f"its key names task {task} trial {trial}, the episode does not"
                self.found.add("wrong key", place, text)
            if key in self.clean:
                self.found.add("repeated episode", place, f"{name_of(key)} was already played")
            if episode.fault is None:
                self.clean.add(key)
            if last.get(key) == place:
                self.played.add(key)
                self.check(place, benchmark, episode)
                if self.plan.holds(key):
                    yield benchmark, episode
        self.check_coverage()

    def check(self, place: str, benchmark: str, episode: Episode) -> None:
        """Check one episode against the rules and its outcome."""
        found, key = self.found, (benchmark, episode.task_id, episode.trial)
        found.checked["episodes"] += 1
        if not self.plan.holds(key):
            found.note("outside", place, f"{name_of(key)} is not a trial of this run")
            return  # no number of the run counts it, and nothing is known of its task
        if episode.end not in ENDS or (episode.fault is not None) != (episode.end == "fault"):
            found.add("wrong end", place, f"end {episode.end!r} with fault {episode.fault}")
        if self.plan.seed is not None:
            seed = seed_for(self.plan.seed, episode.task_id, episode.trial)
            if episode.seed != seed:
                found.differ("wrong seed", place, "the seed", episode.seed, seed)
        hashes = {*episode.prompts.values(), *(sha for _, _, sha in episode.tools)}
        for sha in sorted(hashes - set(self.blobs)):
            found.add("missing text", place, f"no text has the hash {sha} that the episode names")
        stored = self.outcomes.get(key)
        if stored is not None:
            compare(place, stored, self.recounted(benchmark, episode, stored), found)

    def recounted(self, benchmark: str, episode: Episode, stored: Outcome) -> Outcome:
        """Sum up the episode again, taking only the verdict from the stored outcome."""
        plan, task_id = self.plan, episode.task_id
        opening = (NOTHING,) * plan.openings.get(benchmark, {}).get(task_id, 0)
        task = Task(
            task_id,
            benchmark,
            opening=episode.log[: len(opening)],
            domain=plan.domains.get(benchmark, {}).get(task_id, stored.domain),
            cluster=plan.clusters.get(benchmark, {}).get(task_id, stored.cluster),
        )
        if stored.reward is None:
            kind, _, text = stored.fault.partition(": ")
            return outcome_of(task, episode, None, Fault("judge", kind, text))
        passed = stored.status == "pass"
        verdict = Verdict(stored.reward, passed, stored.parts, stored.categories)
        return outcome_of(task, episode, verdict)

    def check_coverage(self) -> None:
        """Name scored trials that are absent, and outcomes whose episode is."""
        found, plan = self.found, self.plan
        for key in plan.wanted():
            if key not in self.outcomes:
                what = "has an episode but no outcome" if key in self.played else "is absent"
                found.add("missing trial", "", f"{name_of(key)} {what}")
        for key in self.outcomes.keys() - self.played:
            found.add("no episode", "", f"{name_of(key)} has an outcome but no episode")

    def tools_sha(self) -> str | None:
        return tools_hash(self.tools)


def compare(place: str, stored: Outcome, again: Outcome, found: Findings) -> None:
    """Name every field of an outcome that its episode contradicts."""
    for item in dataclasses.fields(Outcome):
        old, new = getattr(stored, item.name), getattr(again, item.name)
        if old is not new and old != new:
            found.differ("wrong count", place, f"{name_of(stored.key)} {item.name}", old, new)


def name_of(key: tuple[Any, ...]) -> str:
    benchmark, task, trial = key
    return f"{benchmark} task {task} trial {trial}"
