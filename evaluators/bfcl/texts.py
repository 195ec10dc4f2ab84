"""What BFCL's users say and what its gold calls are, so that training data can be kept clear."""

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
from evaluators.bfcl.gold_calls import named_call, single_turn_calls


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


def parameters(data: BfclData, row: Row) -> dict[str, list[str]]:
    """Return the parameters of every function of a stateful entry, in their order."""
    docs = (doc for name in row["involved_classes"] for doc in data.func_doc(name))
    return {doc["name"]: list(doc["parameters"]["properties"]) for doc in docs}
