"""The verdict of memory and web search: is an accepted answer in the model's last words?"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

_IGNORED = str.maketrans("'", '"', ",./-_*^()")

_FAILURES = (AttributeError, TypeError, ValueError, RecursionError)


def standard_answer(text: str) -> str:
    """Return the text as answers are compared: without `,./-_*^()`, in lower case; blanks stay."""
    return text.translate(_IGNORED).lower()


def names_answer(text: str, golds: Sequence[str]) -> bool:
    """Say whether one of the golds stands in the text, bounded by the ends of words."""
    said = standard_answer(text)
    return any(re.search(rf"\b{re.escape(standard_answer(gold))}\b", said) for gold in golds)


def agentic_verdict(result: Any, golds: Sequence[str]) -> tuple[bool, str | None]:
    """Judge a stored result: one turn, a list of steps; a step is calls or the model's text.

    A step counts as words when it is not a non-empty list of `{name: JSON text}` calls; only the
    last such step is judged, and an empty one fails even if an earlier one held the answer.
    """
    if type(result) is not list or len(result) != 1:
        return False, "agentic:inference_error"
    steps = result[0] if isinstance(result[0], list | str | dict | tuple) else ()
    words = [step for step in steps if not _is_executable(step)]
    if not words or not words[-1]:
        return False, "agentic:no_last_message"
    last = words[-1]
    found = names_answer(_written(last[0] if type(last) is list else last), golds)
    return found, None if found else "agentic:answer_not_found"


def _written(step: Any) -> str:
    try:
        return step if type(step) is str else str(step)
    except RecursionError:
        return ""


def _is_executable(step: Any) -> bool:
    """Say whether the official decoder turns a step into at least one call."""
    try:
        values = [
            value for call in ([step] if type(step) is dict else step) for value in call.values()
        ]
        for value in values:
            (json.loads(value) if type(value) is str else value).items()
    except _FAILURES:
        return False
    return bool(values)
