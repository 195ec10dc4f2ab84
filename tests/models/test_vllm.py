"""The vLLM seat: its command as data, and a real server process through the same code path."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.faults import ModelFault, UserMistake
from harness.models import process
from harness.models.gpus import count_gpus, lacks_gpus, require_room
from harness.models.vllm import VllmModel

FAKE = str(Path(__file__).parent.parent / "fakes" / "vllm_server.py")
ASK = [{"role": "user", "content": "hi"}]


def make(folder: Path, model: str = "m", **options: Any) -> VllmModel:
    settings: dict[str, Any] = {
        "model": model,
        "executable": [sys.executable, FAKE, "serve"],
        "needs_gpu": False,
        "log_dir": str(folder / "logs"),
        "start_timeout_s": 30.0,
        "retries": 1,
    }
    return VllmModel(**{**settings, **options})


async def about(model: VllmModel, **sampling: Any) -> dict[str, Any]:
    """Ask the fake what it was started with."""
    reply = await model.generate(ASK, (), **sampling)
    data: dict[str, Any] = json.loads(reply.text)
    return data


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def eventually(fact: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not fact() and time.monotonic() < deadline:
        time.sleep(0.02)
    return fact()


def test_the_command_is_data(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text('{"r": 24}')
    model = VllmModel(
        model="Qwen/Qwen3-8B",
        adapters={"tuned": str(tmp_path)},
        gpus=[2, 3],
        tensor_parallel=2,
        max_model_len=32768,
        reasoning_parser="qwen3",
        chat_template="t.jinja",
        extra_args=["--seed", 7],
        env={"X": 1},
    )
    command = model.command(8000)
    assert command[:3] == ["vllm", "serve", "Qwen/Qwen3-8B"]
    pairs = dict(itertools.pairwise(command))
    assert pairs["--port"] == "8000"
    assert pairs["--tensor-parallel-size"] == "2"
    assert pairs["--max-model-len"] == "32768"
    assert pairs["--tool-call-parser"] == "hermes"
    assert pairs["--reasoning-parser"] == "qwen3"
    assert pairs["--chat-template"] == "t.jinja"
    assert pairs["--generation-config"] == "auto"
    assert pairs["--max-lora-rank"] == "32"
    assert pairs["--lora-modules"] == f"tuned={tmp_path}"
    assert command[-2:] == ["--seed", "7"]
    assert model.environment() == {"CUDA_VISIBLE_DEVICES": "2,3", "X": "1"}
    assert model.name == "tuned"
    plan = model.plan()
    assert "vllm serve Qwen/Qwen3-8B" in plan["command"]
    assert plan["environment"]["CUDA_VISIBLE_DEVICES"] == "2,3"


def test_prompting_modes_need_no_parser() -> None:
    command = VllmModel(model="m", tool_format="python_list", tool_parser=None).command()
    assert "--enable-auto-tool-choice" not in command
    with pytest.raises(UserMistake, match="tool_parser"):
        VllmModel(model="m", tool_parser=None)


def test_start_health_request_log_stop(tmp_path: Path) -> None:
    async def play() -> tuple[dict[str, Any], int]:
        model = make(tmp_path, gpus=["3"], env={"FAKE_EXTRA": "yes"}, thinking=False)
        told = await about(model, seed=5)
        server = model._server
        assert server is not None
        assert server.process is not None
        pid = server.process.pid
        assert is_alive(pid)
        await model.aclose()
        return told, pid

    told, pid = asyncio.run(play())
    assert told["argv"][:2] == ["serve", "m"]
    assert told["gpus"] == "3"
    assert told["extra"] == "yes"
    assert told["request"]["seed"] == 5
    assert told["request"]["chat_template_kwargs"] == {"enable_thinking": False}
    assert not is_alive(pid)
    logs = list((tmp_path / "logs").iterdir())
    assert len(logs) == 1
    assert "loading m" in logs[0].read_text()


def test_two_seats_run_side_by_side_and_calls_share_one_server(tmp_path: Path) -> None:
    async def play() -> list[dict[str, Any]]:
        agent, user = make(tmp_path, gpus=[0]), make(tmp_path, "u", gpus=[1])
        told = await asyncio.gather(about(agent), about(agent), about(user))
        await asyncio.gather(agent.aclose(), user.aclose())
        return list(told)

    first, second, third = asyncio.run(play())
    assert first["argv"] == second["argv"]
    assert (first["gpus"], third["gpus"]) == ("0", "1")
    assert len(list((tmp_path / "logs").iterdir())) == 2


def test_a_crash_at_start_is_told_with_the_log(tmp_path: Path) -> None:
    with pytest.raises(ModelFault, match=r"status 3: ValueError: .*no weights \(log: ") as caught:
        asyncio.run(make(tmp_path, "crash").open())
    assert caught.value.kind == "server_start"
    assert "\n" not in str(caught.value)


def test_flags_that_the_server_does_not_know_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelFault, match="unrecognized arguments: --no-such-flag"):
        asyncio.run(make(tmp_path, extra_args=["--no-such-flag"]).open())


def test_a_server_that_never_gets_healthy_is_stopped(tmp_path: Path) -> None:
    model = make(tmp_path, "silent", start_timeout_s=1.0)
    with pytest.raises(ModelFault, match="not ready after 1 s"):
        asyncio.run(model.open())
    assert not process._running


def test_a_server_that_dies_is_a_fault_at_once(tmp_path: Path) -> None:
    async def play() -> None:
        model = make(tmp_path, "mortal", retries=5)
        await about(model)
        try:
            await about(model)
        finally:
            await model.aclose()

    with pytest.raises(ModelFault, match="status 13: RuntimeError: CUDA error") as caught:
        asyncio.run(play())
    assert caught.value.kind == "server_died"


def child_of(folder: Path) -> int:
    (path,) = (folder / "logs").iterdir()
    line = next(line for line in path.read_text().splitlines() if line.startswith("child "))
    return int(line.split()[1])


def test_a_stubborn_group_is_killed(tmp_path: Path) -> None:
    port = process.free_port()
    command = make(tmp_path, "stubborn").command(port)
    log = tmp_path / "logs" / "log"
    url = f"http://127.0.0.1:{port}/health"
    server = process.Server(command, dict(os.environ), log, url, grace_s=0.3)
    asyncio.run(server.start(30.0))
    child = child_of(tmp_path)
    assert is_alive(child)
    server.stop()
    assert eventually(lambda: not is_alive(child))


PARENT = """
import asyncio, sys
from harness.models.vllm import VllmModel
async def main():
    model = VllmModel(model="m", executable=[sys.executable, {fake!r}, "serve"],
                      needs_gpu=False, log_dir={folder!r})
    await model.open()
    print(model._server.process.pid, flush=True)
    if {leave}:
        return
    await asyncio.sleep(60)
asyncio.run(main())
"""


NO_GUARD = pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not installed")


@pytest.mark.parametrize("way", ["exit", "SIGTERM", pytest.param("SIGKILL", marks=NO_GUARD)])
def test_the_server_ends_with_its_parent(way: str, tmp_path: Path) -> None:
    code = PARENT.format(fake=FAKE, folder=str(tmp_path), leave=way == "exit")
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent, parent.stdout:
        pid = int(parent.stdout.readline())
        if way != "exit":
            assert is_alive(pid)
            os.kill(parent.pid, getattr(signal, way))
        status = parent.wait(20)
    assert status == {"exit": 0, "SIGTERM": -15, "SIGKILL": -9}[way]
    assert eventually(lambda: not is_alive(pid))


def test_what_is_missing_is_told_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="'no-such-program' is not installed"):
        make(tmp_path, executable=["no-such-program"]).check()
    with pytest.raises(UserMistake, match="nothing at /no/such/model"):
        make(tmp_path, "/no/such/model").check()
    with pytest.raises(UserMistake, match=r"nothing at \./none"):
        make(tmp_path, adapters={"a": "./none"}).check()
    make(tmp_path).check()
    assert "missing" not in make(tmp_path).plan()
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize(
    ("gpus", "needed", "present", "words"),
    [
        (None, 1, 0, "no GPU here"),
        (None, 4, 2, "4 GPUs are needed"),
        ([0], 2, 8, "names 1"),
        ([0, 9], 2, 8, "no GPU 9"),
        ([0, 1], 2, 8, None),
        (["GPU-abc"], 1, 8, None),
        (None, 2, 2, None),
    ],
)
def test_gpus_that_cannot_be_had(gpus: Any, needed: int, present: int, words: str | None) -> None:
    told = lacks_gpus(gpus, needed, present)
    assert (told is None) if words is None else (told is not None and words in told)


def test_gpus_are_counted_from_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert count_gpus(tmp_path) == 0
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    assert count_gpus(tmp_path) == 2
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5")
    assert count_gpus(tmp_path) == 1
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert count_gpus(tmp_path) == 0


def test_seats_that_crowd_a_gpu_are_refused() -> None:
    require_room({"model": ([0, 1], 0.9), "user_model": ([2], 0.9)})
    require_room({"model": ([0], 0.6), "user_model": ([0], 0.4)})
    require_room({"model": (None, 0.9)})
    with pytest.raises(UserMistake, match="GPU 1 is asked for by model and user_model"):
        require_room({"model": ([0, 1], 0.9), "user_model": ([1], 0.9)})
    with pytest.raises(UserMistake, match="give each its own GPUs"):
        require_room({"model": (None, 0.9), "user_model": ([1], 0.9)})
