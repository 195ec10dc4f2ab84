"""Implementations by a model: SQL programs and Python classes, repaired until they pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synth.acceptance.classes import check_class
from synth.acceptance.executions import Sample
from synth.acceptance.programs import Bench, check_program
from synth.guard import FUNCTIONS
from synth.llm.ask import Asker, Request
from synth.llm.prompts import load_prompt
from synth.llm.specs import briefly, spec_json
from synth.package import ToolRecord
from synth.program import Program, parse_program
from synth.sandbox import DEFAULT, Limits
from synth.sandbox.worker import OFFERED

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
        )
        reply = await self.asker.ask(request)
        return parse_program(reply["steps"], record.spec.parameters.get("properties", {}))


@dataclass(frozen=True)
class PythonImplementation:
    """Write a Python class per tool, tried in the sandbox."""

    asker: Asker
    rounds: int = ROUNDS
    limits: Limits = field(default=DEFAULT)

    async def implement(
        self,
        record: ToolRecord,
        siblings: Sequence[ToolRecord],
        states: Sequence[Mapping[str, Any]],
        samples: Sequence[Sample],
    ) -> str:
        """Return an accepted source. Raises Rejected; ModelFault where there is no sandbox."""
        request = Request(
            load_prompt("python_class"),
            {
                "modules": " ".join(sorted(OFFERED)),
                "state": states[0],
                "siblings": briefly(siblings, record),
                "spec": spec_json(record),
            },
            SOURCE,
            lambda reply: check_class(record, reply["source"], states, samples, self.limits),
            self.rounds,
            item=record.spec.name,
        )
        return str((await self.asker.ask(request))["source"])
