"""Where the official data and recorded verdicts are, for the tests that need them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluators.bfcl.data import BfclData
from harness.faults import UserMistake
from harness.packs import locate
from tests.fakes.bfcl_pack import write_pack

_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def bfcl() -> BfclData:
    """The official data; skips where the pack is not on this machine."""
    try:
        return BfclData(locate("bfcl").root)
    except UserMistake as mistake:
        pytest.skip(str(mistake))


@pytest.fixture(scope="session")
def oracle() -> Callable[[str], Path]:
    """Return the path of a file of recorded verdicts; skips where it is not on this machine."""
    folder = Path(os.environ.get("HARNESS_ORACLES") or _ROOT.parent / "shared" / "oracles")

    def find(name: str) -> Path:
        if not (folder / name).is_file():
            pytest.skip(f"no {name} in {folder}: set HARNESS_ORACLES")
        return folder / name

    return find


@pytest.fixture
def small_pack(tmp_path: Path) -> Path:
    """A pack of a few invented entries in the official layout."""
    write_pack(tmp_path / "pack")
    return tmp_path / "pack"
