"""BFCL's key-value memory: a small core that is always in view, and a large archive.

Names, parameters, answers and error texts are those of the official back end. The class bears
its official name because Python's own error texts mention it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evaluators.bfcl.memory.ranking import rank

Answer = dict[str, Any]

_KEY = re.compile(r"^[a-z]+(_[a-z0-9]+)*$")


@dataclass
class Shelf:
    """One store of texts by key, with its limits and its own words."""

    name: str
    most_entries: int
    longest_entry: int
    added: str
    full: str
    entries: dict[str, str] = field(default_factory=dict)

    def add(self, key: Any, value: Any) -> Answer:
        key, value = str(key), str(value)
        if len(self.entries) >= self.most_entries:
            return {"error": f"{self.full} memory is full. Please clear some entries."}
        if len(value) > self.longest_entry:
            return self._too_long()
        if not _KEY.match(key):
            return {"error": "Key must be in snake_case format and cannot contain spaces."}
        if key in self.entries:
            return {"error": "Key name must be unique."}
        self.entries[key] = value
        return {"status": self.added}

    def replace(self, key: Any, value: Any) -> Answer:
        key, value = str(key), str(value)
        if key not in self.entries:
            return {"error": "Key not found."}
        if len(value) > self.longest_entry:
            return self._too_long()
        self.entries[key] = value
        return {"status": "Key replaced."}

    def remove(self, key: Any) -> Answer:
        if key not in self.entries:
            return {"error": "Key not found."}
        del self.entries[key]
        return {"status": "Key removed."}

    def clear(self) -> Answer:
        self.entries = {}
        return {"status": f"{self.name} term memory cleared."}

    def retrieve(self, key: Any) -> Answer:
        return {"value": self.entries[key]} if key in self.entries else {"error": "Key not found."}

    def search(self, query: str, k: int) -> Answer:
        return {"ranked_results": rank(query, list(self.entries))[:k]}

    def _too_long(self) -> Answer:
        limit = f"less than {self.longest_entry} characters"
        return {"error": f"Entry is too long. Please shorten the entry to {limit}."}


class MemoryAPI_kv:  # noqa: N801
    """The tools of the key-value memory over two shelves."""

    def __init__(self, snapshot: Mapping[str, Mapping[str, str]] | None = None) -> None:
        past = snapshot or {}
        core, archive = past.get("core_memory", {}), past.get("archival_memory", {})
        self._core = Shelf("Short", 7, 300, "Key-value pair added.", "Core", dict(core))
        self._archive = Shelf("Long", 50, 2000, "Key added.", "Long term", dict(archive))

    def _snapshot(self) -> dict[str, Any]:
        """Return everything that the next conversation inherits."""
        return {
            "core_memory": dict(self._core.entries),
            "archival_memory": dict(self._archive.entries),
        }

    def _in_view(self) -> str:
        """Return what the system text shows of the memory; empty where there is nothing."""
        return json.dumps(self._core.entries, indent=4) if self._core.entries else ""

    def core_memory_add(self, key: str, value: str) -> Answer:
        return self._core.add(key, value)

    def core_memory_remove(self, key: str) -> Answer:
        return self._core.remove(key)

    def core_memory_replace(self, key: str, value: str) -> Answer:
        return self._core.replace(key, value)

    def core_memory_clear(self) -> Answer:
        return self._core.clear()

    def core_memory_retrieve(self, key: str) -> Answer:
        return self._core.retrieve(key)

    def core_memory_list_keys(self) -> Answer:
        return {"keys": list(self._core.entries)}

    def core_memory_key_search(self, query: str, k: int = 5) -> Answer:
        return self._core.search(query, k)

    def core_memory_retrieve_all(self) -> Answer:
        return self._core.entries

    def archival_memory_add(self, key: str, value: str) -> Answer:
        return self._archive.add(key, value)

    def archival_memory_remove(self, key: str) -> Answer:
        return self._archive.remove(key)

    def archival_memory_replace(self, key: str, value: str) -> Answer:
        return self._archive.replace(key, value)

    def archival_memory_clear(self) -> Answer:
        return self._archive.clear()

    def archival_memory_retrieve(self, key: str) -> Answer:
        return self._archive.retrieve(key)

    def archival_memory_list_keys(self) -> Answer:
        return {"keys": list(self._archive.entries)}

    def archival_memory_key_search(self, query: str, k: int = 5) -> Answer:
        return self._archive.search(query, k)
