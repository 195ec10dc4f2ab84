"""Our episodes in BFCL's result and score layout: what was answered, what failed, what it cost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.outcomes import Outcome
from harness.results.export.bfcl_columns import CATEGORIES, MULTI_TURN, folder_of
from harness.results.export.request import Candidate
from harness.results.export.tau2_trajectories import cost_of
from harness.store import read_episodes, read_outcomes, write_text
from harness.types import Episode, Message

Json = dict[str, Any]
Pair = tuple[Outcome, Json]
PREFIX = "BFCL_v4"


def write_results(
    candidate: Candidate, folder: Path, model: str, trial: int
) -> tuple[list[float], float | None]:
    """Write result/<model>/… and score/<model>/…; return seconds per reply and total dollars."""
    outcomes = read_outcomes(candidate.entry.folder)
    scored = {task.id: task.domain for task in candidate.whole.tasks if task.scored}
    by_category: dict[str, list[Pair]] = {}
    latencies: list[float] = []
    cost: float | None = 0.0
    for benchmark, episode in read_episodes(candidate.entry.folder):
        category = scored.get(episode.task_id)
        mine = benchmark == candidate.whole.name and episode.trial == trial
        if not mine or category not in CATEGORIES:
            continue
        outcome = outcomes[benchmark, episode.task_id, trial]
        by_category.setdefault(category, []).append((outcome, result_of(category, episode)))
        spoken = [line for line in episode.log if line.author == "agent" and line.usage]
        latencies += [line.usage.seconds for line in spoken if line.usage and line.usage.seconds]
        spent = cost_of(episode.log, "agent")
        cost = None if cost is None or spent is None else cost + spent
    for category, pairs in by_category.items():
        write_category(folder, model, category, pairs)
    return latencies, cost


def write_category(folder: Path, model: str, category: str, pairs: Sequence[Pair]) -> None:
    """Write one category's answers, and its score: a header line, then every failure."""
    ordered = sorted(pairs, key=lambda pair: pair[1]["id"])
    passed = sum(outcome.status == "pass" for outcome, _ in ordered)
    header = {
        "accuracy": passed / len(ordered),
        "correct_count": passed,
        "total_count": len(ordered),
    }
    failures = [
        failure(outcome, result, model, category)
        for outcome, result in ordered
        if outcome.status != "pass"
    ]
    for top, kind, lines in (
        ("result", "result", [result for _, result in ordered]),
        ("score", "score", [header, *failures]),
    ):
        target = folder / top / model / folder_of(category)
        target.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(line) + "\n" for line in lines)
        write_text(target / f"{PREFIX}_{category}_{kind}.json", text)


def failure(outcome: Outcome, result: Json, model: str, category: str) -> Json:
    """Say of one entry that and why it failed."""
    return {
        "id": result["id"],
        "model_name": model,
        "test_category": category,
        "valid": False,
        "error": {"end": outcome.end, **dict(outcome.parts)},
        "model_result": result["result"],
    }


def result_of(category: str, episode: Episode) -> Json:
    """Render what the agent said: one answer, or turns of steps where there are several turns."""
    turns = turns_of(episode.log)
    if category in MULTI_TURN or category.startswith(("memory", "web_search")):
        return {
            "id": episode.task_id,
            "result": [[answer(line) for line in turn] for turn in turns],
            "input_token_count": [[tokens(line)[0] for line in turn] for turn in turns],
            "output_token_count": [[tokens(line)[1] for line in turn] for turn in turns],
            "latency": [[tokens(line)[2] for line in turn] for turn in turns],
        }
    last = turns[-1][-1] if turns and turns[-1] else Message("agent")
    read, written, seconds = tokens(last)
    return {
        "id": episode.task_id,
        "result": answer(last),
        "input_token_count": read,
        "output_token_count": written,
        "latency": seconds,
    }


def turns_of(log: Sequence[Message]) -> list[list[Message]]:
    """Split the agent's lines by the user's texts."""
    turns: list[list[Message]] = []
    for line in log:
        if line.author == "user" and line.text and not line.stop:
            turns.append([])
        elif line.author == "agent":
            if not turns:
                turns.append([])
            turns[-1].append(line)
    return turns


def answer(line: Message) -> Any:
    """Render a reply: its calls as {name: JSON text}, or its text."""
    if not line.calls:
        return line.text
    return [
        {call.name: json.dumps(dict(call.arguments)) if call.raw is None else call.raw}
        for call in line.calls
    ]


def tokens(line: Message) -> tuple[int, int, float]:
    usage = line.usage
    return (usage.tokens_in, usage.tokens_out, usage.seconds) if usage else (0, 0, 0.0)
