"""The stage `launch` on a real Slurm cluster: servers, training, its death and its second start."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.models.process import free_port
from tests.cluster.slurm import cluster, missing

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow

# Our own modules run; training is noted, leaves a checkpoint, and dies the first time.
PYTHON = """#!/bin/bash
case "$2" in train.*) exec {python} "$@" ;; esac
echo "$SLURMD_NODENAME $SLURM_PROCID $TRAIN_HOST $ROLLOUT_URLS $*" >> {folder}/noted
made=$(ls -d {folder}/out/checkpoint-* 2>/dev/null | wc -l)
mkdir -p {folder}/out/checkpoint-$((made + 1))
touch {folder}/out/checkpoint-$((made + 1))/trainer_state.json
exit $((1 - made))
"""
VLLM = """#!{python}
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
port = int(sys.argv[sys.argv.index("--port") + 1])
with open("{folder}/served", "a") as file:
    file.write(os.environ["SLURMD_NODENAME"] + " " + " ".join(sys.argv[1:]) + "\\n")
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    if lacking := missing():
        pytest.skip(f"Slurm is not installed: {', '.join(lacking)}")
    with cluster(tmp_path_factory.mktemp("slurm")) as env:
        yield {**env, "PYTHONPATH": str(ROOT)}


def program(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text.format(python=sys.executable, folder=folder))
    path.chmod(0o755)
    return path


def launch(env: dict[str, str], folder: Path, *changes: str) -> subprocess.CompletedProcess[str]:
    options = {
        "python": program(folder, "python", PYTHON),
        "vllm": program(folder, "vllm", VLLM),
        "out": folder / "cluster",
        "train_nodes": 1,
        "gpus_per_node": 1,
        "resources": "--exclusive",
        "port": free_port(),
        "wait_s": 60,
    }
    chosen = [f"train.cluster.{name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "harness", "train=[grpo,cluster]", "stages=[launch]"]
    return subprocess.run(
        [*command, *chosen, "train.grpo.model=m", f"train.grpo.out={folder}/out", *changes],
        cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def finished(env: dict[str, str], job: str, seconds: float = 120.0) -> str:
    """Wait until a job is over; return its state."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        shown = subprocess.run(
            ["scontrol", "-o", "show", "job", job], env=env, capture_output=True, text=True
        ).stdout
        state = shown.partition("JobState=")[2].partition(" ")[0]
        if state not in ("PENDING", "RUNNING", "COMPLETING", "CONFIGURING"):
            return state
        time.sleep(0.5)
    return f"not over in {seconds} s"


def test_a_training_that_dies_is_started_again_with_its_servers(
    slurm: dict[str, str], tmp_path: Path
) -> None:
    done = launch(slurm, tmp_path)
    assert done.returncode == 0, done.stderr
    job = done.stdout.split()[1]
    state = finished(slurm, job)
    log = (tmp_path / "cluster" / f"slurm-{job}.log").read_text()
    assert state == "COMPLETED", log
    assert "status 1 after checkpoint 1: start 2" in log
    starts = (tmp_path / "noted").read_text().splitlines()
    assert len(starts) == 2
    node, number, host, urls, *command = starts[0].split()
    assert (node, number, host) == ("n0", "0", "127.0.0.1")
    assert urls.startswith("http://127.0.0.1:")
    assert command[:2] == ["-m", "accelerate.commands.launch"]
    assert command[command.index("--machine_rank") + 1] == "0"
    assert command[command.index("--main_process_ip") + 1] == "127.0.0.1"
    assert {"stages=[grpo]", "train.grpo.devices=1", "train.grpo.rollouts=server"} < set(command)
    servers = (tmp_path / "served").read_text().splitlines()
    assert len(servers) == 2
    assert all(line.startswith("n1 serve m --port") for line in servers)


def test_a_server_that_does_not_come_is_said_in_the_log(
    slurm: dict[str, str], tmp_path: Path
) -> None:
    done = launch(slurm, tmp_path, "train.cluster.vllm=/bin/false", "train.cluster.wait_s=1",
                  "train.cluster.restarts=0")  # fmt: skip
    assert done.returncode == 0, done.stderr
    job = done.stdout.split()[1]
    assert finished(slurm, job) == "FAILED"
    log = (tmp_path / "cluster" / f"slurm-{job}.log").read_text()
    assert "did not answer in 1 s" in log
    assert "given up" in log
    assert not (tmp_path / "noted").exists()


def test_what_slurm_refuses_is_one_line(slurm: dict[str, str], tmp_path: Path) -> None:
    done = launch(slurm, tmp_path, "train.cluster.sbatch=['--partition=nowhere']")
    assert done.returncode == 2
    assert "sbatch refused" in done.stderr
    assert done.stderr.count("\n") == 1
