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
    """The Python tools of one world, in a process of their own that starts at the first call."""

    def __init__(self, sources: Mapping[str, str], limits: Limits = DEFAULT) -> None:
        self.sources, self.limits = sources, limits
        self._worker: Worker | None = None

    def worker(self, tables: Tables) -> Worker:
        """Return the process. Raises ModelFault where there is no sandbox, or a source is bad."""
        if self._worker is None:
            worker = Worker(self.limits)
            try:
                worker.load(self.sources, tables)
            except Broken as broken:
                raise ModelFault(f"the classes do not load: {broken}", "env") from None
            self._worker = worker
        return self._worker

    def call(self, tool: str, arguments: Mapping[str, Any], tables: Tables) -> Reply:
        """Run a call. Raises ToolCrash where the process was lost; the next call has another."""
        try:
            return self.worker(tables).call(tool, arguments, tables)
        except Broken as broken:
            raise self.lost(tool, broken) from None

    async def call_async(self, tool: str, arguments: Mapping[str, Any], tables: Tables) -> Reply:
        """The same without holding up the event loop."""
        try:
            return await self.worker(tables).call_async(tool, arguments, tables)
        except Broken as broken:
            raise self.lost(tool, broken) from None

    def lost(self, tool: str, broken: Broken) -> ToolCrash:
        self._worker = None
        return (Overtime if broken.overtime else ToolCrash)(error_text(f"{tool}: {broken}"))

    def close(self) -> None:
        """End the process; dropping the world does the same."""
        if self._worker is not None:
            self._worker.end()
            self._worker = None
