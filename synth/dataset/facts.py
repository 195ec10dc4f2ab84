"""What a data set says of a task beside its talk: where it comes from and under which licence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.benchmark import Benchmark
from harness.packs import pack_names, pack_spec
from harness.types import Task


@dataclass(frozen=True)
class Facts:
    """The facts of one task; what a benchmark does not say is empty.

    `objectives` counts the high-level goals of the session (None where it is not known).
    """

    benchmark: str
    task_id: str
    env: str
    licence: str
    kind: str = ""
    plan_id: str = ""
    package: str = ""
    objectives: int | None = None
    calls: tuple[tuple[str, Mapping[str, Any]], ...] = field(default=(), repr=False)

    def columns(self) -> dict[str, Any]:
        """Return what goes into a row."""
        return {
            "benchmark": self.benchmark,
            "task_id": self.task_id,
            "env": self.env,
            "kind": self.kind,
            "plan_id": self.plan_id,
            "package": self.package,
            "licence": self.licence,
        }


def facts_of(benchmark: Benchmark, task: Task) -> Facts:
    """Read a task's facts from its payload, as far as it is a synthesised one."""
    payload = task.payload
    steps = (payload.get("plan") or {}).get("steps") or ()
    turns = {step.get("turn", 0) for step in steps}
    return Facts(
        benchmark=benchmark.name,
        task_id=task.id,
        env=str(payload.get("env_id") or task.domain),
        licence=licence_of(benchmark, payload),
        kind=str(payload.get("kind") or ""),
        plan_id=str(payload.get("plan_id") or (payload.get("plan") or {}).get("plan_id") or ""),
        package=str(payload.get("package") or ""),
        objectives=len(turns) or None,
        calls=tuple((step["tool"], literals(step)) for step in steps),
    )


def literals(step: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a plan's step that are values, not references."""
    args = step.get("args", {})
    return {name: arg["literal"] for name, arg in args.items() if "literal" in arg}


def licence_of(benchmark: Benchmark, payload: Mapping[str, Any]) -> str:
    """Return the licence of a task: its own, its benchmark's, or its pack's."""
    own = payload.get("licence") or benchmark.notes.get("licence")
    if own:
        return str(own)
    return pack_spec(benchmark.name).licence if benchmark.name in pack_names() else "unknown"
