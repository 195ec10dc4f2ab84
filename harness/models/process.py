"""A server in a process group of its own: started, watched, and gone when we are."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from harness.faults import ModelFault

log = logging.getLogger(__name__)
_running: weakref.WeakSet[Server] = weakref.WeakSet()
_armed = False


def free_port() -> int:
    """Ask the system for a TCP port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(eq=False)
class Server:
    """One server process. `health_url` answers 200 once it is ready; output goes to `log_path`.

    A server that is asked to stop has `grace_s` seconds until it is killed.
    """

    command: Sequence[str]
    env: Mapping[str, str]
    log_path: Path
    health_url: str
    grace_s: float = 10.0
    process: subprocess.Popen[bytes] | None = None

    async def start(self, timeout_s: float) -> None:
        """Start it and wait until it is healthy. Raises ModelFault with the log's last line."""
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        arm()
        with self.log_path.open("ab") as output:
            self.process = self.spawn(output)
        _running.add(self)
        log.info("started %s (pid %d), log in %s", self.command[0], self.process.pid, self.log_path)
        try:
            await self.wait_until_healthy(timeout_s)
        except BaseException:
            await asyncio.shield(asyncio.to_thread(self.stop))
            raise

    def spawn(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        # setpriv makes the kernel end the server even where we are killed without a word.
        guard = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        return subprocess.Popen(
            [*guard, *self.command],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    async def wait_until_healthy(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not await asyncio.to_thread(answers, self.health_url):
            if gone := self.gone():
                raise ModelFault(gone, "server_start")
            if time.monotonic() > deadline:
                line = f"the server was not ready after {timeout_s:g} s: {self.last_words()}"
                raise ModelFault(line, "server_start")
            await asyncio.sleep(min(0.5, timeout_s / 20))

    def gone(self) -> str | None:
        """Say in one line that the process has ended, and how; None while it runs."""
        if self.process is None or self.process.poll() is None:
            return None
        return f"the server ended with status {self.process.returncode}: {self.last_words()}"

    def last_words(self) -> str:
        """Return the last line of the log that says something, and where the log is."""
        try:
            with self.log_path.open("rb") as file:
                file.seek(max(0, self.log_path.stat().st_size - 8192))
                lines = file.read().decode("utf-8", "replace").split("\n")
        except OSError:
            lines = []
        said = [line.strip() for line in lines if line.strip()]
        return f"{said[-1][:300] if said else 'no output'} (log: {self.log_path})"

    def stop(self) -> None:
        """End the whole process group: ask, wait `grace_s`, then kill. May be called again."""
        process, self.process = self.process, None
        _running.discard(self)
        if process is None:
            return
        signal_group(process, signal.SIGTERM)
        try:
            process.wait(self.grace_s)
        except subprocess.TimeoutExpired:
            log.warning("server %d did not stop, killing it", process.pid)
        signal_group(process, signal.SIGKILL)
        process.wait()


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal every process of the server's group, also after its leader has ended."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def answers(url: str) -> bool:
    """Ask for `url` directly, without a proxy, and say whether the answer was 200."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as response:
            return bool(response.status == 200)
    except (OSError, ValueError):
        return False


def arm() -> None:
    """Make sure, once, that servers end with this process: at exit and on SIGTERM."""
    global _armed
    if _armed:
        return
    _armed = True
    atexit.register(stop_all)
    if threading.current_thread() is threading.main_thread():
        previous = signal.getsignal(signal.SIGTERM)
        if previous in (signal.SIG_DFL, None):
            signal.signal(signal.SIGTERM, end)


def end(number: int, frame: Any) -> None:
    """Stop the servers, then die of the signal as if nobody had caught it."""
    stop_all()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def stop_all() -> None:
    for server in list(_running):
        server.stop()
