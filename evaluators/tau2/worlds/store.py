"""The state of one episode: a shared parsed database, of which only what is written is copied.

A database is a JSON object of *sections*; most sections are tables (id -> record). An episode
that writes one reservation owns a shallow copy of that table and a deep copy of that record.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]


def clone(value: Any) -> Any:
    """Copy a JSON value (several times faster than `copy.deepcopy`)."""
    if type(value) is dict:
        return {key: clone(item) for key, item in value.items()}
    if type(value) is list:
        return [clone(item) for item in value]
    return value


def canonical(value: Any) -> str:
    """Write a value as the official database hash sees it: int and float differ, order of keys
    does not matter, order of lists does."""
    return json.dumps(value, sort_keys=True, default=str)


class Base:
    """A parsed initial state that many stores share and nobody writes.

    `normalise` turns loaded JSON into the official dump of the database (field order, defaults,
    floats); it raises ValueError on data that does not fit. `notes` is room for indexes.
    """

    def __init__(self, root: Json, normalise: Callable[[Json], Json] = dict) -> None:
        self.normalise = normalise
        self.root = normalise(root)
        self.notes: Json = {}
        self._texts: dict[str, dict[str, str]] = {}
        self._merged: dict[int, tuple[Mapping[str, Any], Base]] = {}

    def merged(self, data: Mapping[str, Any]) -> Base:
        """Return the state with `data` merged in, parsed once per `data` object."""
        known = self._merged.get(id(data))
        if known is None:
            base = Base(merge(clone(self.root), data), self.normalise)
            known = self._merged[id(data)] = (data, base)  # holding `data` keeps its id taken
            while len(self._merged) > 512:
                del self._merged[next(iter(self._merged))]
        return known[1]

    def texts(self, section: str) -> dict[str, str]:
        """Give `"key": record` of a table's records as canonical text, computed once."""
        if section not in self._texts:
            self._texts[section] = {k: entry(k, v) for k, v in self.root[section].items()}
        return self._texts[section]


def merge(into: Json, data: Mapping[str, Any]) -> Json:
    """Merge nested objects of `data` into `into`; anything else replaces what was there."""
    for key, value in data.items():
        old = into.get(key)
        if isinstance(old, dict) and isinstance(value, Mapping):
            merge(old, value)
        else:
            into[key] = clone(value)
    return into


def entry(key: str, record: Any) -> str:
    return f"{json.dumps(key)}: {canonical(record)}"


class Store:
    """One episode's view of a Base. Whatever `store[section]` gives is for reading only."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self.own: Json = {}
        self._records: set[tuple[str, Any]] = set()

    def __getitem__(self, section: str) -> Any:
        own = self.own
        return own[section] if section in own else self.base.root[section]

    def __contains__(self, section: str) -> bool:
        return section in self.base.root

    def __setitem__(self, section: str, value: Any) -> None:
        """Replace a whole section."""
        self.own[section] = value
        self._records = {place for place in self._records if place[0] != section}
        self._records.add((section, None))

    def writable(self, section: str) -> Any:
        """Return this episode's own shallow copy of a section: add, replace and remove freely."""
        own = self.own.get(section)
        if own is None:
            own = self.own[section] = self.base.root[section].copy()
        return own

    def record(self, section: str, key: Any) -> Any:
        """Return this episode's own deep copy of one record; raises KeyError or IndexError."""
        table = self.writable(section)
        record = table[key]
        if (section, key) in self._records or (section, None) in self._records:
            return record
        self._records.add((section, key))
        old = self.base.root[section]
        if isinstance(old, list) or old.get(key) is record:
            record = table[key] = clone(record)
        return record

    def whole(self, section: str) -> Any:
        """Return this episode's own deep copy of a section (for small ones and lists)."""
        if (section, None) not in self._records:
            self[section] = clone(self[section])
        return self.own[section]

    def delta(self) -> Json:
        """Return the canonical change from the base: `{section: {set: …, gone: […]}}`.

        A section that is not a table is given whole, as `{section: {whole: …}}`.
        """
        out: Json = {}
        for section in sorted(self.own):
            change = difference(self.base.root.get(section), self.own[section])
            if change:
                out[section] = change
        return out

    def restore(self, delta: Mapping[str, Any]) -> None:
        """Apply what `delta` returned to a fresh store of the same base."""
        for section, change in delta.items():
            if "whole" in change:
                self[section] = clone(change["whole"])
                continue
            table = self.writable(section)
            for key in change.get("gone", ()):
                del table[key]
            for key, record in change.get("set", {}).items():
                table[key] = clone(record)

    def digest(self) -> str:
        """Return the official hash: sha256 of the whole state, keys sorted, as JSON with spaces."""
        parts = []
        for section in sorted(self.base.root.keys() | self.own.keys()):
            parts.append(f"{json.dumps(section)}: {self._text(section)}")
        return hashlib.sha256(f"{{{', '.join(parts)}}}".encode()).hexdigest()

    def _text(self, section: str) -> str:
        old, new = self.base.root.get(section), self[section]
        if not isinstance(old, dict) or not isinstance(new, dict):
            return canonical(new)
        texts = self.base.texts(section)
        lines = (
            texts[key] if key in old and old[key] is new[key] else entry(key, new[key])
            for key in sorted(new)
        )
        return f"{{{', '.join(lines)}}}"


def difference(old: Any, new: Any) -> Json:
    """Compare one section with its base; records that are the same object are the same."""
    if new is old:
        return {}
    if not isinstance(old, dict) or not isinstance(new, dict):
        return {} if canonical(old) == canonical(new) else {"whole": new}
    changed = {
        key: record
        for key, record in new.items()
        if key not in old or (old[key] is not record and canonical(old[key]) != canonical(record))
    }
    gone = sorted(key for key in old if key not in new)
    return {name: part for name, part in (("set", changed), ("gone", gone)) if part}
