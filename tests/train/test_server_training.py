"""Trainings on loopback rollout servers, by TRL's own client: each follows or says why not."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.faults import UserMistake
from harness.models.process import answers, free_port
from train.grpo_log import read_log
from train.grpo_settings import GrpoSettings
from train.server import Place, inspect

ROOT = Path(__file__).parents[2]
needs_torch = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("torch", "trl")),
    reason="the train extra is not installed",
)
needs_requests = pytest.mark.skipif(
    importlib.util.find_spec("requests") is None,
    reason="requests, which vllm brings and TRL's client needs, is not installed",
)


def grpo(context_tokens: int) -> GrpoSettings:
    return GrpoSettings(model="m", out="o", rollouts="server", context_tokens=context_tokens)


@contextmanager
def served(checkpoint: Path, folder: Path, mood: str = "") -> Iterator[tuple[str, Path]]:
    """Run a rollout server; yield its address and the file that it records requests in."""
    port, record = free_port(), folder / f"record-{mood}.jsonl"
    command = [sys.executable, "-m", "tests.fakes.rollout_server", str(checkpoint), str(port)]
    process = subprocess.Popen([*command, str(record), mood], cwd=ROOT, env=environment())
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            if answers(f"{url}/health"):
                break
            assert process.poll() is None
            time.sleep(0.1)
        yield url, record
    finally:
        process.kill()
        process.wait()


def environment() -> dict[str, str]:
    package = ROOT / "tests" / "fakes" / "vllm_package"
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{package}:{ROOT}"}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    from tests.fakes.tiny import PLAIN, save

    return Path(save(tmp_path / "start", PLAIN))


def choir(
    checkpoint: Path, out: Path, url: str, steps: int = 6, processes: int = 1
) -> subprocess.CompletedProcess[str]:
    launcher = [sys.executable]
    if processes > 1:
        launcher += ["-m", "torch.distributed.run", "--standalone"]
        launcher += [f"--nproc_per_node={processes}"]
    arguments = [str(checkpoint), str(out), str(steps), url, str(free_port())]
    return subprocess.run(
        [*launcher, "-m", "tests.train.choir_served", *arguments],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def paths(record: Path) -> list[str]:
    return [json.loads(line)["path"] for line in record.read_text().splitlines()]


SYNC = ["/start_weight_update", "/update_weights", "/finish_weight_update", "/reset_prefix_cache"]


@needs_torch
@needs_requests
def test_a_server_follows_the_policy_step_by_step(checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with served(checkpoint, tmp_path) as (url, record):
        done = choir(checkpoint, out, url, steps=3)
        assert done.returncode == 0, done.stderr[-3000:]
        asked = paths(record)
    # TRL compares every sampled token's logprob with a forward pass of the weights under training
    figures = [line["sampling/sampling_logp_difference/max"] for line in read_log(out)]
    assert len(figures) == 3
    assert max(figures) < 1e-3
    assert [path for path in asked if path != "/v1/completions"] == [
        "/init_weight_transfer_engine",
        *SYNC * 3,
    ]
    assert not any("error" in line for line in map(json.loads, record.read_text().splitlines()))
    assert (out / "final" / "config.json").is_file()


@needs_torch
@needs_requests
@pytest.mark.slow
def test_the_policy_learns_on_a_server(checkpoint: Path, tmp_path: Path) -> None:
    with served(checkpoint, tmp_path) as (url, _):
        done = choir(checkpoint, tmp_path / "run", url, steps=10)
    assert done.returncode == 0, done.stderr[-3000:]
    rewards = [line["rollouts"]["reward_mean"] for line in read_log(tmp_path / "run")]
    assert sum(rewards[-3:]) > 1.5 * sum(rewards[:3])


@needs_torch
@needs_requests
@pytest.mark.parametrize(
    ("mood", "said"),
    [
        ("deaf", "sampled from another policy than the one that is trained"),
        ("dumb", "could not take the weights at step 1: .*NCCL error"),
        ("bare", "answered 404 to /server_info.*VLLM_SERVER_DEV_MODE=1"),
        ("raw", "gives raw_logprobs.*--logprobs-mode processed_logprobs"),
    ],
)
@pytest.mark.slow
def test_a_server_that_does_not_follow_is_one_line(
    mood: str, said: str, checkpoint: Path, tmp_path: Path
) -> None:
    with served(checkpoint, tmp_path, mood) as (url, _):
        done = choir(checkpoint, tmp_path / "run", url, steps=12)
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("mistake:")]
    assert re.search(said, line), line
    assert done.returncode == 1


@needs_torch
@needs_requests
@pytest.mark.slow
def test_two_processes_sample_only_between_updates_of_two_servers(
    checkpoint: Path, tmp_path: Path
) -> None:
    (tmp_path / "b").mkdir()
    with served(checkpoint, tmp_path) as one, served(checkpoint, tmp_path / "b") as two:
        done = choir(checkpoint, tmp_path / "run", f"{one[0]},{two[0]}", 3, processes=2)
        assert done.returncode == 0, done.stderr[-3000:]
    for _, record in (one, two):
        lines = [json.loads(line) for line in record.read_text().splitlines()]
        assert not any("error" in line for line in lines)
        assert [line["path"] for line in lines].count("/update_weights") == 3
        assert "/v1/completions" in paths(record)
    figures = [line["sampling/sampling_logp_difference/max"] for line in read_log(tmp_path / "run")]
    assert max(figures) < 1e-3


@needs_torch
def test_a_server_says_what_it_lacks(checkpoint: Path, tmp_path: Path) -> None:
    with served(checkpoint, tmp_path) as (url, _):
        assert inspect(url, grpo(4096)) == Place(url, "policy")
        with pytest.raises(UserMistake, match="serves 4096 tokens, context_tokens=4097"):
            inspect(url, grpo(4097))
    with pytest.raises(UserMistake, match="no answer from the rollout server"):
        inspect(url, grpo(4096))
