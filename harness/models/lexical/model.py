"""The lexical baseline: a keyless, rule-based model that reads words, not meanings."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from harness.models.lexical.catalog import Catalog
from harness.models.lexical.conversation import read_turn
from harness.models.lexical.decision import Decision
from harness.types import Message, ToolCall, ToolSpec, Usage

CATALOGS = 64  # tool lists whose index is kept


class Lexical:
    """Pick tools by the words they share with the request and fill arguments from its text.

    A floor for every leaderboard: it needs no key, no weights and no network, decides from what
    it is shown alone, and gives up where nothing fits (`threshold`, 0..1). At `temperature` 0 it
    is deterministic; above, each call samples from its own `seed`. It makes at most
    `max_calls_per_turn` calls before it answers.
    """

    def __init__(
        self, temperature: float = 0.0, threshold: float = 0.27, max_calls_per_turn: int = 12
    ) -> None:
        self.temperature = temperature
        self.threshold = threshold
        self.max_calls_per_turn = max_calls_per_turn
        self.catalogs: OrderedDict[tuple[int, ...], Catalog] = OrderedDict()

    def describe(self) -> dict[str, Any]:
        """Name the model and its settings for the manifest of a run."""
        return {
            "kind": "lexical",
            "label": "rule-based",
            "temperature": self.temperature,
            "threshold": self.threshold,
            "max_calls_per_turn": self.max_calls_per_turn,
        }

    def plan(self) -> dict[str, Any]:
        """Say what using it takes: nothing."""
        return {**self.describe(), "cost_usd": 0.0, "keys": [], "gpus": []}

    def check(self) -> None:
        """Accept every machine."""

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message:
        """Make the next calls of the open request, or end the turn with a text."""
        turn = read_turn(chat)
        heat = sampling.get("temperature")
        rng = random.Random(f"{sampling.get('seed') or 0}|{len(chat)}")
        decision = Decision(
            turn,
            self.catalog(tools),
            rng,
            self.temperature if heat is None else float(heat),
            self.threshold,
        )
        room = max(0, self.max_calls_per_turn - len(turn.calls))
        calls = tuple(
            ToolCall(f"call_{len(chat)}_{number}", name, arguments)
            for number, (name, arguments) in enumerate(decision.calls()[:room])
        )
        usage = Usage(cost_usd=0.0)
        if not calls:
            return Message("agent", decision.text(), finish="stop", usage=usage)
        return Message("agent", calls=calls, finish="tool", usage=usage)

    def catalog(self, tools: Sequence[ToolSpec]) -> Catalog:
        """Index a tool list once for as long as the same tools are offered."""
        key = tuple(map(id, tools))
        catalog = self.catalogs.get(key)
        if catalog is None:
            catalog = self.catalogs[key] = Catalog(tools)
            if len(self.catalogs) > CATALOGS:
                self.catalogs.popitem(last=False)
        return catalog
