"""A training that dies is started again as long as it moves on, and a killed one loses nothing."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from harness.models.process import free_port
from train.restart import Supervisor, main, step_of
from train.wait import main as wait_main

ROOT = Path(__file__).parents[2]
# Ends with the next of the statuses in its file; before that it writes a checkpoint if told so.
TRAINING = """
import pathlib, sys
out = pathlib.Path(sys.argv[1])
plan = (out / "plan").read_text().split()
(out / "plan").write_text(" ".join(plan[1:]))
word = plan[0]
if word.endswith("+"):
    made = out / f"checkpoint-{len(list(out.glob('checkpoint-*'))) + 1}"
    made.mkdir()
    (made / "trainer_state.json").write_text("{}")
sys.exit(int(word.rstrip("+")))
"""


def supervise(out: Path, plan: str, limit: int = 2) -> tuple[int, list[str]]:
    (out / "plan").write_text(plan)
    said: list[str] = []
    command = [sys.executable, "-c", TRAINING, str(out)]
    return Supervisor(command, out, limit, 0.0, said.append).run(), said


def test_a_training_that_moves_on_is_started_again(tmp_path: Path) -> None:
    status, said = supervise(tmp_path, "1+ 1+ 1+ 1+ 0")
    assert status == 0
    assert len(said) == 4
    assert "status 1 after checkpoint 4: start 5" in said[-1]
    assert step_of(tmp_path) == 4


def test_one_that_stands_still_is_given_up(tmp_path: Path) -> None:
    status, said = supervise(tmp_path, "1+ 3 3 3 0")
    assert status == 3
    assert "3 times without a new checkpoint: given up" in said[-1]
    assert (tmp_path / "plan").read_text() == "0"


@pytest.mark.parametrize("status", [0, 2, 130])
def test_what_would_only_repeat_itself_is_not_started_again(tmp_path: Path, status: int) -> None:
    assert supervise(tmp_path, f"{status} 0") == (status, [])


def test_a_signal_is_handed_on_and_is_the_end(tmp_path: Path) -> None:
    code = (
        "import signal, time\n"
        "signal.signal(15, lambda *_: exit(7))\n"
        "print('up', flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-m", "train.restart", "--out", str(tmp_path), "--"]
    with subprocess.Popen(
        [*command, sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 7


def test_a_killed_command_has_the_status_that_a_shell_says(tmp_path: Path) -> None:
    killed = [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]
    options = ["--out", str(tmp_path), "--limit", "0", "--pause", "0", "--"]
    assert main([*options, *killed]) == 137


class Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_servers_are_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    server = HTTPServer(("127.0.0.1", 0), Healthy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    assert wait_main(["5", url]) == 0
    server.shutdown()
    server.server_close()
    silent = f"http://127.0.0.1:{free_port()}"
    assert wait_main(["0.1", silent]) == 1
    assert f"{silent} did not answer in 0.1 s" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("torch", "trl")),
    reason="the train extra is not installed",
)
def test_a_killed_process_costs_what_followed_the_last_checkpoint(tmp_path: Path) -> None:
    """SIGKILL to one of two processes: the supervised training ends with the same weights."""

    from safetensors.torch import load_file

    from tests.train.test_deepspeed import options
    from tests.train.test_sft import record
    from train.tiny import Shape, save_fresh

    lines = [json.dumps(record(number)) for number in range(40)]
    (tmp_path / "data.jsonl").write_text("\n".join(lines) + "\n")
    shape = Shape(hidden=32, layers=1, heads=2, kv_heads=1, head_dim=16, positions=512)
    save_fresh(tmp_path / "fresh", lines, shape, warm_steps=0)
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    run = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc_per_node=2",
        "-m",
    ]
    long = {"devices": 2, "steps": 60, "save_every": 5}
    whole = subprocess.run([*run, *options(tmp_path, "whole", **long)], env=env, cwd=ROOT)
    assert whole.returncode == 0
    out = tmp_path / "killed"
    keeper = [sys.executable, "-m", "train.restart", "--out", str(out), "--pause", "1", "--"]
    process = subprocess.Popen(
        [*keeper, *run, *options(tmp_path, "killed", **long)],
        env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    while step_of(out) < 5:
        assert process.poll() is None
        time.sleep(0.05)
    (worker, *_) = workers(process.pid)
    os.kill(worker, signal.SIGKILL)
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 0
    assert "start 2" in said
    one, other = (
        load_file(place / "final" / "model.safetensors") for place in (out, tmp_path / "whole")
    )
    assert all(bool((one[name] == other[name]).all()) for name in one)


def workers(parent: int) -> list[int]:
    """Return the processes that torchrun started, which train."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "cmdline").read_bytes().decode().split("\0")
            above = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError):
            continue
        if "harness" in text and "torch.distributed.run" not in text and descends(above, parent):
            found.append(int(entry.name))
    return found


def descends(pid: int, parent: int) -> bool:
    while pid > 1:
        if pid == parent:
            return True
        pid = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    return False
