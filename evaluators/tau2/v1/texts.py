"""What tau-bench v1's users are told and what its gold actions are, in every split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evaluators.tau2.v1.source import ENVS, SPLITS, read_tasks


def user_texts(root: Path) -> Iterator[str]:
    """Yield the instruction of every task."""
    for task in tasks(root):
        yield task["instruction"]


def gold_calls(root: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every gold action."""
    for task in tasks(root):
        for action in task["actions"]:
            yield action["name"], action.get("kwargs") or {}


def tasks(root: Path) -> Iterator[dict[str, Any]]:
    for domain, splits in SPLITS.items():
        for split in splits:
            if (root / ENVS / domain / f"tasks_{split}.py").is_file():
                yield from read_tasks(root, domain, split)
