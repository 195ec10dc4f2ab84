"""The verdict on a tau-bench v1 episode: the final database, and what had to be said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evaluators.judge.case import Case, GoldCall, Tool, tool_of
from evaluators.tau2.cases import review_parts
from evaluators.tau2.v1 import source
from evaluators.tau2.v1.benchmark import KITS, V1Domain, domain
from evaluators.tau2.worlds.store import canonical
from harness.protocols import Model
from harness.types import Episode, Message, Task, Verdict

SCORED_ENDS = frozenset({"agent_stop", "user_stop"})


class TauBenchEvaluator:
    """Scores episodes as v1 does: 1 if the database is the gold's and every output was said.

    An episode that did not end by itself scores 0. No judge is ever asked.
    """

    def __init__(self, judge: Model | None = None, folder: str | None = None) -> None:
        self.folder = folder

    async def __call__(self, task: Task, episode: Episode) -> Verdict:
        here = domain(task.domain, source.pack(self.folder).root)
        row = task.payload
        match = canonical(episode.state) == canonical(here.gold(row))
        said = {output: is_said(output, episode.log) for output in row["outputs"]}
        ended = episode.end in SCORED_ENDS
        passed = ended and match and all(said.values())
        case = case_of(task, episode, here, passed=passed)
        parts: dict[str, Any] = {
            "breakdown": {"DB": float(match), "OUTPUTS": float(all(said.values()))},
            "outputs": said,
            "diagnostics": {"do_nothing": not episode.state, "free": not here.gold(row)},
            **({} if ended else {"premature": episode.end}),
            **review_parts(case),
        }
        return Verdict(float(passed), passed, parts)


def is_said(output: str, log: Sequence[Message]) -> bool:
    """Say whether one of the agent's answers holds a text, case and the answer's commas aside."""
    return any(
        output.lower() in line.text.lower().replace(",", "")
        for line in log
        if line.author == "agent" and not line.calls
    )


def case_of(task: Task, episode: Episode, here: V1Domain, *, passed: bool) -> Case:
    """Describe an episode for the judge's rules."""
    row = task.payload
    gold = tuple(GoldCall(action["name"], action["kwargs"]) for action in row["actions"])
    return Case(
        id=task.id,
        log=episode.log,
        tools=tools_of(here),
        gold=(gold,),
        flat=True,
        require_reads=False,
        communicate=tuple(row["outputs"]),
        policy=here.policy,
        scenario=row["instruction"],
        user_mode="model",
        end=episode.end,
        fault=episode.fault,
        passed=passed,
    )


def tools_of(here: V1Domain) -> dict[str, Tool]:
    """Return a domain's tools with their kinds."""
    known = KITS[here.name].declared
    return {spec.name: tool_of(spec, write=known[spec.name].kind == "write") for spec in here.specs}
