"""The files of the tau2 pack on this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.packs import Pack, locate

VERSION = "a2c0247"


def fetch() -> None:
    """Bring the pack into the cache where no folder holds it. Raises UserMistake."""
    locate("tau2", pull=True)


def pack() -> Pack:
    """Return the tau2 pack; raises UserMistake where it is not on this machine."""
    return _pack(os.environ.get("HARNESS_PACKS"), os.environ.get("HARNESS_CACHE"))


@lru_cache(maxsize=4)
def _pack(packs: str | None, cache: str | None) -> Pack:
    """Hash the files once per process and setting of the two variables."""
    return locate("tau2")


def root() -> Path:
    """Return the folder of the pack."""
    return pack().root


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


def hashes(names: Iterable[str]) -> Mapping[str, str]:
    """Return the sha256 of the files that tasks of these domains come from: the domains' own (not
    banking's documents), the tool schemas, the prompts and the user guidelines."""
    folders = {"", "user_simulator", *(f"domains/{name}" for name in names)}
    known = pack().sha256.items()
    return {path: sha for path, sha in known if path.rpartition("/")[0] in folders}
