"""The cast of the second generator: who does what, where it fits, what it is an example of."""

from __future__ import annotations

import json

from evaluators.judge.categories import (
    AUTHORIZATION,
    EXECUTION_ERROR,
    FABRICATED,
    INCOMPLETE,
    INCORRECT,
    MISSING_CALL,
    MISSING_OUTPUT,
    MISSING_PARAMETER,
    MISSING_REQUIRED_CALL,
    NO_TOOL_CALLS,
    NOT_AS_INTENDED,
    NOT_RECOVERED,
    UNEXPECTED_CALL,
    WRONG_ORDER,
    WRONG_TOOL,
)
from evaluators.judge.quality.bases import Ask, Base
from evaluators.judge.quality.failing_worlds import blank, broken, shaky, shut
from evaluators.judge.quality.flawed import Character, diligent
from evaluators.judge.quality.habits import (
    careless,
    confused,
    dreaming,
    eager,
    forget,
    hasty,
    sloppy,
    stale,
    stay_outside,
    talk,
    unaware,
)
from evaluators.judge.quality.manners import brisk, courteous, persistent, stumbling, thorough


def several(base: Base, ask: Ask) -> bool:
    return len(ask.calls) > 1


def no_login(base: Base, ask: Ask) -> bool:
    return bool(ask.calls) and not any(base.tools[c.name].auth for c in ask.calls)


def one_of_many(base: Base, ask: Ask) -> bool:
    """Say whether leaving a sub-task out leaves others that need calls."""
    return no_login(base, ask) and sum(bool(a.calls) for a in base.asks) > 1


def several_no_login(base: Base, ask: Ask) -> bool:
    return several(base, ask) and no_login(base, ask)


def chained(base: Base, ask: Ask) -> bool:
    """Say whether every answer of a sub-task shows a value that only the next call uses."""
    if len(ask.calls) != 2 or any(base.tools[c.name].auth for c in ask.calls):
        return False
    first, second = ask.calls
    text = json.dumps(first.result, default=str)
    known = ask.request + json.dumps(dict(first.arguments), default=str)
    values = [v for v in second.arguments.values() if isinstance(v, str) and len(v) > 4]
    return any(v in text and v not in known for v in values)


def reads(base: Base, ask: Ask) -> bool:
    names = [c.name for c in ask.calls]
    lookups = [n for n in names if n.startswith(("get_", "find_", "list_", "search_"))]
    full = all(len(str(c.result)) > 4 for c in ask.calls if c.name in lookups)
    return bool(lookups) and full and names.count(lookups[0]) == 1


def of(*categories: str) -> frozenset[str]:
    return frozenset(categories)


CHARACTERS: tuple[Character, ...] = (
    Character("mute", talk, of(NO_TOOL_CALLS, MISSING_REQUIRED_CALL), all_asks=True),
    Character("idler", talk, of(INCOMPLETE, MISSING_REQUIRED_CALL), one_of_many),
    Character("forgetful", forget, of(MISSING_CALL, MISSING_REQUIRED_CALL), several_no_login),
    Character("outsider", stay_outside, of(AUTHORIZATION, MISSING_REQUIRED_CALL), all_asks=True,
              allowed=of(NOT_RECOVERED, INCOMPLETE)),
    Character("careless", careless, of(INCORRECT, FABRICATED)),
    Character("stale", stale, of(INCORRECT, NOT_AS_INTENDED)),
    Character("sloppy", sloppy, of(INCORRECT, MISSING_PARAMETER)),
    Character("confused", confused, of(INCORRECT, WRONG_TOOL)),
    Character("dreaming", dreaming, of(INCORRECT, WRONG_TOOL)),
    Character("hasty", hasty, of(INCORRECT, WRONG_ORDER), chained),
    Character("eager", eager, of(INCORRECT, UNEXPECTED_CALL)),
    Character("broken world", unaware, of(EXECUTION_ERROR, NOT_RECOVERED), no_login, world=broken),
    Character("shut world", unaware, of(AUTHORIZATION, NOT_RECOVERED), no_login, world=shut),
    Character("blank world", unaware, of(MISSING_OUTPUT), reads, world=blank),
    Character("diligent", diligent, of()),
    Character("persistent", persistent, of(), all_asks=True, world=shaky),
    Character("stumbling", stumbling, of()),
    Character("thorough", thorough, of(), all_asks=True),
    Character("brisk", brisk, of(), all_asks=True),
    Character("courteous", courteous, of(), all_asks=True),
)  # fmt: skip
