"""What a data set says of a task beside its talk: where it comes from and under which licence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.benchmark import Benchmark
from harness.packs import pack_names, pack_spec
from harness.types import Task


@dataclass(frozen=True)
class Facts:
    """The facts of one task; what a benchmark does not say is empty."""

    benchmark: str
    task_id: str
    env: str
    licence: str
    kind: str = ""
    mode: str = ""
    plan_id: str = ""
    package: str = ""

    def columns(self) -> dict[str, Any]:
        """Return what goes into a row."""
        return {
            "benchmark": self.benchmark,
            "task_id": self.task_id,
            "env": self.env,
            "kind": self.kind,
            "mode": self.mode,
            "plan_id": self.plan_id,
            "package": self.package,
            "licence": self.licence,
        }


def facts_of(benchmark: Benchmark, task: Task) -> Facts:
    """Read a task's facts from its payload, as far as it is a synthesised one."""
    payload = task.payload
    env = mapping(payload.get("env"))
    return Facts(
        benchmark=benchmark.name,
        task_id=task.id,
        env=str(env.get("env_id") or task.domain),
        licence=licence_of(benchmark, payload),
        kind=str(payload.get("kind") or ""),
        mode=str(payload.get("mode") or ""),
        plan_id=str(mapping(payload.get("plan")).get("plan_id") or ""),
        package=str(env.get("hash") or ""),
    )


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def objectives_of(task: Task) -> int | None:
    """Count the high-level goals of a synthesised task: the turns of its plan's chain."""
    steps = mapping(task.payload.get("plan")).get("steps")
    if not isinstance(steps, (list, tuple)):
        return None
    return max(1, len({step["turn"] for step in steps}))


def licence_of(benchmark: Benchmark, payload: Mapping[str, Any]) -> str:
    """Return the licence of a task: its own, its benchmark's, or its pack's."""
    own = mapping(payload.get("provenance")).get("licences") or benchmark.notes.get("licence")
    if own:
        return own if isinstance(own, str) else " AND ".join(own)
    return pack_spec(benchmark.name).licence if benchmark.name in pack_names() else "unknown"
