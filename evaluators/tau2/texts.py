"""What tau2's users are told and what its gold actions are, so that training data can be kept
clear of them. Every split counts, also those that may be trained on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


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
