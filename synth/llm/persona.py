"""A user played by a model: goals in order, facts on request, no end before the last answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.faults import BadReply
from harness.types import Message, ToolSpec
from synth.acceptance.texts import holds
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


@dataclass(frozen=True)
class Fact:
    """Something the user knows: what it is, its value, and whether it is told only on request."""

    name: str
    value: str
    withheld: bool = False


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
            if fact.withheld and holds(text, fact.value) and not self.was_asked(fact, spoken):
                return f"{fact.name!r} is withheld and nobody has asked for it"
        if reply["done"] and (known - self.raised - goals or not answered(spoken)):
            return "it is not over: a goal is open or the assistant has not answered yet"
        if reply["done"] and goals - self.raised:
            return "a goal that is only now brought up has no answer yet"
        return None

    def was_asked(self, fact: Fact, spoken: Sequence[Message]) -> bool:
        """Say whether the assistant asked for a fact: its name's words, or the value itself."""
        heard = " ".join(line.text for line in spoken if line.author == "agent").lower()
        words = [word for word in fact.name.lower().replace("_", " ").split() if len(word) > 2]
        return any(word in heard for word in words) or holds(heard, fact.value)


def answered(spoken: Sequence[Message]) -> bool:
    return bool(spoken) and spoken[-1].author == "agent"
