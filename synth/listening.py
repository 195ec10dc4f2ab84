"""Understand an agent's words as far as rules can: what it asks for, promises, refuses, reports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

ASKING = re.compile(
    r"\?|\b(please|kindly) (provide|share|tell|give|specify|confirm|let me know|clarify|state)\b"
    r"|\b(could|can|may|would) (you|i have)\b|\bi('ll| will)? need (to know|you to|the|your)\b"
    r"|\blet me know\b",
    re.IGNORECASE,
)
VAGUE = re.compile(
    r"\b(more|further|additional|which|what) (details?|information|specifics)\b|\bclarif|\bspecif",
    re.IGNORECASE,
)
CONFIRMING = re.compile(
    r"\b(confirm|proceed|go ahead|shall i|should i|is (that|this) (ok|okay|correct|right)"
    r"|would you like me to|do you want me to|yes/no)\b",
    re.IGNORECASE,
)
OVER = re.compile(
    r"\b(anything|something) else\b|\bfurther assistance\b|\bhelp you with\b|\bassist you with\b",
    re.IGNORECASE,
)
PROMISING = re.compile(
    r"\b(i'll|i will|i'm going to|i am going to|let me|one moment|hold on|please wait|bear with)\b",
    re.IGNORECASE,
)
REFUSING = re.compile(
    r"\b(cannot|can't|can not|could not|couldn't|unable|not able|not possible|impossible|isn't "
    r"possible|not allowed|not permitted|no way to|do not have (a|the|any)|don't have (a|the|any)"
    r"|there is no|there's no|no such|does not exist|doesn't exist|not available|isn't available"
    r"|not supported)\b",
    re.IGNORECASE,
)


def sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.?!])\s+|\n+", text) if part.strip()]


def questions(text: str) -> list[str]:
    """Return the sentences of a text that ask for something."""
    return [part for part in sentences(text) if ASKING.search(part)]


def asks_for(text: str, cues: Iterable[str]) -> bool:
    """Say whether a text asks a question that fits one of the patterns."""
    asked = questions(text)
    return any(re.search(cue, part, re.IGNORECASE) for cue in cues for part in asked)


def asks_vaguely(text: str) -> bool:
    return any(VAGUE.search(part) for part in questions(text))


def asks_to_confirm(text: str) -> bool:
    return any(CONFIRMING.search(part) for part in questions(text))


def is_over(text: str) -> bool:
    """Say whether the only thing asked is whether there is anything else."""
    asked = questions(text)
    return bool(asked) and all(OVER.search(part) for part in asked)


def promises(text: str) -> bool:
    """Say whether a text announces an action and asks nothing."""
    return not questions(text) and bool(PROMISING.search(text))


def refuses(texts: Iterable[str]) -> bool:
    return any(REFUSING.search(text) for text in texts)


def first_fitting(text: str, cues: Sequence[Sequence[str]]) -> list[int]:
    """Return the positions of the cue lists that a text asks for."""
    return [number for number, patterns in enumerate(cues) if asks_for(text, patterns)]
