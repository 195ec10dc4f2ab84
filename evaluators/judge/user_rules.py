"""Deterministic signs that a simulated user misbehaved (rules U1 to U13 of the user simulators)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evaluators.judge.align import Alignment
from evaluators.judge.case import Case
from evaluators.judge.provenance import Sources
from evaluators.judge.trace import Trace
from evaluators.judge.values import fold

_CONFIRM = re.compile(
    r"\b(?:do you (?:want|confirm|agree)|would you like|shall i|should i|(?<!how )(?:may|can) i"
    r"|is (?:that|this) (?:correct|ok|right|okay)|please confirm|confirm\b[^?]*\?"
    r"|proceed\b[^?]*\?|\(yes)",
    re.I,
)
_FLIPPED = re.compile(
    r"\bhow (?:can|may) i (?:help|assist) you"
    r"|\bi(?:['’]ve| have) (?:cancelled|processed|updated|booked) your\b"
    r"|\bis there anything else i can (?:help|do|assist)",
    re.I,
)
_PARTICULAR = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+|#?\b(?=\w*\d)\w{4,}\b")
_ORDINAL = re.compile(r"\d{1,2}(?:st|nd|rd|th)")
_COPIED_WORDS, _COPIED_SHARE = 60, 0.6


@dataclass(frozen=True, slots=True)
class Slip:
    """A rule that fired. `hinders`: it can make a good agent fail."""

    rule: str
    message: int
    reason: str
    hinders: bool


def slips(case: Case, trace: Trace, alignment: Alignment) -> list[Slip]:
    """Return every rule that fired, in log order. Users with fixed queries cannot misbehave."""
    if case.user_mode == "fixed_queries":
        return []
    found = [
        *hasty_stop(trace, alignment),
        *early_reveals(case, trace),
        *inventions(case, trace),
        *lines(case, trace),
        *intent_events(case, trace),
    ]
    return sorted(found, key=lambda slip: slip.message)


def hasty_stop(trace: Trace, alignment: Alignment) -> Iterator[Slip]:
    """U1: the user ends the conversation right after a question, with a planned write open."""
    log = trace.log
    if len(log) < 2 or log[-1].author != "user" or not log[-1].stop:
        return
    before = log[-2]
    if before.author == "agent" and _CONFIRM.search(before.text) and alignment.holes:
        yield Slip("U1", len(log) - 1, "stopped instead of answering the question", True)


def early_reveals(case: Case, trace: Trace) -> Iterator[Slip]:
    """U2: a withheld fact is told in the user's first text."""
    if trace.starts:
        first = Sources([trace.log[trace.starts[0]].text])
        for name, value in case.intent.withheld.items():
            if first.holds(value) and value not in (None, "") and not isinstance(value, bool):
                yield Slip("U2", trace.starts[0], f"told {name} without being asked", False)


def inventions(case: Case, trace: Trace) -> Iterator[Slip]:
    """U3: an id, number or e-mail that is in no scenario, agent text or user-tool result."""
    if not case.scenario:
        return
    seen = [fold(case.scenario)]
    for index, line in enumerate(trace.log):
        if line.author != "user":
            if line.author == "agent" or line.owner == "user":
                seen.append(fold(line.text))
            continue
        for token in () if line.stop else _PARTICULAR.findall(line.text):
            if not any(bare(token) in text for text in seen):
                yield Slip("U3", index, f"{token} is in no scenario", True)
        seen.append(fold(line.text))


def bare(token: str) -> str:
    """Return a token as it may stand elsewhere: no mark around it, 20 for 20th."""
    text = fold(token).strip("#.")
    return text[:-2] if _ORDINAL.fullmatch(text) else text


def lines(case: Case, trace: Trace) -> Iterator[Slip]:
    """U4 role flip, U5 repetition, U7 copied scenario, U8 empty text, U9 text beside a call."""
    said: set[str] = set()
    scenario = fold(case.scenario).split()
    for index, line in enumerate(trace.log):
        if line.author != "user" or index < case.opening:
            continue
        text = fold(line.text)
        if _FLIPPED.search(line.text):
            yield Slip("U4", index, "speaks as the agent", True)
        if text in said and len(text.split()) >= 4:
            yield Slip("U5", index, "repeats an earlier message", False)
        if scenario and copies(text.split(), scenario):
            yield Slip("U7", index, "recites the scenario", False)
        if not text and not line.calls and not line.stop:
            yield Slip("U8", index, "says nothing", True)
        if text and line.calls:
            yield Slip("U9", index, "speaks and calls at once", False)
        said.add(text)


def copies(words: list[str], scenario: list[str]) -> bool:
    """Say whether a message repeats more than 60 words, or 60 %, of the scenario in one run."""
    needed = min(_COPIED_WORDS + 1, int(_COPIED_SHARE * len(scenario)) + 1)
    if len(scenario) < 10 or len(words) < needed:
        return False
    runs = {tuple(scenario[i : i + needed]) for i in range(len(scenario) - needed + 1)}
    return any(tuple(words[i : i + needed]) in runs for i in range(len(words) - needed + 1))


def intent_events(case: Case, trace: Trace) -> Iterator[Slip]:
    """U12: a user who should change their mind never reaches the turn in which they do."""
    turn = case.intent.change_turn
    if case.intent.kind == "changing" and turn is not None and trace.turns <= turn:
        yield Slip("U12", max(len(trace.log) - 1, 0), "never changed the request", True)
