"""A real two-node Slurm cluster on one machine, for tests: its own keys, ports and folders."""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NEEDED = ("slurmctld", "slurmd", "munged", "sbatch", "scontrol")
NODES = 2
# Without a database daemon there is no accounting; submitit asks sacct for states all the same.
SACCT = """#!/bin/sh
job=$(printf '%s\\n' "$@" | grep -A1 -x -e -j | tail -n 1)
echo 'JobID|State|NodeList'
for one in $(echo "$job" | tr ',' ' '); do
  scontrol -o show job "$one" 2>/dev/null | while read -r line; do
    array=$(echo "$line" |
      sed -n 's/.*ArrayJobId=\\([0-9]*\\).*ArrayTaskId=\\([0-9]*\\).*/\\1_\\2/p')
    id=$(echo "$line" | sed -n 's/^JobId=\\([0-9]*\\).*/\\1/p')
    state=$(echo "$line" | sed -n 's/.*JobState=\\([A-Z_]*\\).*/\\1/p')
    echo "${array:-$id}|$state|n0"
  done
done
"""


def missing() -> list[str]:
    """Return the programs of Slurm that are not on this machine."""
    return [name for name in NEEDED if shutil.which(name) is None]


@contextmanager
def cluster(folder: Path) -> Iterator[dict[str, str]]:
    """Start munge, a controller and two nodes; yield the environment that reaches them."""
    folder.chmod(0o755)
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o600)
    (folder / "slurm.conf").write_text(configuration(folder))
    shim = folder / "bin" / "sacct"
    shim.parent.mkdir()
    shim.write_text(SACCT)
    shim.chmod(0o755)
    env = {
        **os.environ,
        "SLURM_CONF": str(folder / "slurm.conf"),
        "PATH": f"{shim.parent}:{os.environ['PATH']}",
    }
    daemons = [
        start(env, folder, "munged", *munge_options(folder)),
        start(env, folder, "slurmctld", "-D"),
        *(start(env, folder, "slurmd", "-D", "-N", f"n{node}") for node in range(NODES)),
    ]
    try:
        wait_until_idle(env)
        yield env
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
        for daemon in daemons:
            daemon.wait(timeout=20)


def start(
    env: dict[str, str], folder: Path, program: str, *options: str
) -> subprocess.Popen[bytes]:
    log = (folder / f"{program}{''.join(options[-1:])[-3:].replace('/', '')}.out").open("wb")
    with log:
        return subprocess.Popen([program, *options], env=env, stdout=log, stderr=log)


def munge_options(folder: Path) -> list[str]:
    names = {"key-file": "munge.key", "socket": "munge.sock", "pid-file": "munge.pid"}
    names |= {"log-file": "munge.log", "seed-file": "munge.seed"}
    return ["--foreground", "--force", *(f"--{k}={folder / v}" for k, v in names.items())]


def configuration(folder: Path) -> str:
    """Write slurm.conf for nodes that are processes of this machine."""
    host = socket.gethostname().split(".")[0]
    user = getpass.getuser()
    control, *ports = free_ports(NODES + 1)
    lines = [
        "ClusterName=test",
        f"SlurmctldHost={host}(127.0.0.1)",
        f"SlurmctldPort={control}",
        f"SlurmUser={user}",
        f"SlurmdUser={user}",
        f"AuthInfo=socket={folder / 'munge.sock'}",
        f"StateSaveLocation={folder / 'state'}",
        f"SlurmdSpoolDir={folder / 'spool-%n'}",
        f"SlurmctldPidFile={folder / 'slurmctld.pid'}",
        f"SlurmdPidFile={folder / 'slurmd-%n.pid'}",
        "ProctrackType=proctrack/linuxproc",
        "TaskPlugin=task/none",
        "JobAcctGatherType=jobacct_gather/none",
        "SlurmdParameters=config_overrides",
        "MpiDefault=none",
        "SelectType=select/cons_tres",
        "ReturnToService=2",
    ]
    for node, port in enumerate(ports):
        lines.append(
            f"NodeName=n{node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=4 "
            "RealMemory=8000 State=UNKNOWN"
        )
    lines.append(f"PartitionName=all Nodes=n[0-{NODES - 1}] Default=YES State=UP MaxTime=60")
    return "\n".join(lines) + "\n"


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_until_idle(env: dict[str, str], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        shown = subprocess.run(
            ["sinfo", "-h", "-N", "-o", "%t"], env=env, capture_output=True, text=True, check=False
        )
        if shown.stdout.split() == ["idle"] * NODES:
            return
        time.sleep(0.2)
    raise RuntimeError(f"the cluster did not come up: {shown.stdout}{shown.stderr}")
