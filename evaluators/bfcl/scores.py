"""BFCL's published totals from accuracies per category, each with its formula.

A total is None unless every category in its formula was run: a category not run is never a
silent 0. The official leaderboard does count it as 0; that figure is given beside as a lower
bound, named so and with the list of what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import fsum
from types import MappingProxyType
from typing import Any

from evaluators.bfcl.categories import CATEGORIES, MEMORY, MULTI_TURN, WEB_SEARCH

Accuracy = Mapping[str, float]

LIVE_COUNTS: Mapping[str, int] = MappingProxyType(
    {
        "live_simple": 258,
        "live_multiple": 1053,
        "live_parallel": 16,
        "live_parallel_multiple": 24,
    }
)
_SIMPLE = ("simple_python", "simple_java", "simple_javascript")
_NON_LIVE = ("multiple", "parallel", "parallel_multiple")
_IRRELEVANCE = ("irrelevance", "live_irrelevance")

_SHORT = (*_SIMPLE, *_NON_LIVE, *LIVE_COUNTS, *_IRRELEVANCE, *MULTI_TURN)
_ALL = (*_SHORT, *WEB_SEARCH, *MEMORY)

OFFICIAL = "Overall (official)"
OFFICIAL_BOUND = "Overall (official, lower bound: categories not run count 0)"
VULCAN = "Overall (VULCAN)"

_OFFICIAL_FORMULA = (
    "0.1 NonLive + 0.1 Live + 0.1 Irrelevance + 0.3 MultiTurn + 0.4 Agentic; "
    "NonLive = mean(mean(simple_python, simple_java, simple_javascript), multiple, parallel, "
    "parallel_multiple); Live = mean over its 1,351 AST entries; Irrelevance = "
    "mean(irrelevance, live_irrelevance); MultiTurn = mean of 4; "
    "Agentic = mean(mean of 2 web_search, mean of 3 memory)"
)
_GROUP = "a part of Overall"
_VULCAN_FORMULA = (
    "0.5 MultiTurn + 0.5 mean(NonLive, Live, Irrelevance), parts as in the official Overall"
)


def totals(accuracy: Accuracy) -> list[dict[str, Any]]:
    """Return the official Overall and VULCAN's, with the lower bound where parts are missing, and
    the groups that they are made of where those are whole.

    `accuracy` maps categories to [0, 1]. Each total has `name`, `formula`, `value` (None where
    categories are `missing`), `categories` (those used) and `missing`. Raises ValueError for an
    unknown category or a number outside [0, 1].
    """
    _check(accuracy)
    found = [
        _total(OFFICIAL, _OFFICIAL_FORMULA, _official, _ALL, accuracy),
        _total(VULCAN, _VULCAN_FORMULA, _vulcan, _SHORT, accuracy),
    ]
    if found[0]["missing"] and found[0]["categories"]:
        zeros = {**dict.fromkeys(_ALL, 0.0), **accuracy}
        found.insert(1, {**found[0], "name": OFFICIAL_BOUND, "value": _official(zeros)})
    whole = [name for name, value in groups(accuracy).items() if value is not None]
    parts = {name: _GROUPS[name] for name in whole}
    return found + [_total(n, _GROUP, rule, names, accuracy) for n, (rule, names) in parts.items()]


def groups(accuracy: Accuracy) -> dict[str, float | None]:
    """Return NonLive, Live, Irrelevance, MultiTurn and Agentic; None where a part is missing."""
    _check(accuracy)
    return {
        name: rule(accuracy) if all(part in accuracy for part in parts) else None
        for name, (rule, parts) in _GROUPS.items()
    }


def _total(
    name: str,
    formula: str,
    rule: Callable[[Accuracy], float],
    parts: Sequence[str],
    accuracy: Accuracy,
) -> dict[str, Any]:
    missing = [part for part in parts if part not in accuracy]
    return {
        "name": name,
        "formula": formula,
        "value": None if missing else rule(accuracy),
        "categories": [part for part in parts if part in accuracy],
        "missing": missing,
    }


def _official(accuracy: Accuracy) -> float:
    return fsum(
        weight * rule(accuracy)
        for weight, rule in (
            (0.1, _non_live),
            (0.1, _live),
            (0.1, _irrelevance),
            (0.3, _multi_turn),
            (0.4, _agentic),
        )
    )


def _vulcan(accuracy: Accuracy) -> float:
    """VULCAN's table B.1 (its printed formula omits the division by three)."""
    single = _mean([_non_live(accuracy), _live(accuracy), _irrelevance(accuracy)])
    return 0.5 * _multi_turn(accuracy) + 0.5 * single


def _non_live(accuracy: Accuracy) -> float:
    simple = _mean([accuracy[name] for name in _SIMPLE])
    return _mean([simple, *(accuracy[name] for name in _NON_LIVE)])


def _live(accuracy: Accuracy) -> float:
    weighted = fsum(accuracy[name] * count for name, count in LIVE_COUNTS.items())
    return weighted / sum(LIVE_COUNTS.values())


def _irrelevance(accuracy: Accuracy) -> float:
    return _mean([accuracy[name] for name in _IRRELEVANCE])


def _multi_turn(accuracy: Accuracy) -> float:
    return _mean([accuracy[name] for name in MULTI_TURN])


def _agentic(accuracy: Accuracy) -> float:
    web, memory = ([accuracy[name] for name in names] for names in (WEB_SEARCH, MEMORY))
    return _mean([_mean(web), _mean(memory)])


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)


def _check(accuracy: Accuracy) -> None:
    for name, value in accuracy.items():
        if name not in CATEGORIES:
            raise ValueError(f"BFCL has no category {name!r}")
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"accuracy of {name} is {value!r}: a fraction from 0 to 1 is needed")


_GROUPS: Mapping[str, tuple[Callable[[Accuracy], float], Sequence[str]]] = MappingProxyType(
    {
        "NonLive": (_non_live, (*_SIMPLE, *_NON_LIVE)),
        "Live": (_live, tuple(LIVE_COUNTS)),
        "Irrelevance": (_irrelevance, _IRRELEVANCE),
        "MultiTurn": (_multi_turn, MULTI_TURN),
        "Agentic": (_agentic, (*WEB_SEARCH, *MEMORY)),
    }
)
