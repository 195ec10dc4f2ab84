"""Our episodes in tau2-bench's trajectory format (its Results, SimulationRun and messages)."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.outcomes import Outcome
from harness.results.export.request import Candidate
from harness.store import load_blobs, read_episodes, read_outcomes
from harness.types import Episode, Message, Task

Json = dict[str, Any]
ENDS = {
    "agent_stop": "agent_stop",
    "user_stop": "user_stop",
    "max_steps": "max_steps",
    "max_errors": "too_many_errors",
    "timeout": "timeout",
    "agent_error": "agent_error",
    "invalid_agent_message": "agent_error",
    "user_error": "user_error",
    "fault": "infrastructure_error",
}
ROLES = {"agent": "assistant", "user": "user"}
MARKS = ("solo", "options")


def domain_results(candidate: Candidate, domain: str) -> Json:
    """Return one domain's trajectory file: info, the official tasks, every simulation."""
    tasks = {t.id: t for t in candidate.whole.tasks if t.domain == domain and t.scored}
    outcomes = read_outcomes(candidate.entry.folder)
    blobs = load_blobs(candidate.entry.folder)
    simulations: list[Json] = []
    system = ""
    for benchmark, episode in read_episodes(candidate.entry.folder):
        key = (benchmark, episode.task_id, episode.trial)
        inside = benchmark == candidate.whole.name and episode.task_id in tasks
        if inside and episode.trial < candidate.entry.manifest["trials"]:
            task = tasks[episode.task_id]
            system = system or blobs.get(episode.prompts.get("agent", ""), "")
            simulations.append(simulation(candidate, task, episode, outcomes[key]))
    simulations.sort(key=lambda run: (run["trial"], run["task_id"]))
    return {
        "timestamp": candidate.entry.manifest["started"],
        "info": info(candidate, domain, system),
        "tasks": [official_row(task) for task in tasks.values()],
        "simulations": simulations,
    }


def official_row(task: Task) -> Json:
    """Return the benchmark's own row, without the marks that we add to it."""
    return {name: value for name, value in task.payload.items() if name not in MARKS}


def info(candidate: Candidate, domain: str, system: str) -> Json:
    """Describe the run. `policy` is the agent's whole system text, which holds the policy."""
    manifest, notes = candidate.entry.manifest, candidate.about.get("notes") or {}
    limits = (candidate.about.get("limits") or [{}])[0]
    return {
        "git_commit": manifest["harness"].get("git_sha") or "unknown",
        "num_trials": manifest["trials"],
        "max_steps": limits.get("steps") or 0,
        "max_errors": limits.get("errors") or 0,
        "user_info": party("user_simulator", candidate.user),
        "agent_info": party("llm_agent", candidate.agent),
        "environment_info": {"domain_name": domain, "policy": system},
        "seed": manifest["seeds"]["run"],
        "retrieval_config": notes.get("retrieval"),
    }


def party(implementation: str, seat: Mapping[str, Any]) -> Json:
    arguments = seat.get("sampling") or {}
    return {"implementation": implementation, "llm": seat.get("model"), "llm_args": arguments}


def simulation(candidate: Candidate, task: Task, episode: Episode, outcome: Outcome) -> Json:
    """Return one SimulationRun. Start and end are the run's: episodes keep their seconds only."""
    manifest = candidate.entry.manifest
    name = f"{manifest['run_id']}/{task.id}/{episode.trial}"
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        "task_id": str(task.payload["id"]),
        "timestamp": manifest["started"],
        "start_time": manifest["started"],
        "end_time": manifest["ended"],
        "duration": episode.seconds,
        "termination_reason": ENDS.get(episode.end, "unexpected_error"),
        "agent_cost": cost_of(episode.log, "agent"),
        "user_cost": cost_of(episode.log, "user"),
        "reward_info": reward_info(task, outcome),
        "messages": messages(episode.log),
        "trial": episode.trial,
        "seed": episode.seed,
    }


def reward_info(task: Task, outcome: Outcome) -> Json:
    criteria = task.payload.get("evaluation_criteria") or {}
    return {
        "reward": outcome.reward,
        "reward_basis": criteria.get("reward_basis"),
        "info": {"parts": dict(outcome.parts), "end": outcome.end},
    }


def messages(log: Sequence[Message]) -> list[Json]:
    """Render the log with the official roles; `requestor` says whose tools were called."""
    return [message(line, number) for number, line in enumerate(log)]


def message(line: Message, number: int) -> Json:
    if line.author == "tool":
        return {
            "id": line.call_id or "",
            "role": "tool",
            "content": line.text,
            "requestor": ROLES[line.owner or "agent"],
            "error": line.error,
            "turn_idx": number,
        }
    role, usage = ROLES[line.author], line.usage
    calls = [
        {"id": c.id, "name": c.name, "arguments": dict(c.arguments), "requestor": role}
        for c in line.calls
    ]
    return {
        "role": role,
        "content": line.text or None,
        "tool_calls": calls or None,
        "turn_idx": number,
        "cost": usage.cost_usd if usage else None,
        "usage": usage
        and {"prompt_tokens": usage.tokens_in, "completion_tokens": usage.tokens_out},
    }


def cost_of(log: Iterable[Message], author: str) -> float | None:
    """Add up what one side cost; None where a price is unknown."""
    spent = [line.usage.cost_usd for line in log if line.author == author and line.usage]
    known = [cost for cost in spent if cost is not None]
    return math.fsum(known) if known and len(known) == len(spent) else None


def agent_cost(simulations: Sequence[Json]) -> float | None:
    """Mean cost of the agent per trajectory; None where one is unknown."""
    costs = [run["agent_cost"] for run in simulations]
    return None if None in costs or not costs else math.fsum(costs) / len(costs)
