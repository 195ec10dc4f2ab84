"""Edge edges of the dependency graph, judged by a model in batches; it proposes none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synth.graph import Edge
from synth.llm.ask import Asker, Request
from synth.llm.prompts import load_prompt
from synth.llm.specs import briefly
from synth.package import ToolRecord

BATCH = 25
VERDICTS = {
    "type": "object",
    "properties": {
        "edges": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"number": {"type": "integer"}, "holds": {"type": "boolean"}},
                "required": ["number", "holds"],
            },
        }
    },
    "required": ["edges"],
}


def line(edge: Edge, number: int) -> str:
    how = " -> ".join(edge.via) if edge.kind == "explicit" else ".".join(edge.via)
    return f"{number}. {edge.kind}: {edge.src} -> {edge.dst} ({how})"


@dataclass(frozen=True)
class DependencyJudge:
    """Keep the candidates that a model says hold: n/25 calls where the paper makes n(n-1)."""

    asker: Asker
    rounds: int = 2
    batch: int = BATCH

    async def judge(self, records: Sequence[ToolRecord], candidates: Sequence[Edge]) -> list[Edge]:
        """Return the candidates that hold, in order; those of rejected batches are left out."""
        batches = [
            candidates[start : start + self.batch]
            for start in range(0, len(candidates), self.batch)
        ]

        async def one(batch: Sequence[Edge]) -> list[Edge]:
            named = {name for c in batch for name in (c.src, c.dst)}
            lines = [line(edge, number) for number, edge in enumerate(batch, 1)]
            request = Request(
                load_prompt("dependency"),
                {
                    "specs": briefly([r for r in records if r.spec.name in named]),
                    "candidates": "\n".join(lines),
                },
                VERDICTS,
                lambda reply: numbers_problem(reply["edges"], len(batch)),
                self.rounds,
            )
            reply = await self.asker.ask(request)
            held = {entry["number"] for entry in reply["edges"] if entry["holds"]}
            return [c for number, c in enumerate(batch, 1) if number in held]

        judged = await self.asker.each(batches, one)
        return [candidate for _, kept in judged for candidate in kept]


def numbers_problem(entries: Sequence[Mapping[str, Any]], count: int) -> str | None:
    """Say whether every number from 1 to `count` occurs exactly once."""
    numbers = sorted(entry["number"] for entry in entries)
    return None if numbers == list(range(1, count + 1)) else f"give each of 1 to {count} once"
