"""The folder of a training goes on with what it began with, or says what differs."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.faults import UserMistake
from train.folder import claim, claimed, digest_of, last_checkpoint, require_same_model

SETTINGS = {"seed": 0, "learning_rate": 1.0}


def checkpoint(out: Path, step: int, **config: object) -> Path:
    folder = out / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "trainer_state.json").write_text("{}")
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def model(tmp_path: Path, content: bytes = b"weights") -> str:
    folder = tmp_path / "start"
    folder.mkdir(exist_ok=True)
    (folder / "model.safetensors").write_bytes(content)
    return str(folder)


def test_the_newest_whole_checkpoint_is_taken(tmp_path: Path) -> None:
    assert last_checkpoint(tmp_path) is None
    checkpoint(tmp_path, 2)
    checkpoint(tmp_path, 10)
    (tmp_path / "checkpoint-12").mkdir()  # killed while it was written
    assert last_checkpoint(tmp_path) == str(tmp_path / "checkpoint-10")


def test_the_same_training_goes_on(tmp_path: Path) -> None:
    out, start = tmp_path / "out", model(tmp_path)
    claim(out, SETTINGS, start)
    checkpoint(out, 1)
    claim(out, SETTINGS, start)
    with pytest.raises(UserMistake, match="differs in learning_rate"):
        claim(out, {**SETTINGS, "learning_rate": 2.0}, start)


def test_other_weights_at_the_same_place_are_refused_once_it_has_begun(tmp_path: Path) -> None:
    out = tmp_path / "out"
    claim(out, SETTINGS, model(tmp_path))
    claim(out, SETTINGS, model(tmp_path, b"others"))  # nothing was trained yet
    checkpoint(out, 1)
    claim(out, SETTINGS, model(tmp_path, b"others"))
    with pytest.raises(UserMistake, match="are others than those that the training"):
        claim(out, SETTINGS, model(tmp_path, b"weights"))


def test_a_training_that_noted_no_weights_goes_on(tmp_path: Path) -> None:
    claim(tmp_path / "out", SETTINGS)
    checkpoint(tmp_path / "out", 1)
    claim(tmp_path / "out", SETTINGS, model(tmp_path))


def test_checkpoints_without_settings_are_another_s(tmp_path: Path) -> None:
    checkpoint(tmp_path, 1)
    with pytest.raises(UserMistake, match="checkpoints of another training"):
        claim(tmp_path, SETTINGS)


def test_a_hash_sees_every_file_and_a_hub_name_has_none(tmp_path: Path) -> None:
    folder = Path(model(tmp_path))
    one = digest_of(folder)
    (folder / "more.safetensors").write_bytes(b"x")
    assert one != digest_of(folder)
    assert digest_of(Path("Qwen/Qwen3-8B")) is None


def test_a_checkpoint_of_another_shape_is_refused(tmp_path: Path) -> None:
    found = str(checkpoint(tmp_path, 4, model_type="qwen3", hidden_size=64))
    require_same_model(found, SimpleNamespace(model_type="qwen3", hidden_size=64))
    require_same_model(None, SimpleNamespace())
    with pytest.raises(UserMistake, match=r"another model \(hidden_size 64, not 32\)"):
        require_same_model(found, SimpleNamespace(model_type="qwen3", hidden_size=32))


def test_a_folder_that_another_run_holds_is_refused_until_it_is_free(tmp_path: Path) -> None:
    out, start = tmp_path / "out", model(tmp_path)
    refused = pytest.raises(UserMistake, match=r"in use by another process.*another out=")
    with claimed(out, SETTINGS, start), refused, claimed(out, SETTINGS, start):
        raise AssertionError("two runs hold one folder")
    with claimed(out, SETTINGS, start):
        assert (out / "settings.json").is_file()
