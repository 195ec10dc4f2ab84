"""Negative controls: runs that look odd and have nothing wrong with them."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from evaluators.judge.case import GoldCall
from evaluators.judge.quality.bases import (
    Ask,
    Base,
    Move,
    Script,
    Turn,
    forgotten,
    play,
    replayed,
    script_of,
)
from evaluators.judge.quality.edited_calls import invent
from evaluators.judge.quality.planted import Planted, control
from evaluators.judge.quality.spots import Spot, alter, insert, is_write, spots, with_batches

Harmless = Callable[[Base, Script, random.Random], Planted | None]


def clean(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """The plan, carried out."""
    return control(base, script, "clean")


def recovered(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """A call is first made with a wrong argument, refused, and then made right."""
    places = [s for s in spots(script) if s.move.arguments]
    if not places:
        return None
    spot = rng.choice(places)
    key = rng.choice(list(spot.move.arguments))
    value = spot.move.arguments[key]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    wrong = {**spot.move.arguments, key: invent(value, rng)}
    answer = (json.dumps({"error": "Nothing was found for this request."}), rng.random() < 0.5)
    move = Move(spot.move.name, wrong, answer)
    return control(base, insert(script, spot, move, after=False), "recovered error")


def retried(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """A call fails for a passing reason and is made again."""
    spot = rng.choice(spots(script))
    text = rng.choice(["Error: service unavailable, try again", '{"error": "Request timed out"}'])
    move = replace(spot.move, answer=(text, rng.random() < 0.5))
    return control(base, insert(script, spot, move, after=False), "retried error")


def extra_read(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """Something more is looked up."""
    reads = [s for s in spots(script) if not is_write(base, s.move)]
    if not reads:
        return None
    read, spot = rng.choice(reads), rng.choice(spots(script))
    if spot.turn < read.turn:
        spot = read
    edited = insert(script, spot, replace(read.move), after=True)
    return control(base, edited, "extra read")


def reordered(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """Two reads that do not need each other change places."""
    pair = independent(base, script, rng)
    if pair is None:
        return None
    first, second = pair
    edited = alter(alter(script, first, second.move), second, first.move)
    return control(base, edited, "reordered calls")


def batched(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """Two reads that do not need each other are made at once."""
    pair = independent(base, script, rng)
    if pair is None:
        return None
    first, second = pair
    batches = list(script[first.turn].batches)
    batches[first.batch : second.batch + 1] = [(first.move, second.move)]
    return control(base, with_batches(script, first.turn, tuple(batches)), "batched calls")


def independent(base: Base, script: Script, rng: random.Random) -> tuple[Spot, Spot] | None:
    """Find two neighbouring reads of which neither answer shows the other's arguments."""
    respond = base.open()
    answers = {s: respond(s.move.name, s.move.arguments)[0] for s in spots(script)}
    pairs = [
        (one, two)
        for one in answers
        for two in answers
        if one.turn == two.turn
        and two.batch == one.batch + 1
        and all(len(script[s.turn].batches[s.batch]) == 1 for s in (one, two))
        and not is_write(base, one.move)
        and not is_write(base, two.move)
        and not any(str(v) in answers[one] for v in two.move.arguments.values())
    ]
    return rng.choice(pairs) if pairs else None


def respelled(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """Arguments are written another way: other case, other form of date or number."""
    spot = rng.choice(spots(script))
    if not spot.move.arguments:
        return None
    other = {key: spelling(value, rng) for key, value in spot.move.arguments.items()}
    script = as_answered(base, script)
    answer = script[spot.turn].batches[spot.batch][spot.position].answer
    return control(base, alter(script, spot, Move(spot.move.name, other, answer)), "respelled")


def as_answered(base: Base, script: Script) -> Script:
    """Fix every answer to what the world says when all goes by the plan."""
    lines = [line for line in play(base, script).log if line.author == "tool"]
    for spot, line in zip(spots(script), lines, strict=True):
        script = alter(script, spot, replace(spot.move, answer=(line.text, line.error)))
    return script


def spelling(value: Any, rng: random.Random) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    if isinstance(value, int):
        return rng.choice([float(value), str(value)])
    if isinstance(value, float):
        return f"${value:,}" if value > 0 else value
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return rng.choice([value.upper(), f" {value} ", value.title()])
    day = date.fromisoformat(value)
    return day.strftime(rng.choice(["%B %d, %Y", "%Y/%m/%d", "%d %b %Y"]))


def expected_error(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """The plan itself holds a call that is refused, and the agent says so."""
    reads = [s for s in spots(script) if not is_write(base, s.move) and s.move.arguments]
    if base.flat or not reads:
        return None
    move = rng.choice(reads).move
    key = rng.choice(list(move.arguments))
    if not isinstance(move.arguments[key], str):
        return None
    call = GoldCall(move.name, {**move.arguments, key: invent(move.arguments[key], rng)})
    request = f"And look at {call.arguments[key]} for me."
    longer = replace(base, asks=(*base.asks, Ask(request, (call,))))
    known = replayed(longer)
    if known is None or not known.asks[-1].calls[0].error:
        return None
    if "sign in" in str(known.asks[-1].calls[0].result):
        return None
    reply = rng.choice(
        ["I am sorry, that could not be found.", "Unfortunately that does not exist."]
    )
    turn = Turn(request, ((Move(call.name, call.arguments),),), reply)
    bare = base.asks[0].calls and base.asks[0].calls[0].error is None
    return control(forgotten(known) if bare else known, (*script, turn), "expected error")


def nothing_to_do(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """A login is answered with the remark that it was not needed."""
    places = [s for s in spots(script) if base.tools[s.move.name].auth]
    if not places:
        return None
    shapes: tuple[dict[str, Any], ...] = (
        {"status": "You are already logged in."},
        {"success": False, "message": "Already signed in."},
        {"signed_in": False, "message": "The member is already signed in and stays so."},
    )
    edited = as_answered(base, script)
    for spot in places:
        answer = (json.dumps(rng.choice(shapes)), False)
        edited = alter(edited, spot, replace(spot.move, answer=answer))
    return control(base, edited, "nothing to do")


def late_login(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """A call is refused before the login, and made again after it."""
    places = [s for s in spots(script) if base.tools[s.move.name].auth]
    after = [s for s in spots(script) if places and s.turn == places[0].turn and s != places[0]]
    if not after:
        return None
    move = after[0].move
    early = base.open()(move.name, move.arguments)
    if not early[1]:
        return None
    return control(base, insert(script, places[0], move, after=False), "late login")


def hollow_list(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """One more read finds an empty list, as it may."""
    reads = [s for s in spots(script) if not is_write(base, s.move) and s.move.arguments]
    if not reads:
        return None
    spot = rng.choice(reads)
    key = rng.choice(list(spot.move.arguments))
    if not isinstance(spot.move.arguments[key], str):
        return None
    other = {**spot.move.arguments, key: invent(spot.move.arguments[key], rng)}
    move = Move(spot.move.name, other, (json.dumps({"items": []}), False))
    return control(base, insert(script, spot, move, after=True), "empty list")


HARMLESS: Sequence[Harmless] = (
    clean, recovered, retried, extra_read, reordered, batched, respelled, expected_error,
    nothing_to_do, late_login, hollow_list,
)  # fmt: skip


def controls(bases: Sequence[Base], seed: int) -> Iterator[Planted]:
    """Yield every control of every base that has a place for it."""
    for base in bases:
        script = script_of(base)
        if not spots(script):
            continue
        for make in HARMLESS:
            rng = random.Random(f"{seed}/{base.id}/{make.__name__}")
            if made := make(base, script, rng):
                yield made
