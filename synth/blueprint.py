"""What worlds are opened from: a database image and the tools over it, shared and never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import apsw

from harness.types import ToolSpec
from synth.arguments import Arguments
from synth.program import Program
from synth.python_tools import Classes, PythonProgram
from synth.sandbox import DEFAULT, Limits


@dataclass(frozen=True)
class Tool:
    """A tool of a world: what a model sees, and the program that runs."""

    spec: ToolSpec
    program: Program | PythonProgram

    @cached_property
    def arguments(self) -> Arguments:
        return Arguments(self.spec.parameters)

    @cached_property
    def writes(self) -> bool:
        """Say whether a call may change the state, so that a refused one must be taken back."""
        return any(step.kind == "run" for step in self.program.steps)


@dataclass(frozen=True)
class Blueprint:
    """Everything needed to open worlds: shared between episodes, never changed.

    `image` is a database image (synth.guard.build_image). With `shared` all worlds use the same
    processes for their classes, for trials by the hundred; else each world has its own.
    """

    image: bytes
    tools: Mapping[str, Tool]
    policy: str = ""
    limits: Limits = DEFAULT
    shared: bool = False

    @cached_property
    def classes(self) -> Classes:
        return self.processes()

    def processes(self) -> Classes:
        """Return processes for the classes of one world; they start when they are needed."""
        return Classes(self.sources, self.limits)

    @cached_property
    def sources(self) -> dict[str, str]:
        """Return the sources of the tools that are written in Python."""
        programs = {name: tool.program for name, tool in self.tools.items()}
        return {n: p.source for n, p in programs.items() if isinstance(p, PythonProgram)}

    @cached_property
    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(tool.spec for tool in self.tools.values())

    @cached_property
    def columns(self) -> dict[str, list[tuple[str, int]]]:
        """Return per table its columns as (name, position in the primary key or 0)."""
        connection = apsw.Connection(":memory:")
        connection.deserialize("main", self.image)
        query = (
            "select m.name, c.name, c.pk from sqlite_master m, pragma_table_xinfo(m.name) c "
            "where m.type = 'table' and m.name not like 'sqlite_%' order by m.name, c.cid"
        )
        found: dict[str, list[tuple[str, int]]] = {}
        for table, column, key in connection.execute(query):
            found.setdefault(table, []).append((column, key))
        connection.close()
        return found
