"""Say which packs are on this machine, for tests that need official data."""

from __future__ import annotations

from harness.faults import UserMistake
from harness.packs import locate


def has_pack(name: str) -> bool:
    """Say whether a pack can be used without fetching it."""
    try:
        locate(name)
    except UserMistake:
        return False
    return True
