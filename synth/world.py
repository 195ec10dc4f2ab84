"""A synthesised world: a SQLite database, and tools over it in guarded SQL or sandboxed Python."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import apsw

from harness.faults import ToolFault
from harness.types import Role, ToolCall, ToolSpec
from synth.blueprint import Blueprint as Blueprint
from synth.blueprint import Tool as Tool
from synth.guard import open_database
from synth.program import Program, error_text, refusal
from synth.python_tools import PythonProgram, ToolCrash
from synth.rows import (
    BadRows,
    Change,
    Tables,
    bring_in,
    changes,
    quote,
    read_tables,
    write_change,
)
from synth.sandbox import Reply


class SqlWorld:
    """One episode's private copy. The agent has the tools, the user has none."""

    def __init__(
        self,
        blueprint: Blueprint,
        offered: Sequence[str] | None = None,
        past: Mapping[str, Any] | None = None,
    ) -> None:
        self.blueprint = blueprint
        self.connection, self.guard = open_database(blueprint.image)
        self.session = apsw.Session(self.connection, "main")
        self.session.attach()
        names = blueprint.tools.keys() if offered is None else offered
        given = tuple(blueprint.tools[name].spec for name in offered or ())
        self.offered: tuple[ToolSpec, ...] = blueprint.specs if offered is None else given
        self.allowed = frozenset(names)
        self.classes = blueprint.classes if blueprint.shared else blueprint.processes()
        if past:
            self.apply(past)

    def tools(self, role: Role, turn: int) -> Sequence[ToolSpec]:
        return self.offered if role == "agent" else ()

    async def call(self, role: Role, call: ToolCall) -> str:
        if role != "agent" or call.name not in self.allowed:
            raise ToolFault(error_text(f"unknown tool {call.name}"))
        tool = self.checked(call.name, call.arguments)
        if not isinstance(tool.program, PythonProgram):
            return self.run_sql(tool, tool.program, call.arguments)
        tables = self.admitted(tool, tool.program, call.arguments)
        reply = await self.classes.call_async(call.name, call.arguments, tables)
        return self.settle(call.name, reply, tables)

    def run(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Run a tool and return its JSON text. A refused call changes nothing: ToolFault."""
        tool = self.checked(name, arguments)
        if not isinstance(tool.program, PythonProgram):
            return self.run_sql(tool, tool.program, arguments)
        tables = self.admitted(tool, tool.program, arguments)
        return self.settle(name, self.classes.call(name, arguments, tables), tables)

    def checked(self, name: str, arguments: Mapping[str, Any]) -> Tool:
        """Return a tool whose schema the arguments fit. Raises ToolFault."""
        tool = self.blueprint.tools[name]
        wrong = tool.arguments.check(arguments)
        if wrong is not None:
            raise ToolFault(error_text(f"{name}: {wrong}"))
        self.guard.start()
        return tool

    def run_sql(self, tool: Tool, program: Program, arguments: Mapping[str, Any]) -> str:
        """Run a program of guarded SQL; what a refused one did is taken back."""
        if not tool.writes:
            try:
                return self.play(program, tool.arguments.bind(arguments))
            except (ToolFault, apsw.Error, OverflowError, UnicodeEncodeError) as error:
                raise fault_of(tool.spec.name, error) from None
        self.own("savepoint call")
        try:
            return self.play(program, tool.arguments.bind(arguments))
        except (ToolFault, apsw.Error, OverflowError, UnicodeEncodeError) as error:
            self.guard.start()
            self.own("rollback to call")
            raise fault_of(tool.spec.name, error) from None
        finally:
            self.own("release call")

    def admitted(self, tool: Tool, program: PythonProgram, arguments: Mapping[str, Any]) -> Tables:
        """Check the guards before a Python tool and return all rows as they are now."""
        if program.steps:
            self.run_sql(tool, Program(program.steps), arguments)
        return self.rows()

    def rows(self) -> Tables:
        """Return every table's rows as they are now."""
        return read_tables(self.own, self.blueprint.columns)

    def settle(self, name: str, reply: Reply, before: Tables) -> str:
        """Bring in what a Python tool changed and return its result; raise what it refused."""
        if reply.kind == "refused":
            raise ToolFault(error_text(reply.text))
        if reply.kind == "crashed":
            raise ToolCrash(error_text(f"{name}: {reply.text}"))
        if reply.state is None:
            return reply.text
        self.guard.start()
        columns = self.blueprint.columns
        try:
            bring_in(self.own, columns, changes(before, reply.state, columns))
        except (BadRows, apsw.Error, UnicodeEncodeError) as error:
            raise ToolCrash(error_text(f"{name}: {error}")) from None
        return reply.text

    def own(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Run a statement of ours, which the authorizer need not judge."""
        self.guard.ours = True
        try:
            return self.connection.execute(sql, tuple(values)).fetchall()
        finally:
            self.guard.ours = False

    def play(self, program: Program, bound: dict[str, Any]) -> str:
        """Run the steps in order with what is bound so far."""
        execute = self.connection.execute
        for step in program.steps:
            row = execute(step.sql, bound).fetchone()
            if step.kind == "return":
                return "null" if row is None or row[0] is None else str(row[0])
            if step.kind == "let":
                bound[step.name] = None if row is None else row[0]
            elif step.kind == "require" and (row is None or not row[0]):
                raise ToolFault(error_text(refusal(step, bound)))
        return "null"

    def state(self) -> Mapping[str, Any]:
        """Return the change since the start: {table: {key: row or None where deleted}}."""
        delta: dict[str, dict[str, Any]] = {}
        touched: dict[str, set[tuple[Any, ...]]] = {}
        self.guard.ours = True
        changes = self.session.changeset()
        self.guard.ours = False
        for change in apsw.Changeset.iter(changes):
            columns = self.blueprint.columns[change.name]
            row = change.old if change.op != "INSERT" else change.new
            assert row is not None
            key = tuple(row[i] for i in key_positions(columns))
            touched.setdefault(change.name, set()).add(key)
        for table, keys in sorted(touched.items()):
            delta[table] = {json.dumps(key): self.row(table, key) for key in sorted(keys, key=repr)}
        return delta

    def row(self, table: str, key: Sequence[Any]) -> list[Any] | None:
        """Return a row's values in column order, or None where there is no such row."""
        columns = self.blueprint.columns[table]
        names = [columns[i][0] for i in key_positions(columns)]
        where = " and ".join(f"{quote(name)} is ?" for name in names)
        sql = f"select * from {quote(table)} where {where}"
        found = self.own(sql, key)
        return list(found[0]) if found else None

    def apply(self, delta: Mapping[str, Any]) -> None:
        """Bring a stored change into this world (a chain's next episode goes on from it)."""
        columns = self.blueprint.columns
        for table, rows in delta.items():
            names = [name for name, _ in columns[table]]
            for key, row in rows.items():
                write_change(self.own, columns, Change(table, tuple(json.loads(key)), None))
                if row is not None:
                    values = dict(zip(names, row, strict=True))
                    write_change(self.own, columns, Change(table, (), values, new=True))


def key_positions(columns: Sequence[tuple[str, int]]) -> list[int]:
    """Return the positions of a table's primary-key columns, in key order."""
    keyed = [(key, position) for position, (_, key) in enumerate(columns) if key]
    return [position for _, position in sorted(keyed)]


def fault_of(name: str, error: Exception) -> ToolFault:
    """Turn what stopped a call into what its caller is told."""
    if isinstance(error, ToolFault):
        return error
    if isinstance(error, apsw.InterruptError):
        return ToolFault(error_text(f"{name}: the call did more work than one call may"))
    if isinstance(error, apsw.ConstraintError):
        return ToolFault(error_text(f"{name}: the change would break the data ({error})"))
    return ToolFault(error_text(f"{name}: {error}"))
