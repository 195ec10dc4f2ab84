"""Edits of single calls: other arguments, other tools, calls too many, calls too early."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

from evaluators.judge.case import Action
from evaluators.judge.categories import (
    FABRICATED,
    INCORRECT,
    MISSING_PARAMETER,
    NOT_AS_INTENDED,
    UNEXPECTED_CALL,
    WRONG_ORDER,
    WRONG_TOOL,
)
from evaluators.judge.quality.bases import Base, Move, Script, play
from evaluators.judge.quality.planted import Planted, plant
from evaluators.judge.quality.spots import (
    Spot,
    alter,
    code_like,
    insert,
    is_write,
    remove,
    spots,
    truthful_replies,
    visible_values,
)


def visible_value(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """An argument is another value that was visible: not what the user meant."""
    places = [(s, k, v) for s in spots(script) for k in s.move.arguments
              if (v := visible_values(base, script, s, k))]  # fmt: skip
    if not places:
        return None
    spot, key, values = rng.choice(places)
    edited = with_argument(truthful_replies(base, script), spot, key, rng.choice(values))
    changed = edited[spot.turn].batches[spot.batch][spot.position]
    if any(changed.arguments == place.move.arguments for place in spots(script)):
        return None
    return plant(base, edited, "visible value", (INCORRECT, NOT_AS_INTENDED), (UNEXPECTED_CALL,))


def invented_value(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """An argument is a value from nowhere."""
    places = [(s, k) for s in spots(script) for k, v in s.move.arguments.items()
              if isinstance(v, str | int | float) and not isinstance(v, bool)
              and not (isinstance(v, str) and len(v.split()) > 3)]  # fmt: skip
    if not places:
        return None
    spot, key = rng.choice(places)
    value = invent(spot.move.arguments[key], rng)
    edited = with_argument(truthful_replies(base, script), spot, key, value)
    if str(value) in everything_said(base, script):
        return None
    return plant(base, edited, "invented value", (INCORRECT, FABRICATED))


def everything_said(base: Base, script: Script) -> str:
    """Join all texts of the good run, and what its tools say of themselves."""
    texts = [line.text for line in play(base, script).log]
    return "\n".join([base.policy, *texts, *(base.tools[s.move.name].text for s in spots(script))])


def invent(value: Any, rng: random.Random) -> Any:
    """Return a value of the same kind; a number near by or far away."""
    if isinstance(value, str):
        return code_like(value, rng)
    return value + rng.choice([rng.randrange(2, 9), rng.randrange(100_003, 900_001)])


def with_argument(script: Script, spot: Spot, key: str, value: Any) -> Script:
    return alter(script, spot, replace(spot.move, arguments={**spot.move.arguments, key: value}))


def absent_parameter(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """A required parameter is left out."""
    places = [(s, k) for s in spots(script) for k in base.tools[s.move.name].required
              if k in s.move.arguments]  # fmt: skip
    if not places:
        return None
    spot, key = rng.choice(places)
    rest = {k: v for k, v in spot.move.arguments.items() if k != key}
    edited = alter(truthful_replies(base, script), spot, replace(spot.move, arguments=rest))
    return plant(base, edited, "absent parameter", (INCORRECT, MISSING_PARAMETER))


def wrong_tool(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """Another tool stands in a call's place: of either kind, its arguments kept, cut or none."""
    places = [(s, others) for s in spots(script) if (others := alternatives(base, s))]
    if not places:
        return None
    spot, others = rng.choice(places)
    name = rng.choice(others)
    fitting = {k: v for k, v in spot.move.arguments.items() if k in base.tools[name].properties}
    arguments = rng.choice([spot.move.arguments, fitting, {}])
    move = Move(name, arguments, (json.dumps({"done": True}), False))
    edited = alter(truthful_replies(base, script), spot, move)
    return plant(base, edited, "wrong tool", (INCORRECT, WRONG_TOOL))


def alternatives(base: Base, spot: Spot) -> list[str]:
    """List tools that the plan does not use in this turn; logins stand for nothing else."""
    here = {call.name for call in base.asks[spot.turn].calls}
    if base.tools[spot.move.name].auth:
        return []
    return [name for name, tool in base.tools.items() if not tool.auth and name not in here]


def invented_tool(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """A tool that does not exist stands in a call's place."""
    spot = rng.choice(spots(script))
    name = rng.choice(["lookup_everything", "process_request", "do_" + spot.move.name[::-1]])
    move = Move(name, spot.move.arguments, (f"Error: Tool '{name}' not found.", True))
    edited = alter(truthful_replies(base, script), spot, move)
    return plant(base, edited, "invented tool", (INCORRECT, WRONG_TOOL))


def extra_write(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """Something is changed that nobody asked for."""
    writes = [s for s in spots(script) if is_write(base, s.move) and s.move.arguments
              and not base.tools[s.move.name].auth]  # fmt: skip
    if not writes:
        return None
    spot = rng.choice(writes)
    key = rng.choice(list(spot.move.arguments))
    other = {**spot.move.arguments, key: invent_like(spot.move.arguments[key], rng)}
    move = Move(spot.move.name, other, (json.dumps({"done": True}), False))
    edited = insert(truthful_replies(base, script), spot, move, after=True)
    return plant(base, edited, "extra write", (INCORRECT, UNEXPECTED_CALL))


def invent_like(value: Any, rng: random.Random) -> Any:
    return invent(value, rng) if isinstance(value, str | int | float) else value


def forbidden(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """A forbidden action is attempted, and refused."""
    wanted = {c.name for ask in base.asks for c in ask.calls}
    names = [n for n, t in base.tools.items() if t.write and not t.auth and n not in wanted]
    if not names:
        return None
    name, spot = rng.choice(names), rng.choice(spots(script))
    move = Move(name, {}, (json.dumps({"error": "This is against the rules."}), True))
    edited = insert(script, spot, move, after=True)
    made = plant(base, edited, "forbidden", (INCORRECT, UNEXPECTED_CALL))
    return replace(made, case=replace(made.case, forbidden=(Action(name),)))


def call_instead_of_text(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """The request lacks something and should be answered by asking; the agent calls anyway."""
    spot = rng.choice(spots(script))
    turn = replace(script[spot.turn], batches=((spot.move,),), request="Do it, please.")
    lone = replace(base, asks=(replace(base.asks[spot.turn], calls=()),))
    made = plant(lone, (turn,), "call instead of text", (INCORRECT, UNEXPECTED_CALL))
    return replace(made, case=replace(made.case, behaviour="explain", single_turn=True))


def wrong_order(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """A call runs before the one whose answer it uses."""
    told = truthful_replies(base, script)
    good = [line for line in play(base, script).log if line.author == "tool"]
    places = spots(script)
    fixed = {
        s: replace(s.move, answer=(m.text, m.error)) for s, m in zip(places, good, strict=True)
    }
    pairs = [
        (first, second)
        for number, first in enumerate(places)
        for second in places[number + 1 :]
        if first.turn == second.turn
        and feeds(script, first, second, (fixed[first].answer or ("", False))[0])
    ]
    if not pairs:
        return None
    first, second = rng.choice(pairs)
    for spot in places:
        told = alter(told, spot, fixed[spot])
    edited = insert(remove(told, second), first, fixed[second], after=False)
    return plant(base, edited, "wrong order", (INCORRECT, WRONG_ORDER))


def feeds(script: Script, first: Spot, second: Spot, answer: str) -> bool:
    """Say whether the first call's answer, and neither it nor the request, shows an argument of
    the second."""
    before = script[first.turn].request + json.dumps(dict(first.move.arguments))
    values = [str(v) for v in second.move.arguments.values() if isinstance(v, str | float)]
    return any(len(v) > 2 and v in answer and v not in before for v in values)
