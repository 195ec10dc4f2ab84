"""Tools written in Python over the tables of a world: the second language beside guarded SQL.

A call is a function of the tables and its arguments. The class is run afresh in the sandbox with
a copy of all rows (`synth.rows`); what it changed comes back as rows, which are checked before the
world brings them in. Nothing else outlasts a call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.faults import ModelFault, ToolFault
from synth.program import Step, error_text
from synth.rows import Tables
from synth.sandbox import DEFAULT, Broken, Limits, Reply, Worker


class ToolCrash(ToolFault):
    """The tool's own code failed; its caller is told like of any refusal."""


class Overtime(ToolCrash):
    """The call ran out of time."""


@dataclass(frozen=True, slots=True)
class PythonProgram:
    """One tool as a class with `info` and `invoke`; `steps` are guards that SQL checks before."""

    source: str
    steps: tuple[Step, ...] = ()

    @property
    def requirements(self) -> tuple[Step, ...]:
        """Return the preconditions that can be listed; those inside the source cannot."""
        return self.steps

    def with_steps(self, steps: Sequence[Step]) -> PythonProgram:
        return replace(self, steps=tuple(steps))


class Classes:
    """The Python tools of one world, each in a process of its own that starts at its first call.

    A class can forge its own answers, which replays find; it never meets another class.
    """

    def __init__(self, sources: Mapping[str, str], limits: Limits = DEFAULT) -> None:
        self.sources, self.limits = sources, limits
        self._workers: dict[str, Worker] = {}

    def worker(self, tool: str, tables: Tables) -> Worker:
        """Return a tool's process. Raises ModelFault where there is no sandbox, or the source is
        bad."""
        if tool not in self._workers:
            worker = Worker(self.limits)
            try:
                worker.load({tool: self.sources[tool]}, tables)
            except Broken as broken:
                raise ModelFault(f"the class does not load: {broken}", "env") from None
            self._workers[tool] = worker
        return self._workers[tool]

    def call(self, tool: str, arguments: Mapping[str, Any], tables: Tables) -> Reply:
        """Run a call. Raises ToolCrash where the process was lost; the next call has another."""
        try:
            return self.worker(tool, tables).call(tool, arguments, tables)
        except Broken as broken:
            raise self.lost(tool, broken) from None

    async def call_async(self, tool: str, arguments: Mapping[str, Any], tables: Tables) -> Reply:
        """The same without holding up the event loop."""
        try:
            return await self.worker(tool, tables).call_async(tool, arguments, tables)
        except Broken as broken:
            raise self.lost(tool, broken) from None

    def lost(self, tool: str, broken: Broken) -> ToolCrash:
        del self._workers[tool]
        return (Overtime if broken.overtime else ToolCrash)(error_text(f"{tool}: {broken}"))

    def close(self) -> None:
        """End the processes; dropping the world does the same."""
        for worker in self._workers.values():
            worker.end()
        self._workers.clear()
