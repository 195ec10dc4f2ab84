"""Specifications and output schemas by a model: better words and types for the same tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from synth.acceptance.specs import check_response, check_spec, field_types, shared_types
from synth.environments import build_world
from synth.llm.ask import Asker, Request
from synth.llm.prompts import load_prompt
from synth.package import ToolRecord
from synth.schemas import normal_schema
from synth.sources import Domain
from synth.specs import Intake, read_specs

TEXT = {"type": "string"}
EFFECTS = ["read", "write", "auth", "compute"]
SPEC = {
    "type": "object",
    "properties": {
        "name": TEXT,
        "description": TEXT,
        "parameters": {"type": "object"},
        "effect": {"type": "string", "enum": EFFECTS},
        "entity": TEXT,
        "verb": TEXT,
    },
    "required": ["name", "description", "parameters", "effect", "entity", "verb"],
}
RESPONSE = {
    "type": "object",
    "properties": {"response": {"type": "object"}},
    "required": ["response"],
}


@dataclass(frozen=True)
class SpecNormalizer:
    """Rewrite every record's specification; where no reply is accepted it stays as rules read it
    (counted as done by rules)."""

    asker: Asker
    rounds: int = 2

    async def normalize(self, records: Sequence[ToolRecord]) -> list[ToolRecord]:
        """Return all records in order, those that were accepted rewritten."""

        async def one(record: ToolRecord) -> ToolRecord:
            request = Request(
                load_prompt("normalize_spec"),
                {"siblings": briefly(records, record), "spec": spec_json(record)},
                SPEC,
                lambda reply: check_spec(record, reply),
                self.rounds,
                item=record.spec.name,
            )
            return rewritten(record, await self.asker.ask(request))

        made = {r.spec.name: new for r, new in await self.asker.each(records, one)}
        self.asker.ledger["normalize_spec"].leave(
            record.spec.name for record in records if record.spec.name not in made
        )
        return [made.get(record.spec.name, record) for record in records]


def rewritten(record: ToolRecord, reply: Mapping[str, Any]) -> ToolRecord:
    """Put an accepted reply in the place of a record's specification."""
    (read,) = read_specs(
        [{key: reply[key] for key in ("name", "description", "parameters")}]
    ).records
    noted = {**record.annotations, **{k: reply[k] for k in ("effect", "entity", "verb")}}
    return replace(record, spec=read.spec, annotations={**noted, "origin": "llm"})


@dataclass(frozen=True)
class OutputSchemas:
    """Predict the response schema of records that have none, one after the other.

    In order, because the first definition of a shared field binds all later ones.
    """

    asker: Asker
    rounds: int = 2

    async def describe(self, records: Sequence[ToolRecord]) -> list[ToolRecord]:
        """Return all records; where no schema is accepted it is what rules predict."""
        known = shared_types(list(records))
        out: dict[str, ToolRecord] = {}

        async def one(record: ToolRecord) -> None:
            if record.response is None:
                record = await self.predict(record, records, known)
            for name, kind in field_types(record.response or {}):
                known.setdefault(name, kind)
            out[record.spec.name] = record

        for record in records:
            await self.asker.each([record], one)
        lost = [record for record in records if record.spec.name not in out]
        if lost:
            by_rule = predicted([out.get(r.spec.name, r) for r in records])
            out |= {record.spec.name: by_rule[record.spec.name] for record in lost}
            self.asker.ledger["response_schema"].leave(record.spec.name for record in lost)
        return [out[record.spec.name] for record in records]

    async def predict(
        self, record: ToolRecord, records: Sequence[ToolRecord], known: Mapping[str, str]
    ) -> ToolRecord:
        """Return the record with a schema. Raises Rejected."""
        types = dict(known)
        request = Request(
            load_prompt("response_schema"),
            {"types": types, "siblings": briefly(records, record), "spec": spec_json(record)},
            RESPONSE,
            lambda reply: check_response(reply["response"], types),
            self.rounds,
            item=record.spec.name,
        )
        reply = await self.asker.ask(request)
        return replace(record, response=normal_schema(reply["response"]), response_origin="llm")


def predicted(records: Sequence[ToolRecord]) -> dict[str, ToolRecord]:
    """Return records by name, each with the result schema that rules predict."""
    world = build_world(Domain("", Intake(tuple(records)), "", ""))
    return {
        r.name: replace(r.record, annotations=record.annotations)
        for r, record in zip(world.readings, records, strict=True)
    }


def spec_json(record: ToolRecord) -> dict[str, Any]:
    """Return what a model is shown of one tool."""
    spec = record.spec
    shown = {
        "name": spec.name,
        "description": spec.description,
        "parameters": spec.parameters,
        "response": record.response,
    }
    return {key: value for key, value in shown.items() if value}


def briefly(records: Sequence[ToolRecord], but: ToolRecord | None = None) -> list[str]:
    """Return one line per tool: name, parameters, what it does."""
    return [
        f"{r.spec.name}({', '.join(r.spec.parameters.get('properties', {}))}): "
        f"{r.spec.description.split('. ')[0][:200]}"
        for r in records
        if r is not but
    ]
