"""A finished drill as the rules of `evaluators.judge` read it."""

from __future__ import annotations

import json
from typing import Any

from evaluators.judge.case import Case, GoldCall, Tool
from harness.types import Episode, Task, Verdict
from synth.cases import tools_of
from synth.drills.benchmark import world_of
from synth.drills.oracle import gold_of
from synth.drills.tasks import resolve
from synth.drills.worlds import Place, drill_world


def case_of(task: Task, episode: Episode, verdict: Verdict | None = None) -> Case:
    """Describe an episode. The gold calls are the way: a drill that only reads must make its last
    call, and what is changed must be found first."""
    return Case(
        id=task.id,
        log=episode.log,
        tools=offered(task),
        gold=(replayed(task),),
        flat=True,
        user_mode="fixed_queries",
        opening=len(task.opening),
        end=episode.end,
        fault=episode.fault,
        passed=None if verdict is None else verdict.passed,
    )


def offered(task: Task) -> dict[str, Tool]:
    """Return the tools on offer with what is known of their effects."""
    known = tools_of(drill_world(Place(**task.payload["place"])).package)
    return {name: known[name] for name in task.payload["offered"]}


def replayed(task: Task) -> tuple[GoldCall, ...]:
    """Return the gold calls with their answers, from a world of their own."""
    world, results = world_of(task, {}), list[Any]()
    calls = []
    for call in gold_of(task):
        given = resolve(call, results)
        text = world.run(call.tool, given)
        results.append(json.loads(text))
        calls.append(GoldCall(call.tool, given, result=text, error=False))
    return tuple(calls)
