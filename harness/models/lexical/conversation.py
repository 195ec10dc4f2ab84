"""What a chat asks for now: the open request, the calls already made for it, and what is known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.models.lexical.slots import MISSING, Slot
from harness.types import ToolCall

RESULTS = 8  # tool results that are searched, newest first
RESULT_LENGTH = 50_000  # characters of a result that are parsed
LEAVES = 2_000  # values of a result that are looked at


@dataclass(frozen=True, slots=True)
class Turn:
    """The open request with the calls made and results seen for it; `earlier` is newest first."""

    request: str
    earlier: tuple[str, ...]
    calls: tuple[ToolCall, ...]
    answers: tuple[tuple[str, str], ...]
    results: tuple[str, ...]


def read_turn(chat: Sequence[Mapping[str, Any]]) -> Turn:
    """Read a chat from its end. A question of ours joins the request with what answered it."""
    texts: list[str] = []
    calls: list[ToolCall] = []
    results: list[str] = []
    by_id: dict[Any, str] = {}
    earlier: list[str] = []
    open_turn, joined = True, True
    for line in reversed(chat):
        role, text = line.get("role"), line.get("content")
        text = text if isinstance(text, str) else ""
        if role == "tool":
            if len(results) < RESULTS:
                results.append(text)
            if open_turn:
                by_id[line.get("tool_call_id")] = text
        elif role == "assistant":
            made = line.get("calls") or ()
            if open_turn:
                calls[:0] = made
            else:
                joined = joined and not made and is_question(text)
        elif role == "user":
            if joined and len(texts) < 3:
                texts.insert(0, text)
                open_turn = False
            elif len(earlier) < 3:
                earlier.append(text)
            else:
                break
    answers = tuple((call.name, by_id[call.id]) for call in calls if call.id in by_id)
    return Turn("\n".join(texts), tuple(earlier), tuple(calls), answers, tuple(results))


def question(need: str, tool: str) -> str:
    """Ask the user for what a tool needs."""
    return f"I need the {need} before I can call {tool}."


def is_question(text: str) -> bool:
    """Say whether a text of ours asked the user for something."""
    return text.startswith("I need the ") and " before I can call " in text


class Memory:
    """Values by name in earlier tool results, parsed when first asked for."""

    def __init__(self, results: Sequence[str]) -> None:
        self.results = results
        self.known: list[tuple[str, str, Any]] | None = None

    def recall(self, slot: Slot) -> Any:
        """Return the newest value whose key is the slot's name; MISSING where there is none."""
        if self.known is None:
            self.known = [leaf for text in self.results for leaf in leaves(text)]
        wanted = plain(slot.path[-1])
        for parent, key, value in self.known:
            if wanted in (key, parent + key, parent.removesuffix("s") + key):
                fitting = fit(value, slot.kind)
                if fitting is not MISSING:
                    return fitting
        return MISSING


def plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def leaves(text: str) -> Iterator[tuple[str, str, Any]]:
    """Yield (parent key, key, value) of the scalars of a JSON text, breadth first."""
    if not text.lstrip().startswith(("{", "[")):
        return
    try:
        queue: list[tuple[str, str, Any]] = [("", "", json.loads(text[:RESULT_LENGTH]))]
    except (ValueError, RecursionError):
        return
    for parent, key, value in queue:
        if isinstance(value, Mapping):
            queue += [(key, plain(str(name)), inner) for name, inner in value.items()]
        elif isinstance(value, list):
            queue += [(parent, key, inner) for inner in value[:50]]
        elif key and value not in (None, ""):
            yield parent, key, value
        if len(queue) > LEAVES:
            del queue[LEAVES:]


def fit(value: Any, kind: str) -> Any:
    """Return a found value if it can stand for `kind`, else MISSING."""
    if kind in ("string", "any") and not isinstance(value, bool):
        return str(value) if kind == "string" else value
    if kind == "boolean" and isinstance(value, bool):
        return value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "number" and number:
        return value
    return value if kind == "integer" and number and value == int(value) else MISSING
