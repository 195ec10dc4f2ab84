"""Which rows are trained on, how often, and which are kept for validation."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.types import Role
from train.choice import CHOICES, choose
from train.rows import Row, rows_of_records, rows_of_run

SOURCE_KEYS = CHOICES | {"path", "weight", "keep"}


def read_sources(
    sources: Sequence[Mapping[str, Any]],
    seat: Role,
    *,
    reasoning: bool = False,
    train_on_test: bool = False,
) -> list[tuple[list[Row], float]]:
    """Read each source: `{path, weight, keep}` and what `train.choice.choose` takes of it.

    A path is a run folder, or a JSONL file of records. Raises UserMistake where a source is
    missing, empty or wrong.
    """
    if not sources:
        raise UserMistake("there is nothing to train on: give train.sft.data=[{path: FOLDER}]")
    options = {"reasoning": reasoning, "train_on_test": train_on_test}
    parts = []
    for source in sources:
        require_source(source)
        rows = choose(list(read_rows(source, seat, **options)), source)
        if not rows:
            raise UserMistake(
                f"{source['path']} holds no row for the {seat}: every episode was left out"
            )
        parts.append((rows, float(source.get("weight", 1.0))))
    return parts


def require_source(source: Mapping[str, Any]) -> None:
    """Raise UserMistake where a source says nothing that can be read."""
    if unknown := set(source) - SOURCE_KEYS:
        raise UserMistake(f"data: unknown key {min(unknown)}: use {', '.join(sorted(SOURCE_KEYS))}")
    if not source.get("path"):
        raise UserMistake(f"data: {dict(source)} names no path: give path=FOLDER or FILE.jsonl")
    weight = source.get("weight", 1.0)
    if not isinstance(weight, (int, float)) or not 0 <= weight < math.inf:
        raise UserMistake(
            f"data: weight {weight!r} of {source['path']} is not a number of 0 or more"
        )
    for name in ("where", "paired"):
        if not isinstance(source.get(name) or {}, Mapping):
            raise UserMistake(
                f"data: {name}={source[name]!r} of {source['path']} maps no facts to values"
            )


def read_rows(source: Mapping[str, Any], seat: Role = "agent", **options: Any) -> Iterator[Row]:
    """Stream all rows of one source."""
    path = Path(source["path"])
    if path.suffix == ".jsonl":
        return rows_of_records(path, seat, reasoning=options.get("reasoning", False))
    return rows_of_run(path, seat, keep=source.get("keep", "pass"), **options)


def mix(
    parts: Iterable[tuple[Sequence[Row], float]], rng: random.Random, *, shuffled: bool = True
) -> list[Row]:
    """Take each part as often as its weight says (2.5: twice, and a random half)."""
    out: list[Row] = []
    for rows, weight in parts:
        out += list(rows) * int(weight)
        out += rng.sample(list(rows), round((weight - int(weight)) * len(rows)))
    if shuffled:
        rng.shuffle(out)
    return out


def split(
    parts: Sequence[tuple[Sequence[Row], float]], share: float, by: str, rng: random.Random
) -> tuple[list[tuple[list[Row], float]], list[Row]]:
    """Keep about `share` of the rows for validation, whole worlds (or whole plans) at a time.

    Rows that are twins of each other stay on one side, whatever they are split by.
    """
    if by not in ("world", "plan"):
        raise UserMistake(f"split by {by!r} is unknown: use world or plan")
    if not 0 <= share < 1:
        raise UserMistake(f"validation={share} is not a share from 0 to 1")
    rows = [row for part, _ in parts for row in part]
    kept = held_rows(groups(rows, by), share, rng)
    if share and (not kept or len(kept) == len(rows)):
        raise UserMistake(
            f"the data cannot be split by {by}: all rows belong together; split by plan, or "
            "set validation=0"
        )
    training = [([row for row in part if id(row) not in kept], weight) for part, weight in parts]
    return training, [row for row in rows if id(row) in kept]


def held_rows(found: Sequence[Sequence[Row]], share: float, rng: random.Random) -> set[int]:
    """Draw whole groups until they hold the share; a group that would be half of all is passed."""
    total = sum(map(len, found))
    wanted, kept = share * total, set[int]()
    for group in rng.sample(list(found), len(found)):
        if len(kept) >= wanted:
            break
        if len(kept) + len(group) <= max(wanted * 2, 1):
            kept |= {id(row) for row in group}
    return kept


def groups(rows: Sequence[Row], by: str) -> list[list[Row]]:
    """Join rows that share a world (or a plan) or are twins, directly or through others."""
    parents: dict[tuple[str, str], tuple[str, str]] = {}

    def root(key: tuple[str, str]) -> tuple[str, str]:
        while (parent := parents.setdefault(key, key)) != key:
            key = parent
        return key

    for row in rows:
        keys = keys_of(row, by)
        for other in keys[1:]:
            parents[root(other)] = root(keys[0])
    joined: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        joined[root(keys_of(row, by)[0])].append(row)
    return list(joined.values())


def keys_of(row: Row, by: str) -> list[tuple[str, str]]:
    named = row.world if by == "world" else row.plan
    keys = [(by, named or row.id)]
    if by == "world" and row.plan:
        keys.append(("plan", row.plan))
    return [*keys, ("twins", row.twins)] if row.twins else keys
