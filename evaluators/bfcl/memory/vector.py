"""BFCL's vector memory: entries by number, found by the similarity of their embeddings.

Names, parameters, answers and error texts are those of the official back end. The class bears
its official name because Python's own error texts mention it. Needs `sentence-transformers`;
scores may differ from the official ones in the last digits of single precision.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from harness.faults import UserMistake

Answer = dict[str, Any]
Encode = Callable[[Sequence[str]], Any]
"""Texts to an array of shape (texts, dimensions) whose rows have length 1."""

ENCODER = "all-MiniLM-L6-v2"


@cache
def load_encoder() -> Encode:
    """Load the official encoder; UserMistake where the library or the weights are missing."""
    try:
        library = importlib.import_module("sentence_transformers")
    except ImportError:
        raise UserMistake(
            "memory_vector needs an encoder: pip install sentence-transformers"
        ) from None
    try:
        model = library.SentenceTransformer(ENCODER, device="cpu")
    except (OSError, ValueError) as error:
        reason = str(error).split("\n")[0]
        raise UserMistake(f"memory_vector cannot load the encoder {ENCODER}: {reason}") from None
    return lambda texts: model.encode(list(texts), normalize_embeddings=True)


class Index:
    """Numbered texts with their embeddings."""

    def __init__(
        self, encode: Encode, most: int, longest: int, past: Mapping[str, Any] | None
    ) -> None:
        self.encode = encode
        self.most = most
        self.longest = longest
        self.next_id: int = past["next_id"] if past else 0
        self.texts = {int(number): text for number, text in (past or {}).get("store", {}).items()}
        rows = encode(list(self.texts.values())) if self.texts else ()
        self.rows = dict(zip(self.texts, rows, strict=True))

    def export(self) -> dict[str, Any]:
        return {"next_id": self.next_id, "store": {str(k): v for k, v in self.texts.items()}}

    def add(self, text: str) -> Answer:
        if len(text) > self.longest:
            return self._too_long()
        if len(self.texts) >= self.most:
            return {"error": f"Memory size exceeds maximum size of {self.most} entries."}
        number = self.next_id
        self.next_id += 1
        self.rows[number] = self.encode([text])[0]
        self.texts[number] = text
        return {"id": number}

    def remove(self, number: int) -> Answer:
        if number not in self.texts:
            return {"error": f"ID {number} not present in store."}
        del self.texts[number], self.rows[number]
        return {"status": f"ID {number} removed from store."}

    def update(self, number: int, text: str) -> Answer:
        if number not in self.texts:
            return {"error": f"ID {number} not present in store."}
        if len(text) > self.longest:
            return self._too_long()
        self.rows[number] = self.encode([text])[0]
        self.texts[number] = text
        return {"status": f"ID {number} updated."}

    def clear(self) -> Answer:
        self.texts.clear()
        self.rows.clear()
        self.next_id = 0
        return {"status": "Memory cleared."}

    def retrieve(self, query: str, count: int | None) -> list[Answer]:
        if not self.texts:
            return []
        wanted = self.encode([query])[0]
        most = min(count, len(self.texts))  # type: ignore[type-var]  # None fails as it should
        if most is None or most <= 0:
            raise AssertionError
        scores = {number: float(row @ wanted) for number, row in sorted(self.rows.items())}
        best = sorted(scores, key=lambda number: scores[number], reverse=True)[:most]
        return [
            {"id": number, "similarity_score": scores[number], "text": self.texts[number]}
            for number in best
        ]

    def retrieve_all(self) -> list[Answer]:
        return [{"id": number, "text": text} for number, text in self.texts.items()]

    def _too_long(self) -> Answer:
        return {"error": f"Entry length exceeds maximum length of {self.longest} characters."}


class MemoryAPI_vector:  # noqa: N801
    """The tools of the vector memory over two indexes."""

    def __init__(
        self, snapshot: Mapping[str, Any] | None = None, encode: Encode | None = None
    ) -> None:
        past, encode = snapshot or {}, encode or load_encoder()
        self._core = Index(encode, 7, 300, past.get("core_memory"))
        self._archive = Index(encode, 50, 2000, past.get("archival_memory"))

    def _snapshot(self) -> dict[str, Any]:
        """Return everything that the next conversation inherits."""
        return {"core_memory": self._core.export(), "archival_memory": self._archive.export()}

    def _in_view(self) -> str:
        """Return what the system text shows of the memory."""
        return json.dumps(self._core.texts, indent=4)

    def core_memory_add(self, text: str) -> Answer:
        return self._core.add(text)

    def core_memory_remove(self, vec_id: int) -> Answer:
        return self._core.remove(vec_id)

    def core_memory_update(self, vec_id: int, new_text: str) -> Answer:
        return self._core.update(vec_id, new_text)

    def core_memory_clear(self) -> Answer:
        return self._core.clear()

    def core_memory_retrieve(self, query: str, top_k: int | None = 5) -> Answer:
        return {"result": self._core.retrieve(query, top_k)}

    def core_memory_retrieve_all(self) -> Answer:
        return {"result": self._core.retrieve_all()}

    def archival_memory_add(self, text: str) -> Answer:
        return self._archive.add(text)

    def archival_memory_remove(self, vec_id: int) -> Answer:
        return self._archive.remove(vec_id)

    def archival_memory_update(self, vec_id: int, new_text: str) -> Answer:
        return self._archive.update(vec_id, new_text)

    def archival_memory_clear(self) -> Answer:
        return self._archive.clear()

    def archival_memory_retrieve(self, query: str, top_k: int | None = 5) -> Answer:
        return {"result": self._archive.retrieve(query, top_k)}

    def archival_memory_retrieve_all(self) -> Answer:
        return {"result": self._archive.retrieve_all()}
