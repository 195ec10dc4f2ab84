"""Places in a script where something can be put in, taken out or changed."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from evaluators.judge.quality.bases import Base, Move, Script, Turn, narrate


@dataclass(frozen=True)
class Spot:
    """A call's place: turn, batch and position, all from 0."""

    turn: int
    batch: int
    position: int
    move: Move

    def __hash__(self) -> int:
        return hash((self.turn, self.batch, self.position))


def spots(script: Script) -> list[Spot]:
    return [
        Spot(t, b, p, move)
        for t, turn in enumerate(script)
        for b, batch in enumerate(turn.batches)
        for p, move in enumerate(batch)
    ]


def alter(script: Script, spot: Spot, move: Move) -> Script:
    """Put another call in a place."""
    turn = script[spot.turn]
    batch = list(turn.batches[spot.batch])
    batch[spot.position] = move
    return with_batches(script, spot.turn, swap(turn, spot.batch, tuple(batch)))


def remove(script: Script, spot: Spot) -> Script:
    turn = script[spot.turn]
    batch = [m for p, m in enumerate(turn.batches[spot.batch]) if p != spot.position]
    batches = swap(turn, spot.batch, tuple(batch))
    return with_batches(script, spot.turn, tuple(b for b in batches if b))


def insert(script: Script, spot: Spot, move: Move, *, after: bool) -> Script:
    """Make one more call, in a batch of its own, before or after a place."""
    batches = list(script[spot.turn].batches)
    batches.insert(spot.batch + after, (move,))
    return with_batches(script, spot.turn, tuple(batches))


def swap(turn: Turn, place: int, batch: tuple[Move, ...]) -> tuple[tuple[Move, ...], ...]:
    return tuple(batch if n == place else b for n, b in enumerate(turn.batches))


def with_batches(script: Script, number: int, batches: tuple[tuple[Move, ...], ...]) -> Script:
    return tuple(replace(t, batches=batches) if n == number else t for n, t in enumerate(script))


def truthful_replies(base: Base, script: Script) -> Script:
    """Fix what the agent says to what it would say if all went well."""
    respond = base.open()
    told = []
    for turn in script:
        answers = [respond(m.name, m.arguments)[0] for batch in turn.batches for m in batch]
        told.append(replace(turn, reply=turn.reply or narrate(answers)))
    return tuple(told)


def is_write(base: Base, move: Move) -> bool:
    tool = base.tools.get(move.name)
    return bool(tool and tool.write)


def logins(base: Base, turn: Turn) -> list[Move]:
    return [m for batch in turn.batches for m in batch if base.tools[m.name].auth]


def visible_values(base: Base, script: Script, spot: Spot, key: str) -> list[Any]:
    """List other values of the same field that the agent had seen before a call."""
    now = spot.move.arguments[key]
    if not isinstance(now, str) or len(now) < 4 or len(now.split()) > 3:
        return []
    respond = base.open()
    seen: set[str] = set()
    for place in spots(script):
        if place.turn == spot.turn and place.batch >= spot.batch:
            break
        text, _ = respond(place.move.name, place.move.arguments)
        seen |= values_of(text, key) | values_of(json.dumps(dict(place.move.arguments)), key)
    return sorted(seen - {now})


def values_of(text: str, key: str) -> set[str]:
    """Collect the texts that stand under a key (or its plural) anywhere in a JSON text."""
    try:
        return set(_under(json.loads(text), key))
    except ValueError:
        return set()


def _under(value: Any, key: str) -> list[str]:
    if isinstance(value, Mapping):
        own = value.get(key)
        mine = [own] if isinstance(own, str) else []
        return mine + [v for item in value.values() for v in _under(item, key)]
    return [v for item in value for v in _under(item, key)] if isinstance(value, list) else []


def code_like(value: str, rng: random.Random) -> str:
    """Return a text of the same shape, other letters and digits in it."""
    letters, digits = "bcdfghjklmnpqrstvwxz", "0123456789"
    drawn = [
        rng.choice(digits) if c.isdigit()
        else rng.choice(letters).upper() if c.isupper()
        else rng.choice(letters) if c.isalpha()
        else c
        for c in value
    ]  # fmt: skip
    return "".join(drawn) if len(value) > 3 else "".join(drawn) + rng.choice(letters) * 3 + "7"
