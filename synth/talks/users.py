"""Who sits in the user's seat of a talk: faithful or sloppy by rule, or a model with a brief."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from harness.types import Message, Task, ToolSpec

GOODBYE = "Goodbye."
UNKNOWN = "I do not know."
WAIT = "One moment."
PATIENCE = 3
FAITHFUL = "faithful user: fixed rules, not a model"
SLOPPY = "sloppy user: fixed rules that drop, falsify and delay details and hang up, not a model"
SLIPS = ("drop", "wrong", "late", "leave")


def brief(task: Task) -> str:
    """Write what a user knows: what to say, and below it what to tell when asked."""
    lines = []
    for message in task.payload["messages"]:
        lines.append(f"Say: {message['text']}")
        lines += [f"{name}: {detail['value']}" for name, detail in message["details"].items()]
    return "\n".join(lines)


class Faithful:
    """Says one message after another, tells each detail when asked for it, then says goodbye."""

    def __init__(self, task: Task) -> None:
        self.system = brief(task)
        self.messages: Sequence[Mapping[str, Any]] = task.payload["messages"]
        self.place = -1
        self.lost = 0

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        said = next((m.text for m in reversed(log) if m.author == "agent" and m.text), "")
        asked = log and said.rstrip().endswith("?")
        if not asked or self.lost == PATIENCE:
            return self.go_on()
        details = self.messages[self.place]["details"]
        name = next((name for name in details if name in said.replace("?", " ").split()), None)
        if name is None:
            self.lost += 1
            return Message("user", UNKNOWN)
        return self.answer(details[name])

    def go_on(self) -> Message:
        """Say the next message, or goodbye after the last one."""
        self.place += 1
        if self.lost == PATIENCE or self.place == len(self.messages):
            return Message("user", GOODBYE, stop=True)
        return Message("user", str(self.messages[self.place]["text"]))

    def answer(self, detail: Mapping[str, Any]) -> Message:
        return Message("user", str(detail["value"]))


class Sloppy(Faithful):
    """Slips at `rate` of the questions: claims not to know, tells another value, asks to wait, or
    hangs up, each as often."""

    def __init__(self, task: Task, rate: float, rng: random.Random) -> None:
        super().__init__(task)
        self.rate, self.rng = rate, rng

    def answer(self, detail: Mapping[str, Any]) -> Message:
        slip = self.rng.choice(SLIPS) if self.rng.random() < self.rate else ""
        if slip == "leave":
            return Message("user", GOODBYE, stop=True)
        texts = {"drop": UNKNOWN, "wrong": str(detail["wrong"]), "late": WAIT}
        return Message("user", texts.get(slip, str(detail["value"])))
