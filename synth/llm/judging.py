"""Prose judged by a model, statement by statement, with quotes that must be there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.faults import ModelFault
from harness.types import Message
from synth.llm.ask import Asker, Rejected, Request
from synth.llm.edges import numbers_problem
from synth.llm.prompts import load_prompt

FINDINGS = {
    "type": "object",
    "properties": {
        "statements": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "number": {"type": "integer"},
                    "met": {"type": "boolean"},
                    "quote": {"type": "string"},
                },
                "required": ["number", "met", "quote"],
            },
        }
    },
    "required": ["statements"],
}


@dataclass(frozen=True)
class Finding:
    """Whether a statement is met, and the agent's words that show it."""

    statement: str
    met: bool
    quote: str


@dataclass(frozen=True)
class ProseJudge:
    """Judge what the user was told. A judge that cannot be read is a fault, never a verdict."""

    asker: Asker
    rounds: int = 2

    async def judge(
        self, statements: Sequence[str], log: Sequence[Message], sample: int = 0
    ) -> list[Finding]:
        """Return one finding per statement. Raises ModelFault (kind "judge")."""
        if not statements:
            return []
        spoken = [line for line in log if line.author != "tool" and line.text]
        said = " ".join(line.text for line in spoken if line.author == "agent")
        names = {"agent": "assistant", "user": "person"}
        request = Request(
            load_prompt("judge"),
            {
                "statements": [f"{n}. {text}" for n, text in enumerate(statements, 1)],
                "conversation": "\n".join(f"{names[m.author]}: {m.text}" for m in spoken),
            },
            FINDINGS,
            lambda reply: findings_problem(reply["statements"], len(statements), said),
            self.rounds,
            sample,
        )
        try:
            reply = await self.asker.ask(request)
        except Rejected as rejected:
            raise ModelFault(f"the judge's reply cannot be used: {rejected}", "judge") from None
        found = sorted(reply["statements"], key=lambda entry: entry["number"])
        return [
            Finding(text, entry["met"], entry["quote"])
            for text, entry in zip(statements, found, strict=True)
        ]


def findings_problem(entries: Sequence[Mapping[str, Any]], count: int, said: str) -> str | None:
    """Say what is wrong with findings: numbers, or a quote that the agent never said."""
    problem = numbers_problem(entries, count)
    if problem is not None:
        return problem
    heard = squeezed(said)
    for entry in entries:
        quote = squeezed(entry["quote"])
        if entry["met"] and (not quote or quote not in heard):
            return f"statement {entry['number']}: the assistant did not write {entry['quote']!r}"
    return None


def squeezed(text: str) -> str:
    return " ".join(text.lower().split())
