"""The lexical baseline: a keyless, rule-based model that reads words, not meanings."""

from __future__ import annotations

import json
import random
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.models.lexical.catalog import Catalog, Match
from harness.models.lexical.filling import fill, Filling
from harness.models.lexical.options import Options
from harness.models.lexical.reading import Reading
from harness.models.lexical.slots import MISSING, Slot
from harness.types import Message, ToolCall, ToolSpec, Usage


class Lexical:
    """Picks tools by shared words and fills arguments from the text; never sees a gold answer."""

    def __init__(self, temperature: float = 0.7, threshold: float = 0.35, max_calls: int = 8):
        self.temperature = temperature
        self.threshold = threshold
        self.max_calls = max_calls

    async def generate(self, chat, tools, **sampling):
        request = chat[-1]["content"]
        reading = Reading(request)
        cat = Catalog(tools)
        best = sorted(cat.matches(reading.terms), key=lambda m: -m.rank)
        if not best:
            return Message("agent", "no tool")
        m = best[0]
        f = fill(m.entry.slots, Options(reading, lambda p: True, random.Random(0)).of(m.entry.slots), reading.places, lambda s: MISSING)
        self.last = (m, f)
        if f.missing or m.fit < self.threshold:
            return Message("agent", f"missing {f.missing}")
        return Message("agent", calls=tuple(ToolCall(str(i), m.entry.spec.name, a) for i, a in enumerate(f.calls)))
