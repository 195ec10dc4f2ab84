"""The gold actions of a task as two scripts, to be played through the one loop."""

from __future__ import annotations

from collections.abc import Mapping

from evaluators.tau2.history import STOP_TEXTS
from evaluators.tau2.rewards import ROLES, criteria_of
from evaluators.tau2.worlds.domain import Row
from harness.episode import next_speaker
from harness.parties import Script
from harness.types import Message, Role, Task, ToolCall

HAND_OVER: Mapping[Role, str] = {"user": "Please go on.", "agent": "Please do that now."}


def gold_lines(row: Row, floor: Role = "user") -> dict[Role, list[Message]]:
    """Write both sides' lines: every action by its requestor, infos said, then a goodbye.

    A side keeps the floor while it calls tools and hands it over with a text.
    """
    lines: dict[Role, list[Message]] = {"agent": [], "user": []}

    def speak(role: Role, message: Message) -> None:
        nonlocal floor
        if role != floor:
            lines[floor].append(Message(floor, HAND_OVER[floor]))
            floor = role
        lines[role].append(message)

    criteria = criteria_of(row)
    for number, action in enumerate(criteria.get("actions") or ()):
        role = ROLES[action.get("requestor", "assistant")]
        call = ToolCall(f"gold-{number}", action["name"], action["arguments"])
        speak(role, Message(role, calls=(call,)))
    infos = criteria.get("communicate_info") or ()
    speak("agent", Message("agent", " ".join(["All done.", *map(str, infos)])))
    lines["user"].append(Message("user", STOP_TEXTS[0], stop=True))
    return lines


def gold_parties(task: Task) -> tuple[Script, Script]:
    """Return the agent and the user that replay a task's gold actions."""
    lines = gold_lines(task.payload, next_speaker(task.opening, task.opener))
    return (
        Script("agent", lines["agent"], ends="fault"),
        Script("user", lines["user"], ends="fault"),
    )
