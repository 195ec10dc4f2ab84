"""Worlds that fail by themselves, for the second generator of planted errors."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

from evaluators.judge.quality.bases import Ask, Respond


def broken(respond: Respond, rng: random.Random, ask: Ask) -> Respond:
    """From some call on, one tool of the sub-task fails for good."""
    doomed = rng.choice(ask.calls)
    text = rng.choice(["Error: internal error 7", '{"error": "Connection reset by peer"}',
                       '{"status_code": 503, "message": "down for maintenance"}'])  # fmt: skip

    def failing(name: str, given: Mapping[str, Any]) -> tuple[str, bool]:
        return (text, True) if name == doomed.name else respond(name, given)

    return failing


def shut(respond: Respond, rng: random.Random, ask: Ask) -> Respond:
    """One tool of the sub-task is not permitted."""
    doomed = rng.choice(ask.calls)

    def failing(name: str, given: Mapping[str, Any]) -> tuple[str, bool]:
        if name == doomed.name:
            return json.dumps({"error": "403: you do not have permission to do this"}), True
        return respond(name, given)

    return failing


def blank(respond: Respond, rng: random.Random, ask: Ask) -> Respond:
    """One read of the sub-task answers nothing."""
    readable = [c for c in ask.calls if c.name.startswith(("get_", "find_", "list_", "search_"))]
    doomed = rng.choice(readable or list(ask.calls))

    def empty(name: str, given: Mapping[str, Any]) -> tuple[str, bool]:
        real = respond(name, given)
        return (rng.choice(["null", "{}", ""]), False) if name == doomed.name else real

    return empty


def shaky(respond: Respond, rng: random.Random, ask: Ask) -> Respond:
    """The first call of the run fails once."""
    failed: list[str] = []

    def failing(name: str, given: Mapping[str, Any]) -> tuple[str, bool]:
        if not failed:
            failed.append(name)
            return json.dumps({"error": "The line is busy, please repeat."}), True
        return respond(name, given)

    return failing
