"""Speed of tools in Python: opening a sandboxed world, and calls to it beside calls in SQL.

The work is another process's, so the figures are wall time, on an idle machine.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from harness.faults import ModelFault
from harness.types import ToolSpec
from synth.guard import build_image
from synth.package import fill
from synth.python_tools import PythonProgram
from synth.world import Blueprint, SqlWorld, Tool

START_MS, CALLS_PER_S = 50.0, 500
ROWS = 100
SCHEMA = "create table parcel (id integer primary key, weight real not null, sent integer not null)"
SOURCE = """
class Tool:
    def __init__(self, state):
        self.state = state

    def info(self):
        return {"name": "weigh"}

    def invoke(self, id, weight):
        row = next((row for row in self.state["parcel"] if row["id"] == id), None)
        if row is None:
            raise ToolError("no such parcel")
        row["weight"] = weight
        return {"total": sum(row["weight"] for row in self.state["parcel"])}
"""
PARAMETERS = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "weight": {"type": "number"}},
    "required": ["id", "weight"],
}


def measure(worlds: int, calls: int) -> Iterator[dict[str, Any]]:
    """Yield the start of sandboxed worlds and their calls; one line where there is no sandbox."""
    blueprint = parcels()
    try:
        first = opened(blueprint)
    except ModelFault as fault:
        yield {"case": "sandbox", "skipped": str(fault)}
        return
    ms = sorted(opened(blueprint) for _ in range(worlds))
    yield {
        "case": "sandbox_start",
        "limit_ms": START_MS,
        "first_ms": round(first, 2),
        "median_ms": round(ms[worlds // 2], 2),
        "worst_ms": round(ms[-1], 2),
        "worlds": worlds,
    }
    yield calling(blueprint, calls)


def parcels() -> Blueprint:
    """Return a world of parcels with one tool, in Python."""
    rows: Mapping[str, list[list[Any]]] = {
        "parcel": [[number, number / 4, 0] for number in range(1, ROWS + 1)]
    }
    image = build_image(SCHEMA, lambda connection: fill(connection, rows))
    spec = ToolSpec("weigh", "Weigh a parcel again.", PARAMETERS)
    return Blueprint(image, {"weigh": Tool(spec, PythonProgram(SOURCE))})


def opened(blueprint: Blueprint) -> float:
    """Return the milliseconds until a fresh world has answered its first call."""
    started = time.perf_counter()
    SqlWorld(blueprint).run("weigh", {"id": 1, "weight": 2.5})
    return 1000 * (time.perf_counter() - started)


def calling(blueprint: Blueprint, calls: int) -> dict[str, Any]:
    """Measure calls that read all rows and change one."""
    world = SqlWorld(blueprint)
    world.run("weigh", {"id": 1, "weight": 2.5})
    started = time.perf_counter()
    for number in range(calls):
        world.run("weigh", {"id": number % ROWS + 1, "weight": float(number)})
    wall = time.perf_counter() - started
    rate = {"limit_per_s": CALLS_PER_S, "per_s": round(calls / wall)}
    return {"case": "sandbox_calls", **rate, "rows": ROWS, "wall_s": round(wall, 4)}
