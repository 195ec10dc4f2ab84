"""Prompts as versioned files: `<name>.md` holds the system text, `---`, and the user template."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PLACE = re.compile(r"\{\{(\w+)\}\}")
FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Prompt:
    """A template. Its hash enters cache keys and manifests."""

    name: str
    system: str
    user: str
    sha: str

    def chat(self, values: Mapping[str, Any]) -> list[dict[str, str]]:
        """Fill every `{{place}}`; what is not text is written as JSON. Raises KeyError.

        What is filled in is never expanded again.
        """
        places = set(PLACE.findall(self.system + self.user))
        if places != set(values):
            raise KeyError(f"{self.name} needs {sorted(places)}, not {sorted(values)}")
        texts = {name: shown(value) for name, value in values.items()}

        def fill(text: str) -> str:
            return PLACE.sub(lambda match: texts[match.group(1)], text)

        return [
            {"role": "system", "content": fill(self.system)},
            {"role": "user", "content": fill(self.user)},
        ]


def shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=1, ensure_ascii=False, default=dict)


@cache
def load_prompt(name: str) -> Prompt:
    """Read a prompt of ours by name."""
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    system, user = re.split(r"^---$", text, maxsplit=1, flags=re.MULTILINE)
    return Prompt(name, system.strip(), user.strip(), hashlib.sha256(text.encode()).hexdigest())


def prompt_hashes() -> dict[str, str]:
    """Return the hash of every prompt, for manifests."""
    names = sorted(path.stem for path in FOLDER.glob("*.md"))
    return {name: load_prompt(name).sha for name in names}
