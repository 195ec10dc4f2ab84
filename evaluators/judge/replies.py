"""What the agent said, held against what it had seen: numbers, ids, and claims of having acted."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from evaluators.judge.case import Case
from evaluators.judge.provenance import Sources, equals_rounded, numbers_in, tool_texts
from evaluators.judge.trace import Trace
from evaluators.judge.values import fold

_FIGURE = re.compile(r"(?<![\w.,/:#-])[$€£¥]?([0-9][0-9,]*(?:\.[0-9]+)?)(?![\w/:-]|[.,]\d)")
_CODE = re.compile(r"(?<![\w@.])(?=\w*\d)(?=\w*[A-Za-z])\w[\w-]{3,}|[\w.+-]+@[\w-]+\.\w+")
_CLAIM = re.compile(
    r"\b(?:has|have) been (?:successfully )?\w+(?:ed|en|t)\b|\bi(?:['’]ve| have) (?:successfully )?"
    r"\w+(?:ed|en|t)\b|\bsuccessfully \w+(?:ed|en)\b",
    re.I,
)
_CLAUSE_END = re.compile(r"[;\n]|[.!?,](?=\s|$)")
_COUNTS = 12


@dataclass(frozen=True, slots=True)
class Remark:
    """Something said that nothing supports. `about` is the field whose true value differs."""

    message: int
    turn: int
    span: str
    about: str = ""
    truth: str = ""

    @property
    def is_figure(self) -> bool:
        return self.span.strip("$€£¥").replace(",", "").replace(".", "").isdigit()


def unsupported_figures(
    case: Case, trace: Trace, *, all_of_them: bool, but: Collection[int | None] = ()
) -> Iterator[Remark]:
    """Yield numbers in replies that are neither seen, rounded, nor derived from what was seen.

    Small counts, list numbers, parts of longer numbers, times and dates are left alone. Unless
    `all_of_them` are wanted, only those that contradict a named field are looked at. The turns
    `but` are left out.
    """
    for turn, message, text in replies(case, trace):
        if turn in but:
            continue
        sources: Sources | None = None
        for found in _FIGURE.finditer(text):
            token = found[1].replace(",", "")
            number = float(token[:300])
            is_count = number <= _COUNTS and number.is_integer()
            if is_count or is_numbering(text, found) or stands(token, case, trace, message):
                continue
            about, truth = contradicted(trace, message, clause_at(text, found.start()), found[0])
            if not about and not all_of_them:
                continue
            sources = sources or sources_at(case, trace, message)
            if not supported(token, number, sources):
                yield Remark(message, turn, found[0], about, truth)


def replies(case: Case, trace: Trace) -> Iterator[tuple[int, int, str]]:
    """Yield what the agent said after the opening: (turn, log index, text)."""
    turn = -1
    for index, line in enumerate(case.log):
        if turn + 1 < trace.turns and trace.starts[turn + 1] == index:
            turn += 1
        if line.author == "agent" and line.text and index >= case.opening:
            yield turn, index, line.text


def stands(token: str, case: Case, trace: Trace, message: int) -> bool:
    """Say whether a number stands somewhere in what was said to the agent before."""
    if len(token) < 2:
        return False
    return any(token in line.text for line in case.log[:message] if line.author != "agent")


def is_numbering(text: str, found: re.Match[str]) -> bool:
    """Say whether a number only numbers a list item."""
    start = text.rfind("\n", 0, found.start()) + 1
    before = text[start : found.start()].strip(" \t*#-")
    return not before and text[found.end() : found.end() + 2] in (". ", ") ", ".\n", ")\n")


def supported(token: str, number: float, sources: Sources) -> bool:
    if number in sources.numbers or (len(token) >= 2 and token in sources.text.replace(",", "")):
        return True
    if any(equals_rounded(number, abs(n)) for n in sources.numbers):
        return True
    recent = [n for text in sources.recent for n in numbers_in(fold(text))][:40]
    return any(
        equals_rounded(number, result)
        for i, a in enumerate(recent)
        for b in [*recent[i + 1 :], 100.0, 1000.0, 60.0, 24.0, 12.0]
        for result in results_of(a, b)
    )


def results_of(a: float, b: float) -> Iterator[float]:
    yield from (a + b, abs(a - b), a * b)
    yield from ([a / b, 100 * a / b] if b else ())
    yield from ([b / a, 100 * b / a] if a else ())


def clause_at(text: str, place: int) -> str:
    """Return the clause that holds a place of a text."""
    start, end = 0, len(text)
    for found in _CLAUSE_END.finditer(text):
        if found.start() >= place:
            end = found.start()
            break
        start = found.end()
    return text[start:end]


def contradicted(trace: Trace, message: int, clause: str, figure: str) -> tuple[str, str]:
    """Find the one field of this turn's answers that a clause gives a number for, and its value.

    The clause must say "<words of the key> is <number>" or the like; nothing is found where the
    true number stands there too.
    """
    turn = trace.turn_of(message)
    named: dict[str, float] = {}
    folded = fold(clause)
    for act in trace.acts:
        if act.turn != turn or act.message > message or act.failure or not act.text:
            continue
        for key, value in figures_of(act.text):
            if gives(folded, key_words(key), figure):
                named[key] = value
    if len(named) != 1:
        return "", ""
    key, value = next(iter(named.items()))
    stated = numbers_in(folded)
    return ("", "") if any(equals_rounded(n, value) for n in stated) else (key, f"{value:g}")


def gives(clause: str, words: list[str], figure: str) -> bool:
    """Say whether a clause gives a number for a key: its words, at most three more, the number."""
    if not words or not all(word in clause for word in words):
        return False
    glue = r"\W+(?:(?:is|are|was|were|of|at|now|currently|stands|remains|the|a|about|be)\W+){0,3}"
    found = re.search(
        rf"\b{re.escape(words[-1])}{glue}{re.escape(fold(figure))}(?!\s*(?:%|percent))", clause
    )
    return found is not None


def figures_of(text: str) -> list[tuple[str, float]]:
    """List the numeric fields of a JSON answer: (key, value)."""
    try:
        return list(_figures(json.loads(text), ""))
    except (ValueError, RecursionError):
        return []


def _figures(value: Any, key: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _figures(item, str(name))
    elif isinstance(value, list):
        for item in value:
            yield from _figures(item, key)
    elif key and is_figure(value):
        yield key, float(value)


def is_figure(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


def key_words(key: str) -> list[str]:
    """Split a key (fuelLevel, cost_usd) into the words that a sentence would use."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|[_\W]+", " ", key).casefold().split()
    return [w for w in spaced if len(w) > 2 and w not in ("usd", "the", "value", "result")]


def unsupported_codes(case: Case, trace: Trace) -> Iterator[Remark]:
    """Yield ids and e-mail addresses in replies that the agent never saw."""
    for turn, message, text in replies(case, trace):
        sources: Sources | None = None
        for found in _CODE.finditer(text):
            if stands(found[0], case, trace, message) or is_measure(found[0]):
                continue
            sources = sources or sources_at(case, trace, message)
            if fold(found[0]) not in sources.text:
                yield Remark(message, turn, found[0])


def is_measure(token: str) -> bool:
    """Say whether a token is a number with a unit or an ordinal: 5km, 12pm, 3rd."""
    return (
        re.fullmatch(r"\d[\d.,]*(?:[a-z]{1,4}|%)|v?\d+(?:-\w+)+|\w+-\d+", token, re.I) is not None
    )


def sources_at(case: Case, trace: Trace, message: int) -> Sources:
    """Collect what the agent had seen when it spoke."""
    seen = [m for m in trace.log[:message] if m.author == "user" or m.owner != "user"]
    visible = [m.text for m in seen if m.author != "agent"]
    given = [json.dumps(dict(c.arguments), default=str) for m in seen for c in m.calls]
    names = {c.name for m in seen for c in m.calls}
    texts = [text for name in sorted(names) for text in tool_texts(case.tools, name)]
    return Sources([case.policy, *texts, *given, *visible], visible[-4:])


def claims(trace: Trace, turn: int) -> list[tuple[int, str]]:
    """Return what the agent says in a turn to have done: (log index, words)."""
    said = trace.said(turn)
    return [(i, found[0]) for i, text in said if (found := _CLAIM.search(text))]
