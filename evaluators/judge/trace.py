"""A log as acts and replies: who called what in which turn, what came back, what was said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.judge.failures import failure_of
from harness.types import Message, Role, ToolCall

_ADMITS = re.compile(
    r"\b(?:(?:could|can|would|did) ?(?:not|n['’]t)|cannot|unable|fail(?:ed|s|ure)?|error"
    r"|unfortunately|apologi\w+|sorry|does ?(?:not|n['’]t) exist|no such|reject\w*|declined|denied"
    r"|not (?:found|possible|allowed|permitted|recogni[sz]ed)|refused|unsuccessful\w*|went wrong"
    r"|non-?existent)\b",
    re.I,
)
_DENIES = re.compile(
    r"\b(?:(?:was|were|is|are|does|do|has|have|had|will) ?(?:not|n['’]t)"
    r"|not (?:available|able|valid)|invalid|unknown|unavailable|unrecogni[sz]ed|must be"
    r"|needs to be|expired|(?:an?|the) (?:issue|problem))\b",
    re.I,
)
_WORD = re.compile(r"[a-z]{4,}")
_GENERIC = frozenset(["error", "failed", "failure", "invalid", "with", "this", "that", "must"])


class Act:
    """One call with its answer. `turn` counts user texts from 0 (-1 before the first).

    `failure` is the answer's error message; None where it succeeded or nothing came back.
    """

    __slots__ = ("call", "failure", "message", "number", "role", "text", "turn")

    def __init__(self, call: ToolCall, role: Role, turn: int, message: int, number: int) -> None:
        self.call = call
        self.role = role
        self.turn = turn
        self.message = message
        self.number = number
        self.text: str | None = None
        self.failure: str | None = None

    @property
    def name(self) -> str:
        return self.call.name

    @property
    def arguments(self) -> Mapping[str, Any]:
        return self.call.arguments

    def answer(self, line: Message) -> None:
        """Take a tool line as the call's answer."""
        self.text = line.text
        self.failure = failure_of(line.text)
        if line.error and self.failure is None:
            self.failure = line.text[:500] or "error"


class Trace:
    """The acts of a log in order, and where its turns begin.

    `starts` holds the log index of each user text; `acts` both sides' calls.
    """

    def __init__(self, log: Sequence[Message]) -> None:
        self.log = log
        self.acts: list[Act] = []
        self.starts: list[int] = []
        waiting: list[Act] = []
        for index, line in enumerate(log):
            if line.author == "tool":
                self._answer(waiting, line)
                continue
            if line.author == "user" and line.text and not line.calls and not line.stop:
                self.starts.append(index)
            for call in line.calls:
                act = Act(call, line.author, len(self.starts) - 1, index, len(self.acts))
                self.acts.append(act)
                waiting.append(act)

    def _answer(self, waiting: list[Act], line: Message) -> None:
        place = next((i for i, a in enumerate(waiting) if a.call.id == line.call_id), None)
        if place is None and waiting and not line.call_id:
            place = 0
        if place is not None:
            waiting.pop(place).answer(line)

    @property
    def turns(self) -> int:
        return len(self.starts)

    def of(self, role: Role) -> list[Act]:
        return [act for act in self.acts if act.role == role]

    def turn_of(self, index: int) -> int:
        """Return the turn that a log line belongs to."""
        return sum(start <= index for start in self.starts) - 1

    def span(self, turn: int) -> tuple[int, int]:
        """Return the log indexes [first, last) of a turn; turn -1 is what was said before."""
        first = self.starts[turn] if turn >= 0 else 0
        last = self.starts[turn + 1] if turn + 1 < len(self.starts) else len(self.log)
        return first, last

    def said(self, turn: int) -> list[tuple[int, str]]:
        """Return what the agent said in a turn: (log index, text)."""
        if turn >= len(self.starts):
            return []
        first, last = self.span(turn)
        lines = ((i, self.log[i]) for i in range(first, last))
        return [(i, m.text) for i, m in lines if m.author == "agent" and m.text.strip()]

    def acknowledged(self, act: Act) -> bool:
        """Say whether the agent, before the next user text, says that a call went wrong.

        An open admission will do; a mere "not" has to share a word with the error.
        """
        about = set(_WORD.findall((act.failure or "").lower())) - _GENERIC
        later = (text for i, text in self.said(act.turn) if i > act.message)
        return any(
            admits_failure(text)
            or (_DENIES.search(text) and about & set(_WORD.findall(text.lower())))
            for text in later
        )


def admits_failure(text: str) -> bool:
    """Say whether a text speaks openly of something that could not be done."""
    return _ADMITS.search(text) is not None
