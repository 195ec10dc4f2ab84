"""A run with an error put into it on purpose, and what a judge should say of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from evaluators.judge.case import UNKNOWN, Case
from evaluators.judge.categories import (
    AUTHORIZATION,
    EXECUTION_ERROR,
    NOT_RECOVERED,
)
from evaluators.judge.quality.bases import Base, Script, play


@dataclass(frozen=True)
class Planted:
    """A case with its truth. Nothing wrong is planted in controls.

    `truth` are the planted categories of both tables. `allowed` are true consequences that a
    judge may name or leave out (a wrong id is wrong, and its call fails as well).
    """

    case: Case
    kind: str
    truth: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()

    @property
    def control(self) -> bool:
        return not self.truth


def plant(
    base: Base, script: Script, kind: str, truth: Iterable[str], allowed: Iterable[str] = ()
) -> Planted:
    """Play a flawed script; calls that fail although the plan's do not are allowed to be named."""
    case = play(base, script, passed=False)
    failed = any(m.error or '"error"' in m.text for m in case.log)  # a base's plan never fails
    consequences = {EXECUTION_ERROR, NOT_RECOVERED, AUTHORIZATION} if failed else set()
    truth = frozenset(truth)
    return Planted(case, kind, truth, frozenset(allowed) | consequences - truth)


def control(base: Base, script: Script, kind: str) -> Planted:
    """Play a script that is as good as the plan. Nobody says whether it passed."""
    return Planted(play(base, script), f"control: {kind}")


def as_row(planted: Planted) -> dict[str, Any]:
    """Write a planted case as a row of printed runs (see `evaluators.judge.printed`)."""
    case = planted.case
    gold = [
        [
            {"name": c.name, "arguments": dict(c.arguments)}
            | ({"error": c.error} if c.error is not None else {})
            | ({"result": decoded(c.result)} if c.result is not UNKNOWN else {})
            for c in calls
        ]
        for calls in case.gold or ()
    ]
    return {
        "id": case.id,
        "kind": planted.kind,
        "user_mode": case.user_mode,
        "policy": case.policy,
        "expected_behaviour": case.behaviour,
        "missing": list(case.missing),
        "forbidden_actions": [{"name": a.name, "arguments": a.arguments} for a in case.forbidden],
        "messages": [as_message(line) for line in case.log],
        "outcome": None if planted.control else "fail",
        "gold_plan" if case.flat else "gold_plan_by_turn": gold[0] if case.flat else gold,
        "truth": sorted(planted.truth),
        "allowed": sorted(planted.allowed),
    }


def as_message(line: Any) -> dict[str, Any]:
    if line.author == "tool":
        return {"role": "tool", "tool_call_id": line.call_id, "content": line.text}
    message: dict[str, Any] = {"role": "user" if line.author == "user" else "assistant"}
    message["content"] = line.text or None
    if line.calls:
        message["tool_calls"] = [
            {"id": c.id, "name": c.name, "arguments": dict(c.arguments)} for c in line.calls
        ]
    return message


def decoded(result: Any) -> Any:
    try:
        return json.loads(result) if isinstance(result, str) else result
    except ValueError:
        return result
