"""Rollout servers: what is sampled there is the current policy's, or the run ends with one line."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.faults import ModelFault, UserMistake
from harness.models.network import Request
from harness.models.process import answers, free_port
from harness.models.sampler import Sampling
from train.grpo_log import check_drift, read_log
from train.grpo_settings import GrpoSettings
from train.server import Place, ServerSource, addresses, inspect, read, written
from train.weights import Weights, connect_by_trl

ROOT = Path(__file__).parents[2]
needs_torch = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("torch", "trl")),
    reason="the train extra is not installed",
)
needs_requests = pytest.mark.skipif(
    importlib.util.find_spec("requests") is None,
    reason="requests, which vllm brings and TRL's client needs, is not installed",
)
ASKED = Request((5, 6, 7), Sampling(0.7, 1.0, 0, 11, 9))
# What vLLM 0.32 answered to such a request, shortened.
ANSWER = {
    "choices": [
        {
            "logprobs": {
                "token_logprobs": [-2.795, -1.9478],
                "tokens": ["token_id:70", "token_id:64"],
            },
            "finish_reason": "length",
            "token_ids": [70, 64],
            "prompt_token_ids": [5, 6, 7],
        }
    ]
}


def answer(**changes: Any) -> dict[str, Any]:
    return {"choices": [{**ANSWER["choices"][0], **changes}]}


def test_a_request_says_every_setting_and_asks_for_ids() -> None:
    body = json.loads(written(ASKED, "policy", [2]))
    assert body["prompt"] == [5, 6, 7]
    assert (body["temperature"], body["seed"], body["max_tokens"]) == (0.7, 11, 9)
    assert (body["top_p"], body["top_k"], body["min_p"], body["repetition_penalty"]) == (1, 0, 0, 1)
    assert body["stop_token_ids"] == [2]
    assert body["return_token_ids"] is True


def test_ids_and_logprobs_are_read_as_they_are() -> None:
    assert read(ANSWER, ASKED, "http://h") == ((70, 64), (-2.795, -1.9478))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"token_ids": None}, "without token ids"),
        ({"logprobs": None}, "without token ids or logprobs"),
        ({"prompt_token_ids": [5, 6]}, "another prompt"),
        ({"token_ids": [70]}, "1 ids with 2 logprobs"),
        ({"logprobs": {"token_logprobs": [-1.0, math.nan]}}, "2 ids with 1 logprobs"),
        ({"token_ids": [], "logprobs": {"token_logprobs": []}}, "0 ids"),
    ],
)
def test_an_answer_that_cannot_be_trained_on_is_a_fault(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelFault, match=said):
        read(answer(**wrong), ASKED, "http://h")


def grpo(**changes: Any) -> GrpoSettings:
    return GrpoSettings(**({"model": "m", "out": "o", "rollouts": "server"} | changes))


def test_addresses_come_from_the_settings_or_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ROLLOUT_URLS", "http://a:8000,http://b:8000/v1/")
    assert addresses(grpo()) == ("http://a:8000", "http://b:8000")
    assert addresses(grpo(servers=["http://c:1"])) == ("http://c:1",)
    monkeypatch.delenv("ROLLOUT_URLS")
    with pytest.raises(UserMistake, match="needs the servers' addresses"):
        addresses(grpo())


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(UserMistake, match="rollouts=there is unknown"):
        grpo(rollouts="there")
    with pytest.raises(UserMistake, match="say rollouts=server"):
        grpo(rollouts="local", servers=["http://c:1"])
    assert grpo().identity() == grpo(rollouts="local").identity()


def test_a_drift_is_one_line() -> None:
    figures = {"sampling/sampling_logp_difference/mean": 0.6}
    check_drift(figures, 3, None)
    check_drift(figures, 3, 0.7)
    check_drift({}, 3, 0.5)
    with pytest.raises(UserMistake, match=r"step 3: .*differ by 0\.60 on average"):
        check_drift(figures, 3, 0.5)


class Line:
    """A connection whose synchronisation does what it is told."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def sync_weights(self) -> None:
        if self.error:
            raise self.error


class Trainer:
    class state:  # noqa: N801
        global_step = 4


def weights(line: Line) -> Weights:
    return Weights(Trainer, grpo(), [Place("http://h", "m")], lambda *_: line)


def test_only_servers_with_the_weights_of_the_step_are_current() -> None:
    sent = weights(Line())
    with pytest.raises(UserMistake, match="the weights of step None, not of step 4"):
        sent.require_current()
    sent.sync_weights()
    sent.require_current()


def test_weights_that_do_not_arrive_are_one_line() -> None:
    broken = weights(Line(RuntimeError("NCCL error\nunhandled")))
    with pytest.raises(UserMistake, match="take the weights at step 4: NCCL error unhandled"):
        broken.sync_weights()
    with pytest.raises(UserMistake, match="not of step 4"):
        broken.require_current()


@needs_torch
@pytest.mark.skipif(
    importlib.util.find_spec("vllm") is not None, reason="vllm is installed beside the trainer"
)
def test_what_weights_need_is_said() -> None:
    with pytest.raises(UserMistake, match="install vllm"):
        connect_by_trl(Trainer, Place("http://h", "m"), 1, 1.0)


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
    import re

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
        assert inspect(url, grpo(context_tokens=4096)) == Place(url, "policy")
        with pytest.raises(UserMistake, match="serves 4096 tokens, context_tokens=4097"):
            inspect(url, grpo(context_tokens=4097))
    with pytest.raises(UserMistake, match="no answer from the rollout server"):
        inspect(url, grpo())
    assert ServerSource([], [2], 9, 1.0).defaults() == {}
