"""tau2 cases with what the gold actions answer, so that expected errors are known as such."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from evaluators.judge.case import Case, GoldCall
from evaluators.judge.failures import failure_of
from evaluators.tau2.cases import case_of, wanted
from evaluators.tau2.history import to_log
from evaluators.tau2.rewards import ROLES, basis_of, criteria_of
from evaluators.tau2.rewards import replay as replay_log
from evaluators.tau2.worlds.domain import domain_of
from harness.faults import ModelFault
from harness.types import Episode, Task, Verdict


class Replay(NamedTuple):
    """The gold actions with their answers, and why the task cannot be solved by them, if so."""

    calls: tuple[GoldCall, ...]
    fault: str


_REPLAYS: dict[str, Replay] = {}


def replayed_case(task: Task, episode: Episode, verdict: Verdict | None = None) -> Case:
    """Describe an episode with the replay of its task's gold actions.

    Infos count only where the task's reward asks for them.
    """
    case = case_of(task, episode, verdict)
    replay = replay_of(task)
    told = case.communicate if "COMMUNICATE" in basis_of(task.payload) else ()
    gold = (replay.calls,) if replay.calls or case.gold is None else case.gold
    return replace(case, gold=gold, communicate=told, task_fault=replay.fault)


def replay_of(task: Task) -> Replay:
    """Play a task's gold actions once; remembered by the task's id."""
    key = f"{task.id} {task.payload.get('solo')} {task.payload.get('options')}"
    if key not in _REPLAYS:
        _REPLAYS[key] = play_gold(task)
        while len(_REPLAYS) > 8192:
            del _REPLAYS[next(iter(_REPLAYS))]
    return _REPLAYS[key]


def play_gold(task: Task) -> Replay:
    """Carry the gold actions out in a fresh world and check the task's own assertions."""
    row = task.payload
    criteria = criteria_of(row)
    calls: list[GoldCall] = []
    try:
        world = domain_of(task).world(row, solo=bool(row.get("solo")))
        replay_log(world, to_log((row.get("initial_state") or {}).get("message_history") or ()))
        for action in criteria.get("actions") or ():
            role = ROLES[action.get("requestor", "assistant")]
            by = "agent" if row.get("solo") else role
            text, error = world.respond(by, action["name"], action["arguments"])
            error = error or failure_of(text) is not None
            calls.append(GoldCall(action["name"], wanted(action), by, text, error))
        unmet = [a["func_name"] for a in criteria.get("env_assertions") or () if not world.check(a)]
    except ModelFault as fault:
        return Replay(tuple(calls), f"the gold actions cannot be replayed: {fault}")
    missed = f"the gold actions miss the task's own goal: {', '.join(unmet)}"
    return Replay(tuple(calls), missed if unmet else "")
