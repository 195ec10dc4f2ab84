"""AReaL's workflow over a loopback server: one loop, one reward, nothing learnt from faults."""

from __future__ import annotations

import asyncio
import json
import pickle
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from harness.benchmark import Benchmark
from harness.faults import ModelFault, UserMistake
from harness.protocols import Evaluator
from tests.fakes.benchmarks import Shelved, shelves
from tests.fakes.server import Behaviour, FakeServer, calls, refuses, says
from train.areal import Workflow, mixed, sampling_of, task_rows

CONF = Path(__file__).parents[2] / "conf" / "areal" / "sea_30b.yaml"
DRILLS = {
    "build": {"_target_": "synth.drills.benchmark.drills", "split": "train", "count": 2},
    "evaluator": {"_target_": "synth.drills.benchmark.DrillEvaluator"},
}


class OnShelves(Workflow):
    """The workflow on a benchmark of the tests, which YAML cannot name."""

    @cached_property
    def benchmark(self) -> Benchmark:
        return shelves()

    @cached_property
    def evaluator(self) -> Evaluator:
        return Shelved()


def play(*behaviours: Behaviour, **data: Any) -> tuple[float, FakeServer]:
    async def main() -> tuple[float, FakeServer]:
        async with FakeServer(*behaviours) as server:
            flow = OnShelves({}, sampling={"temperature": 1.0, "max_completion_tokens": 9})
            row = {"task_id": "b", **data}
            reward = await flow.run(
                row, base_url=server.base_url, api_key="session-7", http_client=None
            )
            return reward, server

    return asyncio.run(main())


def put(name: str) -> Behaviour:
    return calls(("put", json.dumps({"name": name})))


def test_a_passed_episode_returns_the_evaluator_s_reward() -> None:
    reward, server = play(put("b"), says("done"))
    assert reward == 1.0
    assert isinstance(reward, float)
    asked = server.requests[0]
    assert (asked["model"], asked["temperature"], asked["max_completion_tokens"]) == (
        "default",
        1.0,
        9,
    )
    assert [tool["function"]["name"] for tool in asked["tools"]] == ["put", "look"]
    assert {head["Authorization"] for head in server.headers} == {"Bearer session-7"}
    assert server.requests[1]["messages"][-1]["role"] == "tool"


def test_a_failed_episode_returns_its_reward_too() -> None:
    assert play(put("a"), says("done"))[0] == 0.0


def test_a_fault_is_raised_and_nothing_is_asked_twice() -> None:
    with pytest.raises(ModelFault, match=r"agent: .*503"):
        play(refuses(503), put("b"), says("done"))


def test_an_unknown_task_is_one_line() -> None:
    with pytest.raises(UserMistake, match="shelves has no task 'z'"):
        play(task_id="z")


def test_the_environment_says_the_address_in_worker_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flow = OnShelves({})
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UserMistake, match="no base_url"):
        asyncio.run(flow.run({"task_id": "b"}))

    async def main() -> float:
        async with FakeServer(put("b"), says("done")) as server:
            monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
            monkeypatch.setenv("OPENAI_API_KEY", "k")
            return await flow.run({"task_id": "b"})

    assert asyncio.run(main()) == 1.0


def test_the_workflow_builds_its_tasks_and_travels_without_them() -> None:
    flow = Workflow(DRILLS)
    rows = task_rows(flow, 10)
    assert len(rows) >= 10
    assert {row["task_id"] for row in rows} == set(flow.known)
    assert callable(flow.evaluator)
    again = pickle.loads(pickle.dumps(flow))
    assert "benchmark" not in vars(again)
    assert again.known.keys() == flow.known.keys()


def test_test_tasks_are_refused() -> None:
    kept = {**DRILLS, "build": {**DRILLS["build"], "split": "test"}}
    with pytest.raises(UserMistake, match="holds test tasks"):
        task_rows(Workflow(kept))
    assert task_rows(Workflow(kept, train_on_test=True))


class Rewards(list[float]):
    """The two methods of a tensor that are asked for."""

    def max(self) -> float:
        return max(self)

    def min(self) -> float:
        return min(self)


@pytest.mark.parametrize(
    ("given", "kept"), [([0.0, 1.0], True), ([1.0] * 2, False), ([0.0], False)]
)
def test_a_group_that_is_all_equal_is_left_out(given: list[float], kept: bool) -> None:
    assert mixed({"rewards": Rewards(given)}) is kept


def test_the_file_holds_the_paper_s_settings() -> None:
    config: Any = OmegaConf.load(CONF)
    for key in ("actor.path", "cluster.fileroot"):
        OmegaConf.update(config, key, "/x")
    assert config.train_dataset.batch_size * config.gconfig.n_samples == 128
    assert config.actor.optimizer.lr == 5e-6
    assert config.actor.kl_ctl == 0.0
    assert (config.gconfig.max_tokens, config.gconfig.max_new_tokens) == (32768, 8192)
    assert sampling_of(config.gconfig) == {
        "temperature": 1.0,
        "top_p": 1.0,
        "max_completion_tokens": 8192,
    }
    assert OmegaConf.to_container(config.harness) == {
        "tasks": {
            "build": {
                "_target_": "synth.benchmark.benchmark",
                "path": "???",
                "split": "train",
                "user": "llm",
            },
            "evaluator": {"_target_": "synth.verify.SynthesizedEvaluator"},
        },
        "user_model": {
            "_target_": "harness.models.openai.OpenAIModel",
            "model": "???",
            "base_url": "???",
            "api_key_env": None,
            "sampling": {"temperature": 1.0},
        },
    }


def test_without_areal_the_launcher_says_so() -> None:
    from train.areal import main

    with pytest.raises(SystemExit, match="AReaL is not installed here"):
        main(["--config", str(CONF)])
