"""Users of synthesised tasks: a scripted one that fills slots, and the brief for a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.types import Message, ToolSpec
from synth.listening import (
    asks_for,
    asks_to_confirm,
    asks_vaguely,
    is_over,
    promises,
    questions,
    refuses,
)

LABEL = "scripted user"
STOP_TEXT = "###STOP###"
PATIENCE = 4
THANKS = "Thank you, that is all."
GIVES_UP = "All right, then we leave it at that. Goodbye."
CONFUSED = "I am not sure what you mean. Which detail do you need?"
UNKNOWN = "I'm sorry, I don't know that."
NO_KEY = "I don't know of any id or number."


class ScriptedUser:
    """Plays a scenario by rules. It reads what the agent says to it and nothing else.

    It says one message after another, tells withheld slots only when asked, changes its mind once
    where its scenario says so, and stops when the last wish was acknowledged or refused, or when
    nothing has come of PATIENCE replies in a row.
    """

    system = ""

    def __init__(self, scenario: Mapping[str, Any]) -> None:
        self.subtasks: Sequence[Mapping[str, Any]] = scenario["subtasks"]
        self.index = -1
        self.told: set[str] = set()
        self.changed: set[int] = set()
        self.idle = 0

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        if self.index < 0:
            return self.next_message("")
        said = next((m.text for m in reversed(log) if m.author == "agent" and m.text), "")
        answer = self.answer(said)
        if answer is None:
            return self.next_message(said)
        self.idle += 1
        if self.idle > PATIENCE:
            return Message("user", GIVES_UP, stop=True)
        return Message("user", answer)

    def next_message(self, said: str) -> Message:
        """Turn to the next wish, or say goodbye."""
        self.index += 1
        self.idle = 0
        if self.index < len(self.subtasks):
            return Message("user", str(self.subtasks[self.index]["text"]))
        return Message("user", GIVES_UP if refuses([said]) else THANKS, stop=True)

    def answer(self, said: str) -> str | None:
        """Return what to say about the wish under way; None when it is settled."""
        asked = bool(questions(said)) and not is_over(said)
        told = self.fill(said) if asked else []
        drift = self.drift(asked, told)
        if drift:
            return " ".join([drift, *told])
        if told:
            return " ".join(told)
        if not asked:
            if not said.strip() or promises(said):
                return "All right, please go ahead."
            return None
        if asks_to_confirm(said):
            return "Yes, please."
        return CONFUSED

    @property
    def slots(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self.subtasks[self.index]["slots"]
        return found

    def fill(self, said: str) -> list[str]:
        """Answer what is asked for; a vague question gets the first thing left out."""
        fitting = [slot for slot in self.slots if asks_for(said, slot["cues"])]
        if not fitting and asks_vaguely(said):
            fitting = [s for s in self.slots if s["withheld"] and s["id"] not in self.told][:1]
        unknown = [slot for slot in fitting if slot["unknown"]]
        self.told |= {slot["id"] for slot in fitting}
        answers = [slot["answer"] for slot in fitting if not slot["unknown"]]
        return answers + ([UNKNOWN] if unknown else [])

    def drift(self, asked: bool, told: Sequence[str]) -> str:
        """Return the change of mind that is due now: once, after a reply, a question or the end."""
        drift = self.subtasks[self.index].get("drift")
        if not drift or self.index in self.changed:
            return ""
        if drift["after"] == "question":
            due = drift["slot"] in self.told or not asked
        else:
            due = drift["after"] == "reply" or not (asked or told)
        if not due:
            return ""
        self.changed.add(self.index)
        self.idle = 0
        return str(drift["text"])


def brief(scenario: Mapping[str, Any]) -> str:
    """Write the system text for a model in the user's seat."""
    parts = [
        "You are a person who writes to a customer service. You want something done and you talk "
        "to an agent who has tools; you have none and see none of its tool calls.",
        f"Who you are and how you speak: {scenario['persona']}",
        "What you want, message by message, in this order:",
    ]
    for number, subtask in enumerate(scenario["subtasks"], 1):
        parts.append(f"{number}. {subtask['text']}")
        parts += [f"   {line}" for line in conditions(subtask)]
    parts += [
        "Rules: write short messages in your own words. Say one message of the list at a time. "
        "Never tell what you keep back before you are asked for it. Never invent facts; where you "
        f"are asked for something else, say that you do not know it. {NO_KEY}",
        f"When the last wish was done or refused, write {STOP_TEXT} and nothing else.",
    ]
    return "\n".join(parts)


def conditions(subtask: Mapping[str, Any]) -> list[str]:
    """Write what a message's user keeps back, does not know, and changes."""
    lines = []
    for slot in subtask["slots"]:
        if slot["unknown"]:
            lines.append(f"You do not know this, also when asked: {slot['id'].split(':')[-1]}")
        elif slot["withheld"]:
            lines.append(f"Only when asked for it: {slot['answer']}")
        else:
            lines.append(f"You may repeat: {slot['answer']}")
    drift = subtask.get("drift")
    if drift:
        when = {
            "reply": "After the agent's first reply",
            "question": "When the agent asks which one you mean",
            "end": "When the agent has done this",
        }[drift["after"]]
        lines.append(f"{when}, say: {drift['text']}")
    return lines
