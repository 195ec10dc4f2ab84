"""The outside of a worker: ask it, believe nothing it says, end it in time."""

from __future__ import annotations

import asyncio
import json
import os
import select
import socket
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from harness.faults import ModelFault
from synth.sandbox.layers import lacking
from synth.sandbox.process import ForkServer, Limits, shared
from synth.sandbox.replies import WRONG_SHAPE, Reply, checked_reply
from synth.sandbox.worker import FRAME, HEAD

DEFAULT = Limits(allow_weak=os.environ.get("SYNTH_ALLOW_WEAK_SANDBOX") == "1")
QUICK_S = 0.002


class Broken(Exception):
    """A worker died, spoke out of turn or ran out of time: it is gone. The text says which."""

    overtime = False


class Worker:
    """One foreign process: requests go out, checked replies come in, in step."""

    def __init__(self, limits: Limits = DEFAULT, probe: bool = False) -> None:
        """Fork a worker. Raises ModelFault where a layer that must hold does not."""
        server = shared()
        pid, self.channel = server.start(limits, probe)
        self.limits, self.count = limits, 0
        self._finish = weakref.finalize(self, drop, server, pid, self.channel)
        hello = self.frame(time.monotonic() + limits.start_s)
        if not isinstance(hello.get("hello"), dict):
            raise self.broken("the worker did not introduce itself")
        self.layers: Mapping[str, Any] = hello["hello"]
        missing = lacking(self.layers)
        if missing and not limits.allow_weak:
            self.end()
            raise ModelFault(
                f"this machine lacks {', '.join(missing)}: generated Python does not run "
                "(SYNTH_ALLOW_WEAK_SANDBOX=1 accepts the risk)",
                "sandbox",
            )

    def end(self) -> int | None:
        """Kill the process; the exit status, or None where it had been ended before."""
        held = self._finish.detach()
        if held is None:
            return None
        server, pid, channel = held[2]
        channel.close()
        try:
            return server.end(pid) if reachable(server) else None
        except ModelFault:
            return None

    def load(self, sources: Mapping[str, str], state: Mapping[str, Any]) -> None:
        """Compile sources, one class each under its tool's name. Raises Broken saying why not."""
        reply = checked_reply(self.ask({"load": dict(sources), "state": state}))
        if reply is None or reply.kind != "ok":
            raise self.broken(WRONG_SHAPE if reply is None else reply.text)

    def call(self, tool: str, arguments: Mapping[str, Any], state: Mapping[str, Any]) -> Reply:
        """Run a call on a state. Raises Broken where the worker does not answer as it must."""
        return self.finished(*self.send(request_of(tool, arguments, state)))

    async def call_async(
        self, tool: str, arguments: Mapping[str, Any], state: Mapping[str, Any]
    ) -> Reply:
        """The same without holding up the event loop for longer than a moment."""
        number, deadline = self.send(request_of(tool, arguments, state))
        if not self.ready(QUICK_S):
            return await asyncio.to_thread(self.finished, number, deadline)
        return self.finished(number, deadline)

    def finished(self, number: int, deadline: float) -> Reply:
        reply = checked_reply(self.receive(number, deadline))
        if reply is None:
            raise self.broken(WRONG_SHAPE)
        if self.ready(0):
            raise self.broken("the worker spoke out of turn")
        return reply

    def ask(self, request: dict[str, Any]) -> Any:
        return self.receive(*self.send(request))

    def send(self, request: dict[str, Any]) -> tuple[int, float]:
        """Send one numbered request; returns its number and the time by which to answer."""
        self.count += 1
        deadline = time.monotonic() + self.limits.seconds
        body = json.dumps({"n": self.count, **request}).encode()
        try:
            self.channel.settimeout(self.limits.seconds)
            self.channel.sendall(HEAD.pack(len(body)) + body)
        except OSError:
            raise self.broken("the worker does not listen") from None
        return self.count, deadline

    def receive(self, number: int, deadline: float) -> Any:
        """Read the reply to request `number`; anything else ends the worker."""
        frame = self.frame(deadline)
        if "tripped" in frame:
            raise self.broken(f"the code tried {str(frame['tripped'])[:100]}, which no tool may")
        if frame.get("n") != number or "reply" not in frame:
            raise self.broken("the worker spoke out of turn")
        return frame["reply"]

    def frame(self, deadline: float) -> dict[str, Any]:
        """Read one frame by its deadline."""
        size = HEAD.unpack(self.take(HEAD.size, deadline))[0]
        if size > FRAME:
            raise self.broken(f"the worker announced {size:,} bytes")
        try:
            data = json.loads(self.take(size, deadline))
        except (ValueError, RecursionError):
            raise self.broken("the worker's reply is no JSON") from None
        if not isinstance(data, dict):
            raise self.broken("the worker's reply is no object")
        return data

    def take(self, size: int, deadline: float) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            left = deadline - time.monotonic()
            if left <= 0:
                late = self.broken("the call ran out of time")
                late.overtime = True
                raise late
            try:
                self.channel.settimeout(left)
                part = self.channel.recv(size - len(parts))
            except TimeoutError:
                continue
            except OSError:
                part = b""
            if not part:
                raise self.broken("the worker ended")
            parts += part
        return bytes(parts)

    def ready(self, seconds: float) -> bool:
        return bool(select.select([self.channel], [], [], seconds)[0])

    def broken(self, text: str) -> Broken:
        """End the worker and return what to raise, with how it ended where that explains it."""
        status = self.end()
        if text == "the worker ended" and status is not None:
            text = f"the worker ended with status {status}"
        return Broken(text)


def drop(server: ForkServer, pid: int, channel: socket.socket) -> None:
    """Let go of a worker whose handle is gone."""
    channel.close()
    if reachable(server):
        with suppress(ModelFault):
            server.retire(pid)


def reachable(server: ForkServer) -> bool:
    """Say whether a server is this process's own and alive."""
    return server.owner == os.getpid() and server.process.poll() is None


def request_of(tool: str, arguments: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    return {"tool": tool, "arguments": arguments, "state": state}


def probe(limits: Limits = DEFAULT) -> dict[str, Any]:
    """Say which layers hold on this machine, and what each of the two walls refuses alone."""
    weak = replace(limits, allow_weak=True)
    found = {}
    for name, without in (
        ("", limits.without),
        ("landlock", ("seccomp",)),
        ("seccomp", ("landlock",)),
    ):
        worker = Worker(replace(weak, without=without), probe=True)
        found[name] = dict(worker.layers)
        worker.end()
    walls = {name: found[name].pop("refuses") for name in ("", "landlock", "seccomp")}
    return {**found[""], "refuses": walls.pop(""), "alone": walls}
