"""What cannot succeed is refused before the first step; what can is let through."""

from __future__ import annotations

import importlib.metadata
import logging
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.faults import UserMistake
from harness.types import Message
from tests.fakes.benchmarks import shelves
from train.preflight import (
    pins,
    require_positions,
    require_prompts,
    require_room,
    require_versions,
    sizes,
)


def versions(**found: str) -> Any:
    def version(name: str) -> str:
        if name not in found:
            raise importlib.metadata.PackageNotFoundError(name)
        return found[name]

    return version


def test_only_the_tested_versions_train() -> None:
    wanted = ["trl==1.16.0", "torch>=2.13,<2.14", "peft==0.21.2"]
    require_versions(wanted, versions(trl="1.16.0", torch="2.13.0+cpu"))
    with pytest.raises(
        UserMistake, match=r"trl 1\.17\.0 is installed.*pip install 'trl==1\.16\.0'"
    ):
        require_versions(wanted, versions(trl="1.17.0"))
    with pytest.raises(UserMistake, match=r"torch 2\.14\.1"):
        require_versions(wanted, versions(torch="2.14.1"))


def test_the_project_s_own_pins_are_read() -> None:
    found = pins()
    if not found:
        pytest.skip("the project is not installed: it has no metadata")
    assert "trl==1.16.0" in found
    assert not [one for one in found if one.startswith(("wandb", "pytest"))]


GB = 10**9


def test_checkpoints_that_would_fill_the_disk_are_refused(tmp_path: Path) -> None:
    billion = 10**9
    needed = 3 * 16 + 4  # two kept, one being written, the final weights; 16 bytes a weight
    require_room(tmp_path / "new", billion, billion, 2, lambda path: needed * GB)
    with pytest.raises(UserMistake, match=r"room for 51\.0 GB.*writes up to 52\.0 GB"):
        require_room(tmp_path / "new", billion, billion, 2, lambda path: 51 * GB)


def test_what_a_resumed_run_has_written_counts_as_room(tmp_path: Path) -> None:
    (tmp_path / "checkpoint-1").mkdir()
    (tmp_path / "checkpoint-1" / "weights").write_bytes(b"0" * 600)
    require_room(tmp_path, 10, 10, 2, lambda path: 0)
    with pytest.raises(UserMistake, match="make room"):
        require_room(tmp_path, 20, 20, 2, lambda path: 0)


def test_an_adapter_needs_little_room(tmp_path: Path) -> None:
    require_room(tmp_path, 10**9, 10**6, 2, lambda path: 5 * GB)


def test_positions_that_the_model_has_not_are_refused() -> None:
    config = SimpleNamespace(max_position_embeddings=512)
    require_positions(512, "max_tokens=512", config, "m")
    require_positions(10**6, "max_tokens", SimpleNamespace(), "m")
    with pytest.raises(UserMistake, match="max_tokens=513 is longer than the 512 positions that m"):
        require_positions(513, "max_tokens=513", config, "m")


def test_prompts_that_leave_no_room_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("transformers", reason="the train extra is not installed")
    from tests.fakes.tiny import make_tokenizer

    tokenizer = make_tokenizer()
    require_prompts(shelves(), tokenizer, 4096)
    with pytest.raises(UserMistake, match=r"context_tokens=20: .*no reply fits"):
        require_prompts(shelves(), tokenizer, 20)
    bench = shelves()
    long = replace(bench.tasks[2], opening=(Message("user", "word " * 200),))
    some = replace(bench, tasks=[*bench.tasks[:2], long])
    with caplog.at_level(logging.WARNING, "train"):
        require_prompts(some, tokenizer, 800)
    assert "1 of 3 probed prompts leave no room" in caplog.text


def test_weights_are_counted_also_where_they_are_sharded() -> None:
    def weight(count: int, trained: bool, **more: int) -> Any:
        return SimpleNamespace(numel=lambda: count, requires_grad=trained, **more)

    shards = [weight(1, True, ds_numel=50), weight(7, False)]
    assert sizes(SimpleNamespace(parameters=lambda: shards)) == (57, 50)
