"""Planned calls in the wrong order: one consumes another's output or follows its effect."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from evaluators.judge.align import Alignment, Planned
from evaluators.judge.case import Case
from evaluators.judge.categories import INCORRECT, WRONG_ORDER
from evaluators.judge.findings import Notes
from evaluators.judge.provenance import sources_before
from evaluators.judge.trace import Act, Trace
from evaluators.judge.values import leaves, plain

_NOT_RECORDS = ("token", "secret", "password", "credential", "session", "user", "client", "grant",
                "customer", "account")  # fmt: skip


def label(case: Case, trace: Trace, alignment: Alignment, notes: Notes) -> None:
    """Note pairs A, B of the plan that were carried out as B, A although B depends on A.

    Where only the outcome counts, another order is an error only in a run that failed.
    """
    if not (case.require_reads or case.passed is False):
        return
    done = [p for p in alignment.planned if p.act is not None]  # failed ones too: it may be why
    numbers = [p.act.number for p in done if p.act]
    if numbers == sorted(numbers):
        return
    for i, first in enumerate(done):
        for second in done[i + 1 :]:
            assert first.act is not None
            assert second.act is not None
            if second.act.number > first.act.number or again(trace, second.act, first.act):
                continue
            why = dependency(case, trace, first, second)
            if why:
                reason = f"{second.act.name} ran before {first.act.name}, {why}"
                notes.about(second.act, (INCORRECT, WRONG_ORDER), reason)


def again(trace: Trace, act: Act, after: Act) -> bool:
    """Say whether the same call succeeded once more after another one."""
    return any(
        a.name == act.name and a.failure is None and dict(a.arguments) == dict(act.arguments)
        for a in trace.acts[after.number + 1 :]
    )


def dependency(case: Case, trace: Trace, first: Planned, second: Planned) -> str:
    """Say how the second planned call depends on the first, or return an empty text."""
    tools = case.tools or {}
    one, two = tools.get(first.gold.name), tools.get(second.gold.name)
    if one and one.auth and not (two and two.auth):
        return "which authenticates"
    if value := consumed(case, trace, first, second):
        return f"whose answer holds {value}"
    entity = shared_entity(first.gold.arguments, second.gold.arguments)
    read_after_write = one and one.write and two and two.write is False
    return f"which changes {entity}" if entity and read_after_write else ""


def consumed(case: Case, trace: Trace, first: Planned, second: Planned) -> str:
    """Return an argument of the second call that comes from the first one's answer.

    Values that the first call was itself given, or that the user just named, do not come from it;
    in flat plans neither do those that were visible before the second call was made.
    """
    assert first.act is not None
    assert second.act is not None
    answer = first.act.text or ""
    if not answer:
        return ""
    named = "\n".join([json.dumps(dict(first.act.arguments), default=str), *requests(trace, first)])
    for name, argument in second.act.arguments.items():
        for value in leaves(argument):
            text = quoted(name, value, answer)
            if text and not stands_in(text, named):
                visible = sources_before(case, trace, second.act) if case.flat else None
                if visible is None or not visible.holds(value):
                    return text[:80]
    return ""


def requests(trace: Trace, planned: Planned) -> list[str]:
    """Return what the user asked for in the turn of a planned call (anything, in flat plans)."""
    assert planned.act is not None
    return [trace.log[i].text for i in trace.starts if trace.turn_of(i) == planned.act.turn]


def quoted(name: str, value: Any, answer: str) -> str:
    """Return the part of an argument that an answer holds, as text, or an empty text.

    Of prose it is four words in a row; a small number counts only under a key that shares a word
    with the parameter (`"id": 3` for ticket_id).
    """
    if isinstance(value, bool) or value is None:
        return ""
    text = str(value)
    words = text.split()
    if len(words) >= 4:
        runs = (" ".join(words[i : i + 4]) for i in range(len(words) - 3))
        return next((run for run in runs if run in answer), "")
    if not stands_in(text, answer):
        return ""
    if is_small(value):
        return text if any(related(name, key) for key in keys_of(answer, value)) else ""
    return text if len(text) >= 3 else ""


def is_small(value: Any) -> bool:
    """Say whether a number is so small that it may stand anywhere by chance."""
    if isinstance(value, str):
        return value.isdigit() and len(value) < 4
    return isinstance(value, int | float) and abs(value) < 1000 and float(value).is_integer()


def stands_in(text: str, place: str) -> bool:
    """Find a text bounded by the ends of words."""
    return re.search(rf"(?<![\w.]){re.escape(text)}(?![\w]|\.\d)", place) is not None


def keys_of(answer: str, value: Any) -> list[str]:
    """List the keys under which an answer holds a value."""
    try:
        return list(_keys(json.loads(answer), plain(value), ""))
    except (ValueError, RecursionError):
        return []


def _keys(node: Any, wanted: Any, key: str) -> Iterator[str]:
    if isinstance(node, dict):
        for name, item in node.items():
            yield from _keys(item, wanted, name)
    elif isinstance(node, list):
        for item in node:
            yield from _keys(item, wanted, key)
    elif plain(node) == wanted:
        yield key


def related(parameter: str, key: str) -> bool:
    """Say whether a parameter and a field have a word in common."""
    one, two = (set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", n).lower()))
                for n in (parameter, key))  # fmt: skip
    return bool(one & two)


def shared_entity(one: Mapping[str, Any], two: Mapping[str, Any]) -> str:
    """Return the record that both calls are about: a parameter with the same name and value."""
    for name, value in one.items():
        if is_record(name.casefold()) and plain_or_text(two.get(name)) == plain_or_text(value):
            return f"{name} {value}"
    return ""


def is_record(name: str) -> bool:
    """Say whether a parameter names a record, and not the person who asks."""
    suffixes = ("id", "ids", "number", "name", "code", "key")
    return name.endswith(suffixes) and not any(word in name for word in _NOT_RECORDS)


def plain_or_text(value: Any) -> Any:
    return plain(value) if isinstance(value, str | int | float | bool) else str(value)
