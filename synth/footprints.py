"""What a task leaves behind: the values that its final state holds and its initial one did not.

Two states are compared as trees, so that a benchmark's database and a synthesised one speak of the
same things in the same form: (record, field, value). A record counts by its identifier only where
it was there before; identifiers of new records are whatever the world gave them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.types import Task
from synth.package import EnvPackage
from synth.runs import tokenize
from synth.vocabulary import squeeze

SPECIFIC = 4
GONE = "gone"
Leaf = tuple[str, str, str]
Footprint = frozenset[Leaf]


def footprint(before: Any, after: Any) -> Footprint:
    """Return what `after` holds beyond `before`, and which records it holds no more."""
    old, new = set(leaves(before)), set(leaves(after))
    known, left = ({owner for owner, _, _ in tree} for tree in (old, new))
    found = {(GONE, "", owner) for owner in known - left if owner}
    for owner, name, value in new - old:
        if owner in known:
            found.add((owner, name, value))
        elif value != owner:
            found.add(("", name, value))
    return frozenset(found)


def is_specific(found: Footprint) -> bool:
    """Say whether a footprint is more than what anyone would leave (a door open, a status set)."""
    words = {word for owner, _, value in found for text in (owner, value) for word in text.split()}
    return len(words) >= SPECIFIC


def leaves(tree: Any, owner: str = "", name: str = "") -> Iterator[Leaf]:
    """Yield (record, field, value) of every scalar; a record is named by a key with a digit."""
    if isinstance(tree, Mapping):
        for key, part in tree.items():
            key = str(key)
            if isinstance(part, (Mapping, list, tuple)) and any(char.isdigit() for char in key):
                yield from leaves(part, folded(key), name)
            else:
                yield from leaves(part, owner, squeeze(key))
    elif isinstance(tree, (list, tuple)):
        for part in tree:
            own = identifier(part) if isinstance(part, Mapping) else ""
            yield from leaves(part, own or owner, name)
    elif tree is not None:
        yield owner, name, folded(tree)


def identifier(record: Mapping[str, Any]) -> str:
    """Return the value of a record's first field that is called an id; "" without one."""
    ids = (value for key, value in record.items() if squeeze(str(key)).endswith("id"))
    return folded(next((v for v in ids if isinstance(v, (str, int))), ""))


def folded(value: Any) -> str:
    """Fold what does not distinguish values: case, punctuation, 5 and 5.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(tokenize(str(value)))


def footprint_of(task: Task, package: EnvPackage) -> Footprint:
    """Return what the plan of a synthesised task leaves in its world."""
    plan, state_id = task.payload["plan"], task.payload["state_id"]
    if not plan["state_diff"]:
        return frozenset()
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    columns = package.blueprint(state_id).columns
    for table, rows in plan["state_diff"].items():
        names = [name for name, _ in columns[table]]
        keyed = sorted((key, position) for position, (_, key) in enumerate(columns[table]) if key)
        keys = [position for _, position in keyed]
        stored = package.states[state_id].get(table, ())
        old = {json.dumps([row[i] for i in keys]): row for row in stored}
        before[table] = [record(names, old[key]) for key in rows if key in old]
        after[table] = [record(names, row) for row in rows.values() if row is not None]
    return footprint(before, after)


def record(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """Return a row by its columns, JSON texts as what they hold."""
    return {name: parsed(value) for name, value in zip(names, row, strict=True)}


def parsed(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
