"""What tau2's users are told, its gold actions and what they leave, so that training data can be
kept clear of it. Every split counts, also those that may be trained on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evaluators.tau2.rewards import ROLES, criteria_of
from evaluators.tau2.tasks import rows_of
from evaluators.tau2.worlds.domain import MODULES, domain
from evaluators.tau2.worlds.store import Store


def user_texts(root: Path) -> Iterator[str]:
    """Yield the texts of every scenario, ticket and history of a user, domain by domain."""
    for task in tasks(root):
        yield from leaves(task.get("user_scenario"))
        yield from leaves(task.get("ticket"))
        for line in (task.get("initial_state") or {}).get("message_history") or ():
            if line.get("role") == "user":
                yield from leaves(line.get("content"))


def gold_calls(root: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every gold action."""
    for task in tasks(root):
        for action in (task.get("evaluation_criteria") or {}).get("actions") or ():
            yield action["name"], action.get("arguments") or {}


def final_states(root: Path) -> Iterator[tuple[Any, Any]]:
    """Yield the records that gold actions touch, before and after, of every task and side."""
    for name in MODULES:
        if (root / "domains" / name / "tasks.json").is_file():
            for row in rows_of(name).values():
                yield from touched(name, row)


def touched(name: str, row: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Carry out a task's gold actions and yield the records they touch, side by side."""
    start, end = domain(name).world(row), domain(name).world(row)
    for action in criteria_of(row).get("actions") or ():
        role = ROLES[action.get("requestor", "assistant")]
        end.respond(role, action["name"], action["arguments"])
    for old, new in zip(start.stores(), end.stores(), strict=True):
        changes = new.delta()
        yield sections(old, changes), sections(new, changes)


def sections(store: Store, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a store holds of the records, or whole sections, that a change names."""
    found = {}
    for section, change in changes.items():
        keys = (*change.get("set", ()), *change.get("gone", ()))
        whole = store[section]
        held = {key: whole[key] for key in keys if key in whole} if "whole" not in change else whole
        found[section] = held
    return found


def tasks(root: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(root.glob("domains/*/tasks*.json")):
        rows = json.loads(path.read_text(encoding="utf-8"))
        yield from rows["tasks"] if isinstance(rows, dict) else rows


def leaves(value: Any) -> Iterator[str]:
    """Yield the strings of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from leaves(part)
