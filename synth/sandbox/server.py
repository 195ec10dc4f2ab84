"""The fork server: a small warm Python that gives every environment a process of its own.

It runs no foreign code. It reads one JSON line per order from its control socket:
`start` (with the worker's end of a channel as an attached file) forks and answers the process id,
`end` kills the process with its group and answers how it ended. It dies with its owner.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
from typing import Any

from synth.sandbox import worker

LAZY = (
    "_strptime",
    "_pydecimal",
    "locale",
    "encodings.idna",
    "encodings.ascii",
    "encodings.latin_1",
)
"""What offered modules import only when they are used."""


def serve(descriptor: int) -> None:
    """Answer orders until the owner hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=descriptor)
    for name in (*sorted(worker.OFFERED), *LAZY):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    os.environ.clear()
    while True:
        data, files, _, _ = socket.recv_fds(control, 4_096, 1)
        if not data:
            os._exit(0)
        order = json.loads(data)
        reply = start(order, files[0]) if order["do"] == "start" else end(order["pid"])
        control.send(json.dumps(reply).encode())


def start(order: dict[str, Any], channel: int) -> dict[str, Any]:
    """Fork a worker in a session of its own."""
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            worker.run(channel, order)
        finally:
            os._exit(70)
    os.close(channel)
    return {"pid": pid}


def end(pid: int) -> dict[str, Any]:
    """Kill a worker and whatever is in its group; it is not reaped before, so the id is its."""
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    _, status = os.waitpid(pid, 0)
    return {"status": os.waitstatus_to_exitcode(status)}
