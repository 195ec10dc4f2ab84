"""Who takes part, and the rules of the conversation that a party may break.

Rules are wrappers around parties, not flags of the loop: a wrapper raises BadReply, which ends
the episode and blames the speaker. Officially such replies crash the run (empty replies,
undecodable arguments) or, where the protocol is enforced, end it as agent_error or user_error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from evaluators.tau2.history import AGENT_STOP, STOP_TEXTS
from harness.faults import BadReply
from harness.protocols import Party
from harness.types import Message, Role, ToolSpec

DONE = "done"


class Checked:
    """Refuses replies that cannot be used: empty ones and undecodable arguments.

    `enforce` also refuses text and calls in one message (the official validate_communication).
    """

    def __init__(self, party: Party, role: Role, *, enforce: bool = False) -> None:
        self.party = party
        self.role = role
        self.enforce = enforce
        self.system = getattr(party, "system", "")

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        message = await self.party.reply(log, tools)
        speaks = bool(message.text.strip())
        if not speaks and not message.calls and not message.stop:
            raise BadReply("neither text nor a call", message)
        if any(call.raw is not None for call in message.calls):
            raise BadReply("arguments that are not a JSON object", message)
        if self.enforce and speaks and message.calls:
            raise BadReply("text and calls in one message", message, f"{self.role}_error")
        return message


class DoneTool:
    """Offers an agent the tool `done`. A message with a call of it says goodbye instead, and
    loses all its calls; one without any call is an error (the official solo agent's rules)."""

    def __init__(self, party: Party, about: str) -> None:
        self.party = party
        self.done = ToolSpec(DONE, about, {"type": "object", "properties": {}})
        self.system = getattr(party, "system", "")

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        message = await self.party.reply(log, (*tools, self.done))
        if any(call.name == DONE for call in message.calls):
            return replace(message, text=AGENT_STOP, calls=())
        if not message.calls:
            raise BadReply("text, where only calls are allowed", message, "agent_error")
        return message


class Solo:
    """Holds an agent that has nobody to talk to to its calls; the stop text is its goodbye."""

    def __init__(self, party: Party) -> None:
        self.party = party
        self.system = getattr(party, "system", "")

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        message = await self.party.reply(log, tools)
        stops = AGENT_STOP in message.text
        if stops and message.calls:
            raise BadReply("a goodbye beside a call", message, "agent_error")
        if not stops and not message.calls:
            raise BadReply("text, where only calls are allowed", message, "agent_error")
        return replace(message, stop=stops)


PROMISE = re.compile(
    r"\b(i'll|i will|i'm going to|i am going to|let me|one moment|hold on|please wait|bear with)\b",
    re.IGNORECASE,
)


class StopGuard:
    """Holds a user's goodbye while the agent has promised something and not yet done it.

    Not official (users hang up before the write happens in a part of failed runs): for studies of
    the user simulator, at most `patience` times per episode. A held message keeps the user's text
    in `reasoning`, so that held stops can be counted in the log.
    """

    def __init__(self, party: Party, patience: int = 2) -> None:
        self.party = party
        self.patience = patience
        self.system = getattr(party, "system", "")

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        message = await self.party.reply(log, tools)
        if not message.stop or not self.patience or not promise_is_open(log):
            return message
        self.patience -= 1
        text = message.text
        for stop in STOP_TEXTS:
            text = text.replace(stop, "")
        held = f"held by the stop guard: {message.text}"
        return replace(message, text=text.strip() or "Go ahead.", stop=False, reasoning=held)


def promise_is_open(log: Sequence[Message]) -> bool:
    """Say whether the agent's last words announce an action, and no question is open."""
    last = next((line for line in reversed(log) if line.author == "agent" and line.text), None)
    return last is not None and "?" not in last.text and bool(PROMISE.search(last.text))
