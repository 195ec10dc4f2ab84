"""A finished tau2 episode as the rules of `evaluators.judge` read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from evaluators.judge.case import Case, GoldCall, Tool, tool_of
from evaluators.judge.user_errors import review_user
from evaluators.tau2.history import STOP_TEXTS
from evaluators.tau2.prompts import scenario
from evaluators.tau2.rewards import ROLES, criteria_of
from evaluators.tau2.worlds.domain import Domain, domain_of, specs_of
from harness.types import Episode, Message, Task, Verdict

UNCHECKED = "U2, U10, U12 (tasks name no withheld facts, sub-tasks or changes of mind)"


def case_of(task: Task, episode: Episode, verdict: Verdict | None = None) -> Case:
    """Describe an episode. The gold actions are one way among many: only their writes count."""
    row, domain = task.payload, domain_of(task)
    solo = bool(row.get("solo"))
    criteria = criteria_of(row)
    gold = [
        GoldCall(action["name"], wanted(action), ROLES[action.get("requestor", "assistant")])
        for action in criteria.get("actions") or ()
    ]
    return Case(
        id=task.id,
        log=episode.log,
        tools=tools_of(domain),
        gold=(tuple(gold),),
        flat=True,
        require_reads=False,
        communicate=tuple(map(str, criteria.get("communicate_info") or ())),
        policy=policy_of(domain, solo),
        scenario=scenario(row["user_scenario"]),
        user_mode="" if solo else "model",
        opening=len(task.opening),
        end=episode.end,
        fault=episode.fault,
        passed=None if verdict is None else verdict.passed,
    )


def wanted(action: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the arguments of a gold action that are compared."""
    names = action.get("compare_args")
    arguments: Mapping[str, Any] = action["arguments"]
    return arguments if names is None else {n: v for n, v in arguments.items() if n in names}


@lru_cache(maxsize=32)
def tools_of(domain: Domain) -> Mapping[str, Tool]:
    """Return the tools of both sides with their kinds, hidden ones included; read once."""
    world = domain.new({}, False)
    specs = {spec.name: spec for side in specs_of(domain.name).values() for spec in side}
    tools: dict[str, Tool] = {}
    for kit in (world.user, world.agent):
        for name, known in () if kit is None else kit.declared.items():
            writes = known.kind == "write"
            spec = specs.get(name)
            tools[name] = Tool(name, write=writes) if spec is None else tool_of(spec, write=writes)
    return tools


@lru_cache(maxsize=64)
def policy_of(domain: Domain, solo: bool) -> str:
    """Return the agent's policy, read once."""
    return domain.policy(solo)


def user_parts(task: Task, episode: Episode, verdict: Verdict) -> dict[str, Any]:
    """Review the user of an episode; there is none in solo mode."""
    solo = task.payload.get("solo")
    return {} if solo else review_parts(case_of(task, episode, verdict))


def review_parts(case: Case) -> dict[str, Any]:
    """Return what the rules U1 to U13 say of the user, as parts of a verdict.

    `first_critical`: who made the first critical error, the user, the agent or (empty) nobody.
    `user_stop`: how the user hung up, "none" where it did not.
    """
    review = review_user(case)
    return {
        "user_errors": [error.evidence() for error in review.errors],
        "first_critical": review.first_critical,
        "user_stop": stop_of(case.log),
    }


def stop_of(log: Sequence[Message]) -> str:
    """Name the stop text with which the user ended the conversation: stop, transfer, …"""
    last = next((line.text for line in reversed(log) if line.author == "user" and line.stop), "")
    said = (text for text in STOP_TEXTS if text in last)
    return next(said, "none").strip("#").lower().replace("-", "_")
