"""The errors of the project, drawn as a tree.

    ToolFault     a call was wrong; the caller is told and may try again
    EpisodeEnd    the world is finished; the argument is a key of `types.ENDS`
    BadReply      a party's reply cannot be used (too long, empty, undecodable): its failure, scored
    ModelFault    infrastructure failed: recorded with its seat, retried on resume, never scored
    UserMistake   a bad config, file or key: printed as one line, exit status 2

Anything else is a bug and crashes.
"""

from __future__ import annotations

from harness.types import Message, Seat


class ToolFault(Exception):
    """A tool call was wrong. Its text is the tool's answer, word for word."""


class EpisodeEnd(Exception):
    """The world closes the episode; `str(self)` is the end."""


class BadReply(Exception):
    """A party's reply cannot be used. `message`, if there is one, is kept as the last line."""

    def __init__(self, text: str, message: Message | None = None, end: str = "") -> None:
        super().__init__(text)
        self.message = message
        self.end = end


class ModelFault(Exception):
    """A model, judge or world could not be reached or run; `kind` is a short machine word.

    `seat` says what failed where it is not whoever was asked: an evaluator that finds the world
    broken names "env", or its judge would be blamed.
    """

    def __init__(self, text: str, kind: str = "model", seat: Seat | None = None) -> None:
        super().__init__(text)
        self.kind = kind
        self.seat = seat


class UserMistake(Exception):
    """What is wrong, the offending value and what to do, in one line."""
