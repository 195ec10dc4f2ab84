"""Replies on disk, by the content of what was asked: a rerun costs nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.codec import from_json, to_json
from harness.store import write_text
from harness.types import Message

REPLY_FIELDS = frozenset({"author", "text", "calls", "stop", "finish", "reasoning", "usage"})


@dataclass(frozen=True)
class Key:
    """What determines a reply: all of it enters the address."""

    model: Mapping[str, Any]
    params: Mapping[str, Any]
    template: str
    schema: str
    chat: Sequence[Mapping[str, Any]]
    sample: int = 0

    @property
    def sha(self) -> str:
        parts = [self.model, self.params, self.template, self.schema, self.chat, self.sample]
        return digest(parts)


@dataclass(frozen=True)
class Cache:
    """A folder of replies: `ab/cdef….json`. A damaged file counts as absent."""

    folder: Path

    def find(self, key: Key) -> Message | None:
        try:
            data = json.loads(self.path(key).read_text(encoding="utf-8"))["reply"]
            return from_json(Message, {k: v for k, v in data.items() if k in REPLY_FIELDS})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def keep(self, key: Key, reply: Message) -> None:
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        about = {"model": key.model, "template": key.template, "sample": key.sample}
        write_text(path, json.dumps({**about, "reply": to_json(reply)}))

    def path(self, key: Key) -> Path:
        sha = key.sha
        return self.folder / sha[:2] / f"{sha[2:]}.json"


def digest(data: Any) -> str:
    """Return the sha256 of a JSON value, keys sorted."""
    text = json.dumps(data, sort_keys=True, default=dict)
    return hashlib.sha256(text.encode()).hexdigest()
