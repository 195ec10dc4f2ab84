"""What Vita's users are told, so that training data can be kept clear of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path


def user_texts(root: Path) -> Iterator[str]:
    """Yield the instructions of every task, in both languages where there are two.

    The profiles are left out: they are lists of habits and addresses, not what a user says.
    """
    for path in sorted(root.glob("domains/*/tasks*.json")):
        for task in json.loads(path.read_text(encoding="utf-8")):
            told = task["instructions"]
            yield from [told] if isinstance(told, str) else told
