"""Verified runs to plant errors into: a plan in a live world, and scripts played through it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from evaluators.judge.case import Case, GoldCall, Tool
from evaluators.judge.failures import failure_of
from harness.types import Message, ToolCall

Respond = Callable[[str, Mapping[str, Any]], tuple[str, bool]]
"""A live world: (name, arguments) -> (answer, is an error)."""


@dataclass(frozen=True)
class Ask:
    """One user turn: what is asked, and the calls that carry it out, in order."""

    request: str
    calls: tuple[GoldCall, ...] = ()


@dataclass(frozen=True)
class Base:
    """A task with a plan that works. `open` builds a fresh world."""

    id: str
    tools: Mapping[str, Tool]
    asks: tuple[Ask, ...]
    open: Callable[[], Respond]
    policy: str = ""
    flat: bool = False
    require_reads: bool = True


@dataclass(frozen=True)
class Move:
    """A call to make. `answer` replaces the world's (text, is an error)."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    answer: tuple[str, bool] | None = None


@dataclass(frozen=True)
class Turn:
    """What happens in one user turn: batches of calls, then a reply (None: narrated)."""

    request: str
    batches: tuple[tuple[Move, ...], ...] = ()
    reply: str | None = None


Script = tuple[Turn, ...]


def script_of(base: Base) -> Script:
    """Write the plan down as a script, one call per batch."""
    return tuple(
        Turn(ask.request, tuple((Move(c.name, c.arguments),) for c in ask.calls))
        for ask in base.asks
    )


def play(base: Base, script: Script, **about: Any) -> Case:
    """Play a script through a fresh world and wrap the log as a case of the base's plan."""
    respond = base.open()
    log: list[Message] = []
    for turn in script:
        log.append(Message("user", turn.request))
        answers: list[str] = []
        for batch in turn.batches:
            answers += step(batch, respond, log)
        log.append(Message("agent", narrate(answers) if turn.reply is None else turn.reply))
    return case_from(base, log, **about)


def case_from(base: Base, log: Sequence[Message], **about: Any) -> Case:
    """Describe a run of a base by its log and plan; `about` overrides what is known."""
    gold = tuple(ask.calls for ask in base.asks)
    known: dict[str, Any] = {
        "tools": base.tools,
        "gold": (tuple(c for calls in gold for c in calls),) if base.flat else gold,
        "flat": base.flat,
        "require_reads": base.require_reads,
        "policy": base.policy,
        "user_mode": "fixed_queries",
        "end": "user_stop",
    }
    return Case(base.id, tuple(log), **{**known, **about})


def step(batch: Sequence[Move], respond: Respond, log: list[Message]) -> list[str]:
    """Make one batch of calls; returns the answers that were no errors."""
    calls = [
        ToolCall(f"call_{len(log)}_{number}", move.name, dict(move.arguments))
        for number, move in enumerate(batch)
    ]
    log.append(Message("agent", calls=tuple(calls)))
    good = []
    for call, move in zip(calls, batch, strict=True):
        text, error = move.answer or respond(move.name, move.arguments)
        log.append(Message("tool", text, owner="agent", call_id=call.id, error=error))
        if not error:
            good.append(text)
    return good


def narrate(answers: Sequence[str]) -> str:
    """Say what came back: up to six fields of every answer."""
    said = [", ".join(fields(text)[:6]) for text in answers]
    return "Here is what I have: " + "; ".join(s for s in said if s) + "." if any(said) else "Done."


def fields(text: str) -> list[str]:
    """Return the scalar fields of an answer as "name value"."""
    try:
        found = list(_fields(json.loads(text), ""))
    except ValueError:
        return [text[:80]] if text else []
    return [f"{name} {value}".strip() for name, value in found]


def _fields(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _fields(item, str(key).replace("_", " "))
    elif isinstance(value, list):
        for item in value[:3]:
            yield from _fields(item, name)
    elif value not in (None, "") and not isinstance(value, bool):
        yield name, value


def replayed(base: Base) -> Base | None:
    """Fill in what the plan's calls answer; None where two replays differ."""
    first, second = (answers_of(base) for _ in range(2))
    if first != second:
        return None
    answers = iter(first)
    asks = []
    for ask in base.asks:
        calls = []
        for call in ask.calls:
            text, error = next(answers)
            error = error or failure_of(text) is not None
            calls.append(replace(call, result=text, error=error))
        asks.append(replace(ask, calls=tuple(calls)))
    return replace(base, asks=tuple(asks))


def answers_of(base: Base) -> list[tuple[str, bool]]:
    respond = base.open()
    return [respond(c.name, c.arguments) for ask in base.asks for c in ask.calls]


def forgotten(base: Base) -> Base:
    """Return the base without the answers of its replay, as printed plans are."""
    bare = [
        replace(ask, calls=tuple(GoldCall(c.name, c.arguments, c.role) for c in ask.calls))
        for ask in base.asks
    ]
    return replace(base, asks=tuple(bare))


def verified(bases: Iterable[Base]) -> Iterator[Base]:
    """Yield the bases whose plan answers the same twice and in which no call fails."""
    for base in bases:
        known = replayed(base)
        if known and not any(c.error for ask in known.asks for c in ask.calls):
            yield known
