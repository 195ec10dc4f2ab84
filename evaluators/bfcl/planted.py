"""BFCL's multi-turn gold as verified runs to plant errors into (see `evaluators.judge.quality`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from evaluators.bfcl.cases import replayed, tools_of
from evaluators.bfcl.conversations import Conversations
from evaluators.bfcl.data import BfclData
from evaluators.bfcl.multi_turn import checker_of
from evaluators.bfcl.tasks import data_of
from evaluators.judge.quality.bases import Ask, Base, Respond
from harness.faults import ToolFault
from harness.packs import locate

CATEGORY = "multi_turn_base"


def bases(count: int, seed: int = 0) -> Iterator[Base]:
    """Yield `count` entries of the base category from number `seed` on, with their requests."""
    data = data_of(locate("bfcl", None, pull=True).root)
    requests = Conversations(data, "native").requests
    entries = data.entries(CATEGORY)
    for number in range(min(count, len(entries))):
        task_id = entries[(seed + number) % len(entries)]["id"]
        texts = [text or "Go on." for text in requests(task_id)]
        asks = tuple(
            Ask(text, calls) for text, calls in zip(texts, replayed(data, task_id), strict=True)
        )
        yield Base(task_id, tools_of(data, task_id, False), asks, opener(data, task_id))


def opener(data: BfclData, task_id: str) -> Callable[[], Respond]:
    def open_world() -> Respond:
        world = checker_of(data).blueprint(task_id).world("planted")

        def respond(name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
            try:
                return world.answer((name, arguments)), False
            except ToolFault as fault:
                return str(fault), True

        return respond

    return open_world
