"""Who takes part in tau-bench v1: its rules of the conversation, as wrappers around parties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evaluators.tau2.history import GREETING
from harness.faults import EpisodeEnd
from harness.protocols import Party
from harness.types import Message, ToolSpec

HELLO = Message("agent", GREETING)


class OneAtATime:
    """An agent of which only the first call of a message counts, for `most` messages at most."""

    def __init__(self, party: Party, most: int) -> None:
        self.party = party
        self.left = most
        self.system = getattr(party, "system", "")

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        if self.left <= 0:
            raise EpisodeEnd("max_steps")
        self.left -= 1
        message = await self.party.reply(log, tools)
        return replace(message, calls=message.calls[:1])


class Greeted:
    """A user that has been greeted; the agent never learns that it said so."""

    def __init__(self, party: Party) -> None:
        self.party = party
        self.system = getattr(party, "system", "")

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        return await self.party.reply((HELLO, *log), tools)
