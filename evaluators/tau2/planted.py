"""tau2's gold actions as verified runs to plant errors into (see `evaluators.judge.quality`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from evaluators.judge.case import GoldCall, Tool
from evaluators.judge.quality.bases import Ask, Base, Respond
from evaluators.judge.values import leaves
from evaluators.tau2.cases import policy_of, tools_of
from evaluators.tau2.rewards import criteria_of
from evaluators.tau2.tasks import load_tasks
from evaluators.tau2.worlds.domain import domain_of
from harness.types import Task

_SMALL = 2


def bases(count: int, seed: int = 0, *, domain: str = "retail") -> Iterator[Base]:
    """Yield up to `count` tasks of a domain whose gold actions are all the agent's.

    The actions become per-turn plans: each user turn asks for one change with the lookups before
    it. `seed` is the task to begin with.
    """
    tasks = [task for task in load_tasks(domain) if plannable(task)]
    for number in range(min(count, len(tasks))):
        task = tasks[(seed + number) % len(tasks)]
        known = domain_of(task)
        tools = tools_of(known)
        yield Base(task.id, tools, asks_of(task, tools), opener(task), policy_of(known, False))


def airline(count: int, seed: int = 0) -> Iterator[Base]:
    return bases(count, seed, domain="airline")


def plannable(task: Task) -> bool:
    actions = criteria_of(task.payload).get("actions") or ()
    mine = all(action.get("requestor", "assistant") == "assistant" for action in actions)
    return mine and len(actions) >= _SMALL


def asks_of(task: Task, tools: Mapping[str, Tool]) -> tuple[Ask, ...]:
    """Cut the gold actions behind every write and word a request for each piece."""
    asks: list[Ask] = []
    piece: list[GoldCall] = []
    for action in criteria_of(task.payload)["actions"]:
        piece.append(GoldCall(action["name"], action["arguments"]))
        if tools[action["name"]].write:
            asks.append(Ask(request(piece), tuple(piece)))
            piece = []
    if piece:
        asks.append(Ask(request(piece), tuple(piece)))
    return tuple(asks)


def request(calls: list[GoldCall]) -> str:
    """Name every value that the calls need, as a plain request."""
    values = dict.fromkeys(str(v) for call in calls for v in leaves(dict(call.arguments)))
    return f"I need your help with the following: {', '.join(values) or 'what you can see'}."


def opener(task: Task) -> Callable[[], Respond]:
    def open_world() -> Respond:
        world = domain_of(task).world(task.payload)

        def respond(name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
            return world.respond("agent", name, arguments)

        return respond

    return open_world
