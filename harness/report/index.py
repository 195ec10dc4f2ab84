"""The page's index: one short row per trial, stored as columns with interned names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from harness.outcomes import Outcome
from harness.report.views import finite

EXCERPT = 140
TASK_LIMIT = 300
COLUMNS = (
    "run", "bench", "domain", "task", "trial", "status", "reward", "end", "cause", "labels",
    "turns", "steps", "calls", "tool_errors", "tokens_in", "tokens_out", "cost", "seconds",
    "tools", "request", "chunk", "place",
)  # fmt: skip


class Names:
    """Give every distinct name a small number, in order of first use."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def __getitem__(self, name: str) -> int:
        return self.numbers.setdefault(name, len(self.numbers))


class Index:
    """Collects trials; `columns()` is what the page loads first."""

    def __init__(self) -> None:
        self.names = {kind: Names() for kind in ("bench", "domain", "status", "end", "cause")}
        self.names |= {"labels": Names(), "tools": Names()}
        self.rows: dict[tuple[int, str, str, int], tuple[Any, ...]] = {}

    def add_outcome(self, run: int, outcome: Outcome, status: str = "") -> None:
        """Add a scored (or faulted) trial whose episode may follow."""
        names = self.names
        key = (run, *outcome.key)
        self.rows[key] = (
            run,
            names["bench"][outcome.benchmark],
            names["domain"][outcome.domain],
            outcome.task_id,
            outcome.trial,
            names["status"][status or outcome.status],
            finite(outcome.reward),
            names["end"][outcome.end],
            names["cause"][outcome.cause],
            [names["labels"][category.id] for category in outcome.categories],
            outcome.turns,
            outcome.steps,
            outcome.calls,
            outcome.tool_errors,
            finite(outcome.tokens_in),
            finite(outcome.tokens_out),
            finite(outcome.cost_usd),
            finite(round(outcome.seconds, 2)),
            [],
            "",
            -1,
            -1,
        )

    def add_episode(
        self, run: int, benchmark: str, episode: Mapping[str, Any], at: tuple[int, int]
    ) -> None:
        """Note where an episode lies (chunk, place). One without an outcome shows as unscored."""
        key = (run, benchmark, episode["task_id"], episode.get("trial", 0))
        if key not in self.rows:
            unscored = Outcome(benchmark, "", key[2], key[3], "missing", end=episode["end"])
            self.add_outcome(run, unscored, "unscored")
        tools = [self.names["tools"][name] for name in tools_of(episode)]
        self.rows[key] = (*self.rows[key][:18], tools, request_of(episode), *at)

    def columns(self) -> dict[str, Any]:
        """Return {"names": {kind: [...]}, "columns": {name: [...]}}, sorted by run and task."""
        kinds = {kind: list(names.numbers) for kind, names in self.names.items()}
        rows = [self.rows[key] for key in sorted(self.rows, key=natural)]
        table = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
        return {"names": kinds, "columns": dict(zip(COLUMNS, table, strict=True))}


def natural(key: tuple[int, str, str, int]) -> tuple[Any, ...]:
    """Order by run, benchmark, task and trial, numbers inside task ids as numbers."""
    run, benchmark, task, trial = key
    parts = re.split(r"(\d{1,18})", task[:TASK_LIMIT])
    order = [(int(part) if part.isdecimal() else -1, part) for part in parts]
    return (run, benchmark, order, task, trial)


def request_of(episode: Mapping[str, Any]) -> str:
    """Return the start of what the user first said."""
    for line in episode.get("log", ()):
        if line["author"] == "user" and line.get("text"):
            return " ".join(line["text"][: EXCERPT * 2].split())[:EXCERPT]
    return ""


def tools_of(episode: Mapping[str, Any]) -> list[str]:
    """Return the names of the tools that were called, each once, in order, 40 at most."""
    calls = (call for line in episode.get("log", ()) for call in line.get("calls", ()))
    return list(dict.fromkeys(str(call.get("name", ""))[:TASK_LIMIT] for call in calls))[:40]
