"""A user without a model: it tells what its scenario says, agrees, and hangs up.

Deterministic and free: for tests, benches and demonstrations. Its scores say something about the
machinery, not about an agent, and carry its label wherever they appear.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from evaluators.tau2.history import STOP_TEXTS
from evaluators.tau2.rewards import ROLES, criteria_of
from evaluators.tau2.worlds.domain import Row
from harness.types import Message, ToolCall, ToolSpec

STOP, TRANSFER, _ = STOP_TEXTS
LABEL = "scripted user"
CONFIRM = re.compile(
    r"\b(confirm|yes/no|proceed|shall i|should i|would you like me|is that ok)\b", re.I
)
ASKS = re.compile(r"\?|\bplease (provide|share|tell|give)\b", re.I)
OVER = re.compile(r"anything else|all done|have a (great|nice|good) day|you're all set", re.I)
TRANSFERRED = re.compile(r"transfer(red|ring)? (you )?to (a )?human|being transferred", re.I)
PATIENCE = 12


class ScriptedUser:
    """Plays one task's user by rules. It makes the user's gold calls when the agent names them."""

    system = ""

    def __init__(self, row: Row) -> None:
        scenario = row["user_scenario"]["instructions"]
        self.facts = [scenario] if isinstance(scenario, str) else facts(scenario)
        self.calls = [
            ToolCall(f"user-{number}", action["name"], action["arguments"])
            for number, action in enumerate(criteria_of(row).get("actions") or ())
            if ROLES[action.get("requestor", "assistant")] == "user"
        ]
        self.replies = 0

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        said = next((line.text for line in reversed(log) if line.author != "user"), "")
        if log and log[-1].author == "tool":
            return Message("user", f"I did that. It says: {said}")
        if call := self.wanted(said, tools):
            return Message("user", calls=(call,))
        self.replies += 1
        text = self.answer(said)
        return Message("user", text, stop=text in STOP_TEXTS)

    def wanted(self, said: str, tools: Sequence[ToolSpec]) -> ToolCall | None:
        """Take the next gold call that the agent named, in words or by its name."""
        offered = {tool.name for tool in tools}
        heard = said.lower().replace("_", " ")
        for position, call in enumerate(self.calls):
            if call.name in offered and call.name.replace("_", " ") in heard:
                return self.calls.pop(position)
        return None

    def answer(self, said: str) -> str:
        if self.replies == 1:
            return self.facts[0]
        if TRANSFERRED.search(said):
            return TRANSFER
        if OVER.search(said) or self.replies > PATIENCE:
            return STOP
        if CONFIRM.search(said):
            return "Yes, please proceed."
        if ASKS.search(said) and self.facts[1:]:
            return " ".join(self.facts[1:])
        return "Please go ahead." if ASKS.search(said) else STOP


def facts(scenario: Row) -> list[str]:
    """Return what the user wants and knows, the reason for the call first."""
    keys = ("reason_for_call", "known_info", "task_instructions")
    return [scenario[key] for key in keys if scenario.get(key)]
