"""BFCL's summary memory: one text that the agent rewrites.

Names, parameters, answers and error texts are those of the official back end. The class bears
its official name because Python's own error texts mention it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Answer = dict[str, Any]

LONGEST = 10_000


class MemoryAPI_rec_sum:  # noqa: N801
    """The tools of the summary memory."""

    def __init__(self, snapshot: Mapping[str, str] | None = None) -> None:
        self._memory = (snapshot or {}).get("memory", "")

    def _snapshot(self) -> dict[str, Any]:
        """Return everything that the next conversation inherits."""
        return {"memory": self._memory}

    def _in_view(self) -> str:
        """Return what the system text shows of the memory; empty where there is nothing."""
        return self._memory

    def memory_append(self, text: str) -> Answer:
        longer = self._memory + str(text)
        if len(longer) > LONGEST:
            return _too_long("appending")
        self._memory = longer
        return {"status": "Memory appended."}

    def memory_update(self, text: str) -> Answer:
        if len(str(text)) > LONGEST:
            return _too_long("updating")
        self._memory = str(text)
        return {"status": "Memory updated."}

    def memory_clear(self) -> Answer:
        self._memory = ""
        return {"status": "Short term memory cleared."}

    def memory_replace(self, old_text: str, new_text: str) -> Answer:
        """Replace every occurrence. Only the new text's length is limited, not the result's."""
        old, new = str(old_text), str(new_text)
        if old not in self._memory:
            return {"error": f"Text '{old}' not found in memory."}
        if len(new) > LONGEST:
            return _too_long("replacing")
        self._memory = self._memory.replace(old, new)
        return {"status": "Memory updated."}

    def memory_retrieve(self) -> Answer:
        return {"memory_content": self._memory} if self._memory else {"error": "Memory is empty."}


def _too_long(step: str) -> Answer:
    limit = f"less than {LONGEST} characters"
    return {"error": f"Entry will be too long after {step}. Please shorten the entry to {limit}."}
