"""Programs, weights and adapters on disk."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

LORA_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)


def find_program(name: str) -> str | None:
    """Find a program on the PATH or beside the running Python."""
    beside = Path(sys.executable).parent / name
    return shutil.which(name) or (str(beside) if beside.is_file() else None)


def expand(path: str) -> str:
    """Replace a leading ~; names on the Hub stay as they are."""
    return str(Path(path).expanduser()) if path.startswith("~") else path


def is_missing(path: str) -> bool:
    """Say whether `path` is meant as a local one (not as a name on the Hub) and is not there."""
    return path.startswith(("/", ".", "~")) and not Path(path).expanduser().exists()


def lora_rank(adapter: str) -> int:
    """Return the rank vLLM must allow for an adapter: its own, rounded up to one vLLM knows.

    16, vLLM's default, where no local file tells.
    """
    try:
        given = json.loads((Path(expand(adapter)) / "adapter_config.json").read_text())
        rank = int(given["r"])
    except (OSError, ValueError, KeyError, TypeError):
        rank = 16
    return next((size for size in LORA_RANKS if size >= rank), rank)
