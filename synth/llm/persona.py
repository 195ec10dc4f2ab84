"""A user played by a model: goals in order, facts on request, no end before the last answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.faults import BadReply
from harness.types import Message, ToolSpec
from synth.acceptance.texts import holds
from synth.listening import asks_for, asks_vaguely
from synth.llm.ask import Asker, Rejected, Request
from synth.llm.prompts import load_prompt

REPLY = {
    "type": "object",
    "properties": {
        "message": {"type": "string"},
        "goals": {"type": "array", "items": {"type": "integer"}},
        "done": {"type": "boolean"},
    },
    "required": ["message", "goals", "done"],
}
MOST_GOALS = 2
PLAIN = frozenset(
    """a an and are as be by called for from has have i in is it its m mean my name named of on one
    or please s should that the their this to was whose with""".split()
)
"""Words that tell nothing apart."""


@dataclass(frozen=True)
class Fact:
    """Something the user knows: what it is, its value, and whether it is told only on request.

    `cues` are patterns of questions that ask for it; without any its name's words are.
    """

    name: str
    value: str
    withheld: bool = False
    cues: tuple[str, ...] = ()


@dataclass(frozen=True)
class Persona:
    """Who the user is and what it wants, in order."""

    about: str
    goals: tuple[str, ...]
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class PersonaUsers:
    """Make one user per episode."""

    asker: Asker
    rounds: int = 2

    def user(self, persona: Persona, sample: int = 0) -> PersonaUser:
        return PersonaUser(self.asker, persona, sample, self.rounds)


class PersonaUser:
    """One episode's user. A reply that breaks the rules twice ends the episode as its failure."""

    def __init__(self, asker: Asker, persona: Persona, sample: int = 0, rounds: int = 2) -> None:
        self.asker, self.persona, self.sample, self.rounds = asker, persona, sample, rounds
        self.raised: set[int] = set()
        self.system = load_prompt("user").chat(self.values(()))[0]["content"]

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        """Say the next thing, or hang up. Raises BadReply."""
        spoken = [line for line in log if line.author != "tool" and line.text]
        request = Request(
            load_prompt("user"),
            self.values(spoken),
            REPLY,
            lambda reply: self.problem(reply, spoken),
            self.rounds,
            self.sample,
        )
        try:
            reply = await self.asker.ask(request)
        except Rejected as rejected:
            raise BadReply(f"the user broke its rules: {rejected}") from None
        self.raised |= set(reply["goals"])
        return Message("user", reply["message"], stop=reply["done"])

    def values(self, spoken: Sequence[Message]) -> dict[str, Any]:
        goals = [f"{number}. {goal}" for number, goal in enumerate(self.persona.goals, 1)]
        facts = [
            f"{fact.name}: {fact.value}{' (withheld)' if fact.withheld else ''}"
            for fact in self.persona.facts
        ]
        names = {"agent": "assistant", "user": "you"}
        lines = [f"{names[line.author]}: {line.text}" for line in spoken]
        return {
            "persona": self.persona.about,
            "goals": "\n".join(goals),
            "facts": "\n".join(facts) or "none",
            "conversation": "\n".join(lines) or "(you begin)",
            "raised": ", ".join(map(str, sorted(self.raised))) or "none",
        }

    def problem(self, reply: Mapping[str, Any], spoken: Sequence[Message]) -> str | None:
        """Say which rule a reply breaks, or None."""
        text, goals = reply["message"], set(reply["goals"])
        known = set(range(1, len(self.persona.goals) + 1))
        if not text.strip() and not reply["done"]:
            return "the message is empty"
        if not goals <= known:
            return f"there is no goal {min(goals - known)}"
        if len(goals - self.raised) > MOST_GOALS:
            return f"at most {MOST_GOALS} new goals are brought up at a time"
        for fact in self.persona.facts:
            if fact.withheld and self.gives_away(text, fact) and not self.was_asked(fact, spoken):
                return f"{fact.name!r} is withheld and nobody has asked for it"
        if reply["done"] and (known - self.raised - goals or not answered(spoken)):
            return "it is not over: a goal is open or the assistant has not answered yet"
        if reply["done"] and goals - self.raised:
            return "a goal that is only now brought up has no answer yet"
        return None

    def gives_away(self, text: str, fact: Fact) -> bool:
        """Say whether a text tells a fact in whatever words: all that is special about it."""
        special = words_of(fact.value) - words_of(" ".join((*self.persona.goals, fact.name)))
        return special <= words_of(text) if special else holds(text, fact.value)

    def was_asked(self, fact: Fact, spoken: Sequence[Message]) -> bool:
        """Say whether the assistant asked a question that the fact answers, or named it itself."""
        heard = [line.text for line in spoken if line.author == "agent"]
        cues = fact.cues or tuple(
            rf"\b{re.escape(word)}" for word in re.findall(r"\w{3,}", fact.name.lower())
        )
        return any(
            asks_for(text, cues) or asks_vaguely(text) or holds(text, fact.value) for text in heard
        )


def words_of(text: str) -> set[str]:
    """Return the words of a text that carry it, and its numbers."""
    return set(re.findall(r"\w+", text.lower())) - PLAIN


def answered(spoken: Sequence[Message]) -> bool:
    return bool(spoken) and spoken[-1].author == "agent"
