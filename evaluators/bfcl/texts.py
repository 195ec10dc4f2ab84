"""What BFCL's users say, its gold calls and what they leave: training data is kept clear of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evaluators.bfcl.categories import (
    FORMAT_SENSITIVITY,
    MEMORY,
    MULTI_TURN,
    SCORED,
    is_relevance,
    is_single_turn,
)
from evaluators.bfcl.data import BfclData, Row
from evaluators.bfcl.delta import plain
from evaluators.bfcl.gold_calls import named_call, single_turn_calls
from evaluators.bfcl.multi_turn import MultiTurnChecker


def user_texts(root: Path) -> Iterator[str]:
    """Yield every text of a user; format sensitivity repeats others' and is left out."""
    data = BfclData(root)
    for category in SCORED:
        for row in data.entries(category):
            yield from said(row)
    for row in data.prerequisites(MEMORY[0]):
        yield from said(row)


def said(row: Row) -> Iterator[str]:
    for turn in row["question"]:
        yield from (line["content"] for line in turn if line["role"] == "user")


def gold_calls(root: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every gold call, with the first accepted value of each argument."""
    data = BfclData(root)
    for category in SCORED:
        if is_single_turn(category) and category != FORMAT_SENSITIVITY:
            for row in data.entries(category) if not is_relevance(category) else ():
                yield from single_turn_calls(data, row["id"])
        elif category in MULTI_TURN:
            for row in data.entries(category):
                order = parameters(data, row)
                for turn in data.answer(row["id"]):
                    yield from (named_call(text, order) for text in turn)


def final_states(root: Path) -> Iterator[tuple[Any, Any]]:
    """Yield the public state before and after the gold calls of every stateful entry."""
    checker = MultiTurnChecker(BfclData(root))
    for category in MULTI_TURN:
        for row in checker.data.entries(category):
            blueprint = checker.blueprint(row["id"])
            world = blueprint.world()
            for call in (call for turn in checker.data.answer(row["id"]) for call in turn):
                world.respond(call)
            yield trees(blueprint.initial, world.objects)


def trees(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the public attributes that differ, by class and name."""
    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    for name, instance in after.items():
        for attribute, value in vars(instance).items():
            was = getattr(before[name], attribute, None)
            if not attribute.startswith("_") and was != value:
                old.setdefault(name, {})[attribute] = plain(was)
                new.setdefault(name, {})[attribute] = plain(value)
    return old, new


def parameters(data: BfclData, row: Row) -> dict[str, list[str]]:
    """Return the parameters of every function of a stateful entry, in their order."""
    docs = (doc for name in row["involved_classes"] for doc in data.func_doc(name))
    return {doc["name"]: list(doc["parameters"]["properties"]) for doc in docs}
