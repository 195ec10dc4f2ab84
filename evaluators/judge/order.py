"""Planned calls in the wrong order: one consumes another's output or follows its effect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluators.judge.align import Alignment, Planned
from evaluators.judge.case import Case
from evaluators.judge.categories import INCORRECT, WRONG_ORDER
from evaluators.judge.findings import Notes
from evaluators.judge.provenance import Sources, sources_before
from evaluators.judge.trace import Act, Trace
from evaluators.judge.values import leaves, plain

_NOT_RECORDS = ("token", "secret", "password", "credential", "session", "user", "client", "grant",
                "customer", "account")  # fmt: skip


def label(case: Case, trace: Trace, alignment: Alignment, notes: Notes) -> None:
    """Note pairs A, B of the plan that were carried out as B, A although B depends on A."""
    done = [p for p in alignment.planned if p.act is not None and not p.broken]
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
    assert first.act is not None
    assert second.act is not None
    if value := consumed(case, trace, first.act, second.act):
        return f"whose answer holds {value}"
    entity = shared_entity(first.gold.arguments, second.gold.arguments)
    read_after_write = one and one.write and two and two.write is False
    return f"which changes {entity}" if entity and read_after_write else ""


def consumed(case: Case, trace: Trace, first: Act, second: Act) -> str:
    """Return an argument of the second call that the first one's answer holds, and that nothing
    showed before the second call was made."""
    if not first.text:
        return ""
    answer = Sources([first.text])
    values = [v for v in leaves(dict(second.arguments)) if is_specific(v) and answer.holds(v)]
    if not values:
        return ""
    visible = sources_before(case, trace, second)
    return next((str(v)[:80] for v in values if not visible.holds(v)), "")


def is_specific(value: Any) -> bool:
    """Say whether a value can carry a dependency (truths, nulls and prose cannot)."""
    if isinstance(value, str):
        return 0 < len(value.split()) < 4
    return isinstance(value, int | float) and not isinstance(value, bool)


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
