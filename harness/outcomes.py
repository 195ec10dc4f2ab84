"""One line per trial: what the verdict was and what it cost. Tables read these, not episodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.limits import tally_of
from harness.types import Category, Episode, Fault, Message, Task, Verdict

Status = Literal["pass", "fail", "error", "missing"]
Key = tuple[str, str, int]

_BLAME = {
    "agent_error": "agent",
    "invalid_agent_message": "agent",
    "user_error": "user",
    "env_error": "env",
    "timeout": "timeout",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A scored (or faulted) trial. `reward` is None exactly when there is no verdict.

    `status`: verdict -> pass or fail; fault -> error, with `cause` naming the seat; a trial that
    was never played is missing. `calls` are all calls made, run or not. `seconds` is wall clock,
    `cost_usd` None where no price is known.
    """

    benchmark: str
    domain: str
    task_id: str
    trial: int
    status: Status
    reward: float | None = None
    cause: str = ""
    cluster: str = ""
    end: str = ""
    parts: Mapping[str, Any] = field(default_factory=dict)
    categories: tuple[Category, ...] = ()
    fault: str = ""
    turns: int = 0
    steps: int = 0
    calls: int = 0
    tool_errors: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = None
    retries: int = 0
    seconds: float = 0.0

    @property
    def key(self) -> Key:
        return (self.benchmark, self.task_id, self.trial)


def outcome_of(
    task: Task, episode: Episode, verdict: Verdict | None, fault: Fault | None = None
) -> Outcome:
    """Sum up one trial. `fault` is what scoring met, where playing met none."""
    fault = episode.fault or fault
    status: Status = "error"
    if verdict is not None and fault is None:
        status = "pass" if verdict.passed else "fail"
    tally = tally_of(episode.log, opening=len(task.opening))
    scored = verdict if fault is None else None
    return Outcome(
        benchmark=task.benchmark,
        domain=task.domain,
        task_id=task.id,
        trial=episode.trial,
        status=status,
        reward=None if scored is None else scored.reward,
        cause=fault.seat if fault else _BLAME.get(episode.end, ""),
        cluster=task.cluster,
        end=episode.end,
        parts={} if scored is None else scored.parts,
        categories=() if scored is None else scored.categories,
        fault=f"{fault.kind}: {fault.text}"[:500] if fault else "",
        turns=tally.turns,
        steps=tally.steps,
        calls=sum(len(line.calls) for line in episode.log),
        tool_errors=tally.errors,
        seconds=episode.seconds,
        **spent(episode.log),
    )


def spent(log: Iterable[Message]) -> dict[str, Any]:
    """Add up tokens, cost and retries of both sides. Cost is None when no message has one."""
    tokens_in = tokens_out = retries = 0
    cost: float | None = None
    for line in log:
        if (usage := line.usage) is None:
            continue
        tokens_in += usage.tokens_in
        tokens_out += usage.tokens_out
        retries += usage.retries
        if usage.cost_usd is not None:
            cost = (cost or 0.0) + usage.cost_usd
    return {
        "tokens_in": tokens_in,
        "tokens_out": tokens_out,
        "cost_usd": cost,
        "retries": retries,
    }
