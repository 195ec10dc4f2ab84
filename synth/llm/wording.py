"""User texts by a model: what a plan is about, in a person's words."""

from __future__ import annotations

from dataclasses import dataclass

from synth.acceptance.texts import Brief, check_wording
from synth.llm.ask import Asker, Request
from synth.llm.prompts import load_prompt

TEXTS = {
    "type": "object",
    "properties": {"texts": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
    "required": ["texts"],
}


@dataclass(frozen=True)
class TaskWriter:
    """Word the turns of a task; what must be said is said, what is hidden stays hidden."""

    asker: Asker
    rounds: int = 2

    async def word(self, brief: Brief, sample: int = 0) -> list[str]:
        """Return one text per turn. Raises Rejected."""
        turns = [{"wish": turn.wish, "said": list(turn.said)} for turn in brief.turns]
        request = Request(
            load_prompt("wording"),
            {
                "persona": brief.persona or "an ordinary customer",
                "style": brief.style or "plain and friendly",
                "turns": turns,
                "hidden": list(brief.hidden),
            },
            TEXTS,
            lambda reply: check_wording(brief, reply["texts"]),
            self.rounds,
            sample,
        )
        return [str(text) for text in (await self.asker.ask(request))["texts"]]
