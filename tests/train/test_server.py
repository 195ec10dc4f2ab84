"""Rollout servers: what is sampled there is the current policy's, or the run ends with one line."""

from __future__ import annotations

import importlib.util
import json
import math
from typing import Any

import pytest

from harness.faults import ModelFault, UserMistake
from harness.models.network import Request
from harness.models.sampler import Sampling
from train.grpo_log import check_drift
from train.grpo_settings import GrpoSettings
from train.server import Place, ServerSource, addresses, read, written
from train.weights import Weights, connect_by_trl

needs_torch = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("torch", "trl")),
    reason="the train extra is not installed",
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


def test_a_policy_under_training_says_itself_how_it_is_sampled() -> None:
    assert ServerSource([Place("http://h", "m")], [2], 9, 1.0).defaults() == {}
