"""What a model call costs over the whole harness, and how near throughput comes to the ideal.

Each call is one single-turn episode: `run_episode`, a scripted user, a `ModelParty` over
`OpenAIModel`, a request of 15 KB with 14 tools, a stub server in another process.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.bench.meter import Meter
from harness.episode import run_episode
from harness.faults import ToolFault
from harness.models.openai import OpenAIModel
from harness.parties import ModelParty, Script
from harness.types import Role, Task, ToolCall, ToolSpec

TOOLS = 14
REQUEST_BYTES = 15_000


class Shelf:
    """A world that offers tools and runs none."""

    def __init__(self, tools: Sequence[ToolSpec]) -> None:
        self.offered = tools

    def tools(self, role: Role, turn: int) -> Sequence[ToolSpec]:
        return self.offered if role == "agent" else ()

    async def call(self, role: Role, call: ToolCall) -> str:
        raise ToolFault("nothing runs here")

    def state(self) -> Mapping[str, Any]:
        return {}


def make_tools() -> list[ToolSpec]:
    """Describe 14 tools of about half a kilobyte each."""
    properties = {
        f"field_{i}": {"type": "string", "description": f"What to write into field {i}."}
        for i in range(5)
    }
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return [ToolSpec(f"tool_{i}", "Change one record. " * 4, parameters) for i in range(TOOLS)]


def make_system(tools: Sequence[ToolSpec]) -> str:
    """Fill the request up to 15 KB with a policy text."""
    used = len(json.dumps([[t.name, t.description, t.parameters] for t in tools])) + TOOLS * 80
    return ("Follow the policy. " * 1000)[: REQUEST_BYTES - used]


@contextlib.contextmanager
def stub(delay_ms: float) -> Iterator[str]:
    """Run the stub server in its own process and yield its base URL."""
    command = [sys.executable, "-m", "harness.bench.stub", str(delay_ms)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:  # type: ignore[call-overload]
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        process.stdin.close()


async def play(model: OpenAIModel, calls: int, width: int) -> None:
    """Play `calls` one-call episodes, `width` at a time."""
    tools = make_tools()
    system = make_system(tools)
    todo = iter(range(calls))

    async def worker() -> None:
        for number in todo:
            task = Task(f"t{number}", "bench")
            agent = ModelParty("agent", model, system, seed=number)
            episode = await run_episode(task, Shelf(tools), agent, Script("user", ["Go on."]))
            assert episode.end == "user_stop", episode.fault

    await asyncio.gather(*(worker() for _ in range(width)))


async def measure(base_url: str, calls: int, width: int) -> dict[str, Any]:
    """Warm up (imports, connections), then measure."""
    model = OpenAIModel(model="stub", base_url=base_url, api_key_env=None)
    try:
        await play(model, 2 * width, width)
        meter = Meter()
        await play(model, calls, width)
        return meter.read()
    finally:
        await model.aclose()


def run(argv: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the cost of a call without latency, then the throughput with 200 ms latency."""
    parser = argparse.ArgumentParser(prog="python -m harness.bench client")
    parser.add_argument("--calls", type=int, default=4000, help="calls of each measurement")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--latency_ms", type=float, default=200.0)
    options = parser.parse_args(argv)
    setting = {"calls": options.calls, "connections": options.connections}
    with stub(0.0) as base_url:
        cost = asyncio.run(measure(base_url, options.calls, options.connections))
    per_call = round(1000 * cost["cpu_s"] / options.calls, 3)
    yield {"case": "cost", **setting, "cpu_ms_per_call": per_call, "limit": 1.5, **cost}
    with stub(options.latency_ms) as base_url:
        flow = asyncio.run(measure(base_url, options.calls, options.connections))
    rounds = -(-options.calls // options.connections)
    ideal_s = rounds * options.latency_ms / 1000
    yield {
        "case": "throughput",
        **setting,
        "latency_ms": options.latency_ms,
        "share_of_ideal": round(ideal_s / flow["wall_s"], 4),
        "limit": 0.95,
        **flow,
    }
