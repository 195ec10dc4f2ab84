"""Reference episodes broken on purpose, one change each.

Every mutant carries the error it stands for (names of VULCAN's Tables 8 and 9), so that played
mutants are labelled data for judges as well.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.faults import ToolFault
from harness.types import Task
from synth.drafts import says
from synth.plans import replay, resolve, step_of
from synth.survey import Survey
from synth.values import Values
from synth.wording.lexicon import say
from synth.world import SqlWorld

Payload = dict[str, Any]


@dataclass(frozen=True)
class Mutant:
    """A payload whose reference moves are wrong in one way. `error` names it as judges would."""

    kind: str
    error: str
    payload: Payload


def mutants(task: Task, survey: Survey, rng: random.Random) -> Iterator[Mutant]:
    """Yield every mutant of a task, one change each."""
    payload: Payload = json.loads(json.dumps(dict(task.payload)))
    for make in (
        drop_call,
        drop_last_move,
        alter_value,
        wrong_row,
        repeat_write,
        swap_calls,
        extra_write,
        wrong_fact,
        say_nothing,
        try_forbidden,
    ):
        yield from make(payload, survey, rng)


def path_of(payload: Payload) -> list[Payload]:
    """Return the calls of the reference path, in the payload itself."""
    found: list[Payload] = payload["path"] or payload["plan"]["steps"]
    return found


def clone(payload: Payload) -> tuple[Payload, dict[str, Payload], list[Payload]]:
    """Copy what a mutation changes: (payload, its calls by id, its moves)."""
    part = {key: copy.deepcopy(payload[key]) for key in ("path", "plan", "moves")}
    new = {**payload, **part}
    return new, {step["id"]: step for step in path_of(new)}, new["moves"]


def played(payload: Payload) -> list[str]:
    return [number for move in payload["moves"] for number in move["steps"]]


def drop_call(payload: Payload, survey: Survey, rng: random.Random) -> Iterator[Mutant]:
    """Leave out one call."""
    for number in played(payload):
        new, _, moves = clone(payload)
        for move in moves:
            move["steps"] = [n for n in move["steps"] if n != number]
        yield Mutant("drop call", "Missing Tool Call", new)


def drop_last_move(payload: Payload, survey: Survey, rng: random.Random) -> Iterator[Mutant]:
    """Stop before the last wish is served."""
    new, _, moves = clone(payload)
    moves[-1] = {"steps": [], "say": "All right."}
    yield Mutant("stop early", "Incomplete Task", new)


def alter_value(payload: Payload, survey: Survey, rng: random.Random) -> Iterator[Mutant]:
    """Give one argument another value of its column."""
    values = Values(survey, payload["state_id"])
    for step in path_of(payload):
        view = survey.views[step["tool"]]
        for param in view.params:
            arg = step["args"].get(param.name, {})
            if "literal" not in arg or step["id"] not in played(payload):
                continue
            value = values.draw(view, param, rng, arg["literal"])
            if value is not None and value != arg["literal"]:
                new, steps, _ = clone(payload)
                steps[step["id"]]["args"][param.name] = {"literal": value}
                yield Mutant("alter value", "Argument Missing User Intent", new)


def wrong_row(payload: Payload, survey: Survey, rng: random.Random) -> Iterator[Mutant]:
    """Take the key of another row."""
    values = Values(survey, payload["state_id"])
    calls = [step_of(step) for step in path_of(payload)]
    run = replay(survey.blueprint(payload["state_id"]), calls)
    for call in calls:
        for param in survey.views[call.tool].params:
            if "ref" not in call.args.get(param.name, {}) or call.id not in played(payload):
                continue
            gold = resolve(call, run.results)[param.name]
            others = [key for key in values.pools.get(param.column, ()) if key != gold]
            if others:
                new, steps, _ = clone(payload)
                steps[call.id]["args"][param.name] = {"literal": rng.choice(others)}
                yield Mutant("wrong row", "Incorrect Tool or Arguments", new)


def repeat_write(payload: Payload, survey: Survey, rng: random.Random) -> Iterator[Mutant]:
    """Make a change twice."""
    for number in played(payload):
        new, steps, moves = clone(payload)
        if survey.views[steps[number]["tool"]].reads:
            continue
        twin = {**steps[number], "id": f"{number}00"}
        path_of(new).append(twin)
        for move in moves:
            move["steps"] = [
                n for x in move["steps"] for n in ([x, twin["id"]] if x == number else [x])
            ]
        yield Mutant("repeat write", "Unexpected Tool Call", new)


def swap_calls(payload: Payload, survey: Survey, rng: random.Random) -> Iterator[Mutant]:
    """Make a call before one that it depends on."""
    calls = {step["id"]: step for step in path_of(payload)}
    for index, move in enumerate(payload["moves"]):
        for first, second in zip(move["steps"], move["steps"][1:], strict=False):
            if first in calls[second]["depends"]:
                new, _, moves = clone(payload)
                order = moves[index]["steps"]
                at = order.index(first)
                order[at], order[at + 1] = second, first
                yield Mutant("swap dependent calls", "Wrong Order", new)


def extra_write(payload: Payload, survey: Survey, rng: random.Random) -> Iterator[Mutant]:
    """Change something that nobody asked for, after everything else."""
    values = Values(survey, payload["state_id"])
    world = SqlWorld(survey.blueprint(payload["state_id"]))
    names = [n for n in payload["tools_offered"] if survey.views[n].effect == "write"]
    for name in rng.sample(names, min(3, len(names))):
        args = values.call(survey.views[name], rng)
        if args is None or not changes(world, name, args):
            continue
        new, _, moves = clone(payload)
        extra = {"id": "999", "tool": name, "turn": 0, "explicit": True, "depends": []}
        path_of(new).append({**extra, "args": {k: {"literal": v} for k, v in args.items()}})
        moves[-1]["steps"].append("999")
        yield Mutant("extra write", "Unexpected Tool Call", new)
        return


def changes(world: SqlWorld, name: str, args: Mapping[str, Any]) -> bool:
    """Say whether a call succeeds and changes the initial state; takes it back."""
    world.own("savepoint extra")
    try:
        world.run(name, args)
        return bool(world.state())
    except ToolFault:
        return False
    finally:
        world.own("rollback to extra")
        world.own("release extra")


def wrong_fact(payload: Payload, survey: Survey, rng: random.Random) -> Iterator[Mutant]:
    """Tell another value than the one that was asked for."""
    values = Values(survey, payload["state_id"])
    for wanted in payload["communicate"]:
        if wanted["kind"] not in ("fact", "count"):
            continue
        value = wanted["value"]
        pool = [v for v in values.pools.get(wanted["column"], (7, 8, 9)) if v != value]
        others = [v for v in pool if not says(say(v), value)]
        new, _, moves = clone(payload)
        for move in moves:
            for style in ("day", "month", "iso"):
                if others and say(value, style) in move["say"]:
                    move["say"] = move["say"].replace(say(value, style), say(others[0], style))
        if others and moves != payload["moves"]:
            yield Mutant("wrong fact", "Inaccurate Response", new)


def say_nothing(payload: Payload, survey: Survey, rng: random.Random) -> Iterator[Mutant]:
    """Do everything and tell nothing of what must be told."""
    if "COMMUNICATE" in payload["reward_basis"]:
        new, _, moves = clone(payload)
        for move in moves:
            move["say"] = "Done."
        yield Mutant("say nothing", "Failed Expected Explanation", new)


def try_forbidden(payload: Payload, survey: Survey, rng: random.Random) -> Iterator[Mutant]:
    """Make a call that the task forbids, with values out of thin air."""
    values = Values(survey, payload["state_id"])
    for pattern in payload["forbidden"]:
        args = values.call(survey.views[pattern["tool"]], rng, pattern["args"])
        if args is None:
            continue
        new, _, moves = clone(payload)
        call = {"id": "998", "tool": pattern["tool"], "turn": 0, "explicit": True, "depends": []}
        path_of(new).append({**call, "args": {k: {"literal": v} for k, v in args.items()}})
        moves[-1]["steps"].append("998")
        yield Mutant("forbidden call", "Plan Violation", new)
