"""A finished episode of a synthesised task as the rules of `evaluators.judge` read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from evaluators.judge.align import align
from evaluators.judge.case import ANY, UNKNOWN, Action, Case, GoldCall, Intent, Tool, tool_of
from evaluators.judge.trace import Trace
from harness.types import Episode, Task, Verdict
from synth.benchmark import world_of
from synth.package import EnvPackage
from synth.plans import replay, resolve, step_of

RANDOM = "synth.random"


def case_of(task: Task, episode: Episode, verdict: Verdict | None = None) -> Case:
    """Describe an episode. A plan is one way among many: only its writes are required.

    Where a user changes their mind there are two ways, straight to the last goal and by way of
    the first one: the one that the episode comes closer to counts. Random worlds are made again
    for the answers of the plan; in others a value that the plan takes from an answer matches
    anything, and tools outside the plan are unknown.
    """
    row = task.payload
    place = json.dumps(where(row))
    package = package_of(place)
    case = Case(
        id=task.id,
        log=episode.log,
        tools=tools_of(package) if package else planned_tools(row),
        flat=True,
        require_reads=False,
        forbidden=tuple(Action(f["tool"], f["args"]) for f in row["forbidden"]),
        required=tuple(Action(r["tools"][0]) for r in row["required"] if len(r["tools"]) == 1),
        communicate=tuple(spelled(fact["value"]) for fact in row["communicate"] if "value" in fact),
        intent=Intent(row["kind"]),
        policy=package.policy if package else "",
        scenario=scenario_of(row),
        user_mode="fixed_queries" if row["queries"] else "scripted",
        opening=len(task.opening),
        end=episode.end,
        fault=episode.fault,
        passed=None if verdict is None else verdict.passed,
    )
    ways = [row["plan"]["steps"], *([row["path"]] if row.get("path") else [])]
    golds = [gold_of(json.dumps(steps), place) for steps in ways]
    return max((replace(case, gold=(gold,)) for gold in golds), key=carried_out)


def carried_out(case: Case) -> tuple[float, int]:
    """Return the share of a plan's required calls that a case made, and how many it made."""
    planned = align(case, Trace(case.log)).planned
    wanted = [p for p in planned if not p.excused]
    return sum(p.done for p in wanted) / len(wanted) if wanted else 1.0, sum(
        p.done for p in planned
    )


def spelled(value: Any) -> str:
    """Write a fact as one says it: 872, not 872.0."""
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)


def where(row: Mapping[str, Any]) -> dict[str, Any]:
    """Say which world and state a task is set in."""
    return {**row["env"].get("generator", {}), "state": row["state_id"]}


@lru_cache(maxsize=64)
def package_of(place: str) -> EnvPackage | None:
    """Make a random world again; None for worlds that come from files."""
    known = json.loads(place)
    if known.get("name") != RANDOM:
        return None
    return world_of(**{key: known[key] for key in ("seed", "breadth", "states", "size")})


@lru_cache(maxsize=4096)
def gold_of(steps_text: str, place: str) -> tuple[GoldCall, ...]:
    """Return the plan's calls, with their answers where its world is at hand."""
    steps = [step_of(data) for data in json.loads(steps_text)]
    package = package_of(place)
    if package is None:
        return tuple(
            GoldCall(s.tool, {name: arg.get("literal", ANY) for name, arg in s.args.items()})
            for s in steps
        )
    run = replay(package.blueprint(json.loads(place)["state"]), steps)
    calls = []
    for step in steps:
        failed = step.id in run.faults
        given = step.literals if failed else resolve(step, run.results)
        result = run.faults[step.id] if failed else json.dumps(run.results[step.id])
        calls.append(GoldCall(step.tool, given, result=result, error=failed))
    return tuple(calls)


@lru_cache(maxsize=64)
def tools_of(package: EnvPackage) -> Mapping[str, Tool]:
    """Return a world's tools with what synthesis knows of their effects."""
    found = {}
    for record in package.records:
        effect = record.annotations.get("effect")
        writes = None if effect is None else effect in ("write", "auth")
        tool = tool_of(record.spec, write=writes, auth=effect == "auth", example=UNKNOWN)
        found[record.spec.name] = tool
    return found


def planned_tools(row: Mapping[str, Any]) -> dict[str, Tool]:
    """Return the tools of a plan: those whose steps are necessary change something."""
    needed = set(row["plan"].get("verified", {}).get("necessary_steps", ()))
    writes: dict[str, bool] = {}
    for step in row["plan"]["steps"]:
        writes[step["tool"]] = writes.get(step["tool"], False) or step["id"] in needed
    return {name: Tool(name, write=write) for name, write in writes.items()}


def scenario_of(row: Mapping[str, Any]) -> str:
    """Return everything the user knows and may say."""
    known = row.get("scenario") or {}
    subtasks = known.get("subtasks") or ()
    answers = [slot["answer"] for sub in subtasks for slot in sub.get("slots", ())]
    texts = [sub["text"] for sub in subtasks]
    return "\n".join([*texts, *answers, *known.get("known_info", ()), *row["queries"]])
