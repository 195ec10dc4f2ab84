"""Two processes over gloo: the policy learns, both hold the same weights, the count is checked."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from train.grpo_log import read_log

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(importlib.util.find_spec(name) for name in ("torch", "trl")),
        reason="the train extra is not installed",
    ),
]
ROOT = Path(__file__).parents[2]


def torchrun(processes: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*launcher, f"--nproc_per_node={processes}", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        timeout=600,
    )


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    from tests.fakes.tiny import PLAIN, save

    save(tmp_path / "start", PLAIN)
    return tmp_path / "start"


@pytest.mark.parametrize("prompts", ["2", "1"], ids=["a group each", "one group for both"])
def test_two_processes_learn_together(checkpoint: Path, tmp_path: Path, prompts: str) -> None:
    out = tmp_path / "run"
    done = torchrun(2, "-m", "tests.train.choir", str(checkpoint), str(out), "24", prompts)
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = ((out / f"rank-{rank}").read_text() for rank in (0, 1))
    assert first == second
    assert first.endswith(" 2")
    lines = read_log(out)
    assert [line["step"] for line in lines] == list(range(1, 25))
    rewards = [line["reward"] for line in lines]
    assert sum(rewards[-6:]) > 1.5 * sum(rewards[:6])


def test_another_number_of_processes_is_said(checkpoint: Path, tmp_path: Path) -> None:
    done = torchrun(1, "-m", "tests.train.choir", str(checkpoint), str(tmp_path / "run"), "1")
    assert done.returncode != 0
    assert "the launcher started 1 processes, 2 were asked for" in done.stderr
