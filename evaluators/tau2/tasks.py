"""The tasks of a domain and split, as the pack has them, and as tasks of our loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from evaluators.tau2.history import GREETING, to_log
from evaluators.tau2.pack import read_json, root
from evaluators.tau2.worlds.domain import MODULES, Row
from harness.faults import UserMistake
from harness.types import Message, Task

SPLITS = ("base", "train", "test", "small", "full")
NAME = "tau2"


def rows_of(name: str) -> Mapping[str, Row]:
    """Return every task row of a domain by id, parsed once per process and pack."""
    if name not in MODULES:
        raise UserMistake(f"unknown tau2 domain {name!r}: choose among {', '.join(MODULES)}")
    return _rows(root() / "domains" / name)


@lru_cache(maxsize=16)
def _rows(folder: Path) -> Mapping[str, Row]:
    rows = read_json(folder / "tasks.json")
    if isinstance(rows, dict):
        rows = rows["tasks"]
    return {str(row["id"]): row for row in rows}


def task_row(name: str, task_id: str) -> Row:
    """Return one task row; raises UserMistake where this revision of the data has none."""
    rows = rows_of(name)
    if task_id not in rows:
        raise UserMistake(f"the tau2 pack's {name} tasks have no {task_id!r}: another revision?")
    return rows[task_id]


def split_ids(name: str, split: str) -> Sequence[str]:
    """Return the ids of a split in the task file's order. A domain without splits has base only."""
    rows = rows_of(name)
    splits = splits_of(name)
    if not splits and split == "base":
        return list(rows)
    if split not in splits:
        known = ", ".join(splits or ("base",))
        raise UserMistake(f"tau2 {name} has no split {split!r}: choose among {known}")
    wanted = set(map(str, splits[split]))
    if lost := sorted(wanted - rows.keys()):
        raise UserMistake(
            f"tau2 {name}: split {split} names {len(lost)} tasks that tasks.json lacks "
            f"({lost[0]!r}, …): files of two revisions? Pull the pack again"
        )
    return [task_id for task_id in rows if task_id in wanted]


def is_trainable(name: str, split: str) -> bool:
    """Say whether a split has no test task. Where no split is called test, all are."""
    return "test" in splits_of(name) and not (
        {*split_ids(name, split)} & {*split_ids(name, "test")}
    )


def splits_of(name: str) -> Mapping[str, Sequence[str]]:
    """Return the ids of every split of a domain; nothing where its tasks are not split."""
    path = root() / "domains" / name / "split_tasks.json"
    return _splits(path) if path.exists() else {}


@lru_cache(maxsize=16)
def _splits(path: Path) -> Mapping[str, Sequence[str]]:
    splits: Mapping[str, Sequence[str]] = read_json(path)
    return splits


def load_tasks(
    name: str, split: str = "base", *, solo: bool = False, options: Mapping[str, str] | None = None
) -> list[Task]:
    """Return a split's tasks. `options` (banking's retrieval) travel in each task's payload."""
    rows = rows_of(name)
    return [make_task(name, rows[i], solo=solo, options=options) for i in split_ids(name, split)]


def make_task(
    name: str, row: Row, *, solo: bool = False, options: Mapping[str, str] | None = None
) -> Task:
    """Wrap a row: its payload is the official row, marked with mode and options where set."""
    marks: dict[str, Any] = {"solo": True} if solo else {}
    if options:
        marks["options"] = dict(options)
    return Task(
        id=f"{name}/{row['id']}",
        benchmark=NAME,
        payload={**row, **marks} if marks else row,
        opening=opening_of(row, solo=solo),
        domain=name,
        opener="agent" if solo else "user",
    )


def opening_of(row: Row, *, solo: bool = False) -> tuple[Message, ...]:
    """Return what was said before: the task's history, else the greeting (nothing in solo)."""
    history = (row.get("initial_state") or {}).get("message_history")
    if history:
        return to_log(history)
    return () if solo else (Message("agent", GREETING),)
