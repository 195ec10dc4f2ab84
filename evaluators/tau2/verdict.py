"""The verdict on a tau2 episode: the product of the task's reward basis, with every part kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isclose, prod
from typing import Any

from evaluators.tau2 import rewards
from evaluators.tau2.assertions import judge_assertions
from evaluators.tau2.cases import user_parts
from evaluators.tau2.rewards import EnvironmentCheck
from evaluators.tau2.worlds.domain import Row, domain_of
from harness.faults import ModelFault
from harness.protocols import Model
from harness.types import Episode, Task, Verdict

SCORED_ENDS = frozenset({"agent_stop", "user_stop"})


class Tau2Evaluator:
    """Scores episodes as the official evaluator does.

    `judge` answers NL assertions. Without one, an episode that they cannot save scores 0 and says
    that nobody was asked; where they would decide, the lack of a judge is a fault.
    """

    def __init__(self, judge: Model | None = None, **sampling: Any) -> None:
        self.judge = judge
        self.sampling = sampling or {"temperature": 0.0}

    async def __call__(self, task: Task, episode: Episode) -> Verdict:
        verdict = await self.score(task, episode)
        return replace(verdict, parts={**verdict.parts, **user_parts(task, episode, verdict)})

    async def score(self, task: Task, episode: Episode) -> Verdict:
        """Return the official reward with its components."""
        row = task.payload
        if episode.end not in SCORED_ENDS:
            parts: dict[str, Any] = {
                "premature": episode.end,
                "diagnostics": diagnose_leniently(task, episode),
            }
            return Verdict(0.0, False, parts)
        if row.get("evaluation_criteria") is None:
            return Verdict(1.0, True, {"note": "no evaluation criteria"})
        basis = rewards.basis_of(row)
        env = check_environment(task, episode)
        actions = rewards.check_actions(row, episode.log)
        said = rewards.check_communicated(row, episode.log)
        if unasked := self.judge is None and rewards.needs_judge(row):
            basis = [name for name in basis if name != "NL_ASSERTION"]
            if all(combine(basis, env, actions, None, said).values()):
                raise ModelFault("the task has NL assertions and no judge model is set", "no_judge")
        nl = await self.assertions(row, episode) if "NL_ASSERTION" in basis else None
        breakdown = combine(basis, env, actions, nl, said)
        reward = prod(breakdown.values(), start=1.0)
        parts = {
            "breakdown": breakdown,
            "db_match": env.db_match,
            "env_met": as_list(env.met),
            "action_match": as_list(actions),
            "comm_met": as_list(said),
            "nl_met": as_list(nl),
            **({"nl": "not asked"} if unasked else {}),
            "diagnostics": diagnostics(env, actions),
        }
        return Verdict(reward, isclose(reward, 1.0, abs_tol=1e-6), parts)

    async def assertions(self, row: Row, episode: Episode) -> tuple[bool, ...]:
        """Have the judge decide the task's assertions; none is asked about where there is none."""
        wanted = rewards.criteria_of(row).get("nl_assertions") or ()
        if not wanted or self.judge is None:
            return ()
        return await judge_assertions(self.judge, wanted, episode.log, self.sampling)


def check_environment(task: Task, episode: Episode) -> EnvironmentCheck:
    solo = bool(task.payload.get("solo"))
    return rewards.check_environment(domain_of(task), task.payload, episode.log, solo=solo)


def combine(
    basis: list[str],
    env: EnvironmentCheck,
    actions: tuple[bool, ...] | None,
    nl: tuple[bool, ...] | None,
    said: tuple[bool, ...] | None,
) -> dict[str, float]:
    """Return the official breakdown: one factor per component of the basis, in its order.

    A task with neither actions nor assertions has no factor for the environment.
    """
    truths = {
        "ACTION": actions is None or all(actions),
        "NL_ASSERTION": nl is None or all(nl),
        "COMMUNICATE": said is None or all(said),
    }
    if env.met is not None:
        truths = {"DB": env.db_match, "ENV_ASSERTION": all(env.met), **truths}
    return {name: float(truth) for name, truth in truths.items() if name in basis}


def as_list(truths: tuple[bool, ...] | None) -> list[bool] | None:
    return None if truths is None else list(truths)


def diagnostics(env: EnvironmentCheck, actions: tuple[bool, ...] | None) -> dict[str, Any]:
    """Return what is worth knowing and never scored.

    `do_nothing`: the episode changed no database. `free`: neither do the gold actions, so an
    agent that does nothing passes the DB component.
    """
    return {
        "DB": float(env.db_match),
        "ACTION": float(actions is None or all(actions)),
        "do_nothing": not env.wrote,
        "free": not env.gold_writes,
    }


def diagnose_leniently(task: Task, episode: Episode) -> Mapping[str, Any] | None:
    """Diagnose an episode that ended early; None where its log cannot be replayed."""
    if task.payload.get("evaluation_criteria") is None:
        return None
    try:
        env = check_environment(task, episode)
    except ModelFault:
        return None
    return diagnostics(env, rewards.check_actions(task.payload, episode.log))
