"""Implementations by a model: SQL programs and Python classes, repaired until they pass."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from harness.faults import UserMistake
from synth.acceptance.classes import check_class
from synth.acceptance.executions import Sample
from synth.acceptance.programs import Bench, check_program
from synth.effects import touches_of
from synth.guard import FUNCTIONS
from synth.llm.ask import Asker, Rejected, Request
from synth.llm.prompts import load_prompt
from synth.llm.specs import briefly, spec_json
from synth.package import ToolRecord
from synth.package_files import AnyProgram
from synth.program import Program, parse_program
from synth.python_tools import PythonProgram
from synth.sandbox import DEFAULT, Limits, probe
from synth.sandbox.layers import lacking
from synth.sandbox.worker import OFFERED
from synth.world import Blueprint, Tool

ROUNDS = 8
STEPS = {
    "type": "object",
    "properties": {"steps": {"type": "array", "items": {"type": "object"}, "minItems": 1}},
    "required": ["steps"],
}
SOURCE = {
    "type": "object",
    "properties": {"source": {"type": "string", "minLength": 1}},
    "required": ["source"],
}


@dataclass(frozen=True)
class SqlImplementation:
    """Write a guarded SQL program per tool; up to 8 rounds, where 64 % had passed in the paper."""

    asker: Asker
    rounds: int = ROUNDS

    async def implement(
        self,
        record: ToolRecord,
        siblings: Sequence[ToolRecord],
        bench: Bench,
        samples: Sequence[Sample],
    ) -> Program:
        """Return an accepted program. Raises Rejected."""
        request = Request(
            load_prompt("sql_program"),
            {
                "functions": " ".join(sorted(FUNCTIONS)),
                "schema_sql": bench.schema_sql,
                "siblings": briefly(siblings, record),
                "spec": spec_json(record),
            },
            STEPS,
            lambda reply: check_program(record, reply["steps"], bench, samples),
            self.rounds,
            item=record.spec.name,
            traced=True,
        )
        reply = await self.asker.ask(request)
        return parse_program(reply["steps"], record.spec.parameters.get("properties", {}))


@dataclass(frozen=True)
class PythonImplementation:
    """Write a Python class per tool (VULCAN A.4), tried in the sandbox. Needs one."""

    asker: Asker
    rounds: int = ROUNDS
    limits: Limits = field(default=DEFAULT)

    def __post_init__(self) -> None:
        missing = lacking(probe(self.limits))
        if missing and not self.limits.allow_weak:
            raise UserMistake(
                f"role implementation: generated Python does not run here, this machine lacks "
                f"{', '.join(missing)}: set it to llm (SQL) or rules"
            )

    async def implement(
        self,
        record: ToolRecord,
        siblings: Sequence[ToolRecord],
        bench: Bench,
        samples: Sequence[Sample],
    ) -> PythonProgram:
        """Return an accepted class. Raises Rejected; ModelFault where there is no sandbox."""
        request = Request(
            load_prompt("python_class"),
            {
                "modules": " ".join(sorted(OFFERED)),
                "schema_sql": bench.schema_sql,
                "state": bench.tables,
                "siblings": briefly(siblings, record),
                "spec": spec_json(record),
            },
            SOURCE,
            lambda reply: check_class(record, reply["source"], bench, samples, self.limits),
            self.rounds,
            item=record.spec.name,
            traced=True,
        )
        return PythonProgram(str((await self.asker.ask(request))["source"]))


@dataclass(frozen=True)
class MixedImplementation:
    """Write guarded SQL, and a Python class where no SQL program was accepted."""

    asker: Asker
    sql_rounds: int = ROUNDS
    rounds: int = ROUNDS
    limits: Limits = field(default=DEFAULT)

    def __post_init__(self) -> None:
        _ = self.python

    @property
    def python(self) -> PythonImplementation:
        return PythonImplementation(self.asker, self.rounds, self.limits)

    async def implement(
        self,
        record: ToolRecord,
        siblings: Sequence[ToolRecord],
        bench: Bench,
        samples: Sequence[Sample],
    ) -> AnyProgram:
        """Return an accepted program or class. Raises Rejected."""
        try:
            sql = SqlImplementation(self.asker, self.sql_rounds)
            return await sql.implement(record, siblings, bench, samples)
        except Rejected:
            return await self.python.implement(record, siblings, bench, samples)


async def witnessed(
    record: ToolRecord, program: AnyProgram, bench: Bench, samples: Sequence[Sample]
) -> ToolRecord:
    """Return a record with what executions of its class touch; SQL tells by itself."""
    if not isinstance(program, PythonProgram):
        return record
    tools = {record.spec.name: Tool(record.spec, program)}
    blueprints = [Blueprint(image, tools) for image in bench.images]
    found = await asyncio.to_thread(touches_of, record, program, blueprints, samples)
    return replace(record, annotations={**record.annotations, "touches": found})
