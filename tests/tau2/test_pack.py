"""A tau2 folder that lacks a file, or holds another version's, is named in one line."""

import shutil
from pathlib import Path

import pytest

from evaluators.tau2.benchmark import benchmark, world_of
from evaluators.tau2.pack import root
from harness.faults import UserMistake
from tests.tau2.data import needs_pack

pytestmark = needs_pack


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the small part of the pack that the mock domain needs."""
    copy, pack = tmp_path / "tau2", root()
    shutil.copytree(pack / "domains" / "mock", copy / "domains" / "mock")
    shutil.copyfile(pack / "tool_schemas.json", copy / "tool_schemas.json")
    monkeypatch.setenv("HARNESS_PACKS", str(tmp_path))
    return copy


def build() -> None:
    world_of(benchmark(["mock"], user="scripted").tasks[0])


def test_the_copy_as_it_is_will_do(folder: Path) -> None:
    build()


@pytest.mark.parametrize("name", ["tool_schemas.json", "domains/mock/db.json"])
@pytest.mark.parametrize(
    ("text", "words"),
    [(None, "lacks"), ("{", "is not JSON"), ("{}", "no entry|not those"), ("[1]", "not those")],
)
def test_a_missing_or_damaged_file_is_one_line(
    folder: Path, name: str, text: str | None, words: str
) -> None:
    path = folder / name
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(UserMistake, match=words) as found:
        build()
    assert "\n" not in str(found.value)
