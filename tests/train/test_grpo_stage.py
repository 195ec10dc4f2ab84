"""The stage grpo on drills with a random model: refusals, the plan, the run folder of rollouts."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import threading
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf
from rich.console import Console

from harness.app import App
from harness.configure import compose
from harness.faults import UserMistake
from harness.stages import again, changed, compare
from harness.store import read_episodes, read_outcomes
from train.grpo_stage import grpo, lasting, progress, show_plan, stoppable

needs_torch = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("torch", "trl")),
    reason="the train extra is not installed",
)
SMALL = ("steps=2", "prompts=2", "group_size=2", "reply_tokens=4", "context_tokens=4096")


def app_of(tmp_path: Path, *overrides: str) -> App:
    grpo_keys = [f"train.grpo.{key}" for key in (*SMALL, "redraws=0", "threads=1")]
    config = compose(
        [
            *("+experiment=tiny_grpo", f"runs_dir={tmp_path}", f"run={tmp_path}/run"),
            *(f"train.grpo.model={tmp_path}/start", "stages=[grpo]", "tracker=none"),
            *("stage.grpo.tasks.build.count=4", *grpo_keys, *overrides),
        ]
    )
    console = Console(file=io.StringIO(), width=400)
    return App(config, console, config.hydra.runtime.choices)


def said(app: App) -> str:
    file: Any = app.console.file
    return str(file.getvalue())


def run_stage(app: App) -> None:
    asyncio.run(grpo(app, app.config.stage.grpo.tasks))


@needs_torch
@pytest.mark.filterwarnings("default")
def test_rollouts_are_an_ordinary_run_and_each_step_is_said(tmp_path: Path) -> None:
    from tests.fakes.tiny import save

    save(tmp_path / "start")
    app = app_of(tmp_path)
    run_stage(app)
    folder = tmp_path / "run" / "grpo" / "rollouts"
    episodes = list(read_episodes(folder))
    assert len(episodes) == len(read_outcomes(folder)) == 2 * 2 * 2
    assert {name for name, _ in episodes} == {"drills"}
    assert (folder / "config.yaml").is_file()
    assert (folder / "manifest.json").is_file()
    assert "grpo: step 2/2" in said(app)
    assert (tmp_path / "run" / "grpo" / "final" / "config.json").is_file()


@needs_torch
@pytest.mark.filterwarnings("default")
@pytest.mark.skipif(importlib.util.find_spec("wandb") is None, reason="wandb is not installed")
def test_every_step_reaches_the_tracker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.fakes.tiny import save
    from tests.fakes.wandb_log import read_log as read_wandb
    from train.grpo_log import read_log

    for name in ("CACHE_DIR", "CONFIG_DIR", "DATA_DIR"):
        monkeypatch.setenv(f"WANDB_{name}", str(tmp_path / name))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    save(tmp_path / "start")
    run_stage(app_of(tmp_path, "tracker=wandb", "train.grpo.kl=0.1"))
    out = tmp_path / "run" / "grpo"
    last, stored = read_log(out)[-1], read_wandb(out)
    assert stored["run"].job_type == "grpo"
    for name in ("loss", "kl", "entropy", "clip_ratio/region_mean"):
        assert stored["summary"][f"grpo/{name}"] == pytest.approx(last[name], nan_ok=True)
    for name in ("reward_mean", "flat", "redrawn_failed", "faults", "seconds", "model_seconds"):
        assert stored["summary"][f"grpo/rollouts/{name}"] == last["rollouts"][name]


def test_test_tasks_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    app = app_of(tmp_path, "stage.grpo.tasks.build.split=test")
    with pytest.raises(UserMistake, match="holds test tasks"):
        run_stage(app)
    assert not (tmp_path / "run").exists()


def test_processes_that_the_launcher_did_not_start_are_missed(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="started 1 processes, 2 were asked for"):
        run_stage(app_of(tmp_path, "train.grpo.devices=2"))


def test_the_stage_needs_settings(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="choose train=grpo"):
        run_stage(app_of(tmp_path, "~train.grpo"))


def test_the_plan_counts_episodes_and_prints_the_cluster_s_commands(tmp_path: Path) -> None:
    app = app_of(
        tmp_path,
        "train.grpo.redraws=3",
        "+train.cluster={_target_:train.launch.Cluster,model:m,user_model:u}",
    )
    show_plan(app, app.config.stage.grpo.tasks)
    text = said(app)
    assert "2 steps x 2 tasks x 2 = 8 episodes of drills, up to 32" in text
    assert "train (node 0, 1): srun" in text
    assert "vllm serve u" in text
    assert not (tmp_path / "run").exists()


def test_the_papers_recipes_compose() -> None:
    for name, rows in (
        ("grpo", 128),
        ("grpo_sea_30b", 128),
        ("grpo_sea_235b", 256),
    ):
        node = compose([f"train=[{name}]"]).train.grpo
        assert node.prompts * node.group_size == rows


def test_a_step_is_said_in_one_line_with_what_could_not_be_used() -> None:
    drawn = dict.fromkeys(("redrawn_passed", "flat", "faults", "rowless"), 0.0)
    drawn |= {"reward_mean": 0.25, "redrawn_failed": 3.0, "seconds": 1.5}
    assert "unusable" not in progress({"step": 1, "rollouts": drawn}, 9)
    drawn["rowless"] = 2.0
    line = progress({"step": 1, "rollouts": drawn}, 9)
    assert line.startswith("grpo: step 1/9  reward 0.250  redrawn: 3 all failed")
    assert line.endswith("unusable 2")


def test_cancelled_work_ends_by_itself() -> None:
    ended: list[bool] = []

    def work(stop: threading.Event) -> None:
        ended.append(stop.wait(10))

    async def cancel() -> None:
        running = asyncio.create_task(stoppable(work))
        await asyncio.sleep(0.05)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(cancel())
    assert ended == [True]


def test_stages_run_again_with_other_keys_and_are_compared(tmp_path: Path) -> None:
    config = compose(["benchmark=[drills]", "model=lexical", "benchmark.drills.build.count=2"])
    console = Console(file=io.StringIO(), width=400)
    app = App(config, console, config.hydra.runtime.choices)
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder, threshold in zip(folders, (0.1, 0.9), strict=True):
        changes = {"run": str(folder), "trials": 2, "model": {"threshold": threshold}}
        asyncio.run(again(app, OmegaConf.create(changes), ["eval", "report"]))
        assert len(read_outcomes(folder)) == 12
    assert app.config.run is None
    asyncio.run(compare(app, [str(folder) for folder in folders], [1, 2]))
    assert "paired differences of pass^2" in said(app)
    with pytest.raises(UserMistake, match="name two or more"):
        asyncio.run(compare(app, [str(folders[0])]))
    with pytest.raises(UserMistake, match="cannot change modell"):
        changed(app, {"modell": 1}, [])


def test_a_user_server_may_come_back_on_another_node(monkeypatch: pytest.MonkeyPatch) -> None:
    def identity(url: str) -> dict[str, Any]:
        return {"seed": 0, "user_model": {"model": "u", "base_url": f"{url}/v1"}}

    monkeypatch.setenv("USER_URL", "http://n3:8001")
    first = lasting(identity("http://n3:8001"))
    monkeypatch.setenv("USER_URL", "http://n7:8001")
    assert lasting(identity("http://n7:8001")) == first
    elsewhere = identity("http://n3:8001")
    assert lasting(elsewhere) == elsewhere
    assert lasting({"seed": 0, "user_model": None}) == {"seed": 0, "user_model": None}
