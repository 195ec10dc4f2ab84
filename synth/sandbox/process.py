"""The owner's end of the fork server: start it once, order workers, have them ended."""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.faults import ModelFault

ROOT = Path(__file__).resolve().parents[2]
BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from synth.sandbox.server import serve; serve(int(sys.argv[2]))"
)


@dataclass(frozen=True)
class Limits:
    """What one worker may use.

    `allow_weak` runs where the kernel lacks a layer that must hold; `without` leaves layers out
    on purpose, so that tests can try each one alone.
    """

    seconds: float = 2.0
    memory_mb: int = 256
    cpu_s: int = 120
    start_s: float = 20.0
    allow_weak: bool = False
    without: tuple[str, ...] = ()


class ForkServer:
    """One warm process that forks workers. Thread-safe; `close` ends it and all its workers."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.retired: deque[int] = deque()
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-P", "-s", "-S", "-B", "-c", BOOT, str(ROOT)]
        with theirs:
            self.process = subprocess.Popen(
                [*command, str(theirs.fileno())],
                env={"PYTHONHASHSEED": "0"},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.owner = os.getpid()

    def order(self, order: Mapping[str, Any], files: Sequence[int] = ()) -> dict[str, Any]:
        """Send one order and wait for the answer; then end the workers that were dropped."""
        with self.lock:
            answer = self.exchange(order, files)
            self.sweep()
        return answer

    def exchange(self, order: Mapping[str, Any], files: Sequence[int] = ()) -> dict[str, Any]:
        """Send one order and wait for the answer. Whoever calls holds the lock."""
        try:
            socket.send_fds(self.control, [json.dumps(order).encode()], list(files))
            data = self.control.recv(4_096)
        except OSError as error:
            raise ModelFault(f"the sandbox's fork server is gone: {error}", "sandbox") from None
        if not data:
            raise ModelFault("the sandbox's fork server is gone", "sandbox")
        answer: dict[str, Any] = json.loads(data)
        return answer

    def start(self, limits: Limits, probe: bool = False) -> tuple[int, socket.socket]:
        """Fork a worker; returns its process id and our end of its channel."""
        ours, theirs = socket.socketpair()
        order = {
            "do": "start",
            "memory_mb": limits.memory_mb,
            "cpu_s": limits.cpu_s,
            "without": limits.without,
            "probe": probe,
        }
        with theirs:
            pid = self.order(order, [theirs.fileno()])["pid"]
        return int(pid), ours

    def end(self, pid: int) -> int:
        """Kill a worker's group and return its exit status (negative: the signal)."""
        return int(self.order({"do": "end", "pid": pid})["status"])

    def retire(self, pid: int) -> None:
        """End a worker that nobody holds any more, now or after the order under way.

        Called by the garbage collector, which may run in the middle of an order of this thread.
        """
        self.retired.append(pid)
        if self.lock.acquire(blocking=False):
            try:
                self.sweep()
            finally:
                self.lock.release()

    def sweep(self) -> None:
        """End the retired workers. Whoever calls holds the lock."""
        while self.retired:
            self.exchange({"do": "end", "pid": self.retired.popleft()})

    def close(self) -> None:
        """End the server; the kernel ends its workers with it."""
        self.control.close()
        if os.getpid() == self.owner:
            self.process.kill()
            self.process.wait()


SERVERS: dict[int, ForkServer] = {}
STARTING = threading.Lock()


def shared() -> ForkServer:
    """Return this process's fork server: started when first needed, and again where it died."""
    with STARTING:
        server = SERVERS.get(os.getpid())
        if server is None or server.process.poll() is not None:
            server = SERVERS[os.getpid()] = ForkServer()
            atexit.register(server.close)
        return server
