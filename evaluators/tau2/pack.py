"""The files of the tau2 pack on this machine."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.faults import UserMistake

VERSION = "a2c0247"


def root() -> Path:
    """Return the folder of the pack; raises UserMistake where it is not there."""
    folder = Path(os.environ.get("HARNESS_PACKS", "")) / "tau2"
    if not (folder / "domains").is_dir():
        raise UserMistake(f"no tau2 pack at {folder}: run `python -m harness.packs pull tau2`")
    return folder


def read_json(path: Path) -> Any:
    """Read a JSON file of the pack; raises UserMistake where it is missing or broken."""
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserMistake(
            f"the tau2 pack lacks {path}: pull it again or check its folder"
        ) from None
    except ValueError as error:
        raise UserMistake(f"{path} of the tau2 pack is not JSON: {error}") from None


def read_text(path: Path) -> str:
    """Read a text file of the pack; raises UserMistake where it is missing."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise UserMistake(
            f"the tau2 pack lacks {path}: pull it again or check its folder"
        ) from None


def hashes(paths: Iterable[Path]) -> Mapping[str, str]:
    """Return sha256 per file, named relative to the pack's folder."""
    folder = root()
    return {str(path.relative_to(folder)): _hash(path) for path in paths}


@lru_cache(maxsize=256)
def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
