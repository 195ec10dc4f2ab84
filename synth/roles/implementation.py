"""Role: a program for every tool. Rules: the first template that recognises the tool writes it.

Acceptance, for rules and models alike (`accept`): the program parses, prepares behind the guard,
binds every required parameter; the executions are checked by `synth.validation`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from synth.guard import BadStatement, build_image, inspect
from synth.model import Model
from synth.program import BadProgram, Program, dump_steps, names_in, parse_program
from synth.reading import Reading
from synth.templates import (
    amounts,
    arithmetic,
    controls,
    file_system,
    lists,
    lookups,
    records,
    session,
)
from synth.templates.drafts import Draft, Template

TEMPLATES: tuple[Template, ...] = (
    file_system.write,
    session.write,
    arithmetic.write,
    amounts.write_range,
    controls.write,
    records.write,
    lookups.write,
)
CHANGES = ("create", "update", "delete")
"""Archetypes that an answer without an effect is no substitute for."""
KEYED: tuple[Template, ...] = (file_system.write, session.write, records.write, lookups.write)


class Implementation(Protocol):
    """Write the programs of a domain (VULCAN §3.2.1 stages 2 and 3)."""

    def __call__(self, readings: Sequence[Reading], model: Model) -> Mapping[str, Draft]: ...


@dataclass(frozen=True)
class Refused:
    """A tool that no program could be accepted for."""

    name: str
    reason: str


def implement(
    readings: Sequence[Reading], model: Model, attempts: Mapping[str, int] | None = None
) -> dict[str, Draft]:
    """Write every tool that a template recognises; `attempts` asks for a later template's draft."""
    drafts = {}
    for reading in readings:
        found = candidates(reading, model)
        draft = next(islice(found, (attempts or {}).get(reading.name, 0), None), None)
        if draft is not None:
            drafts[reading.name] = draft
    return drafts


def candidates(reading: Reading, model: Model) -> Iterator[Draft]:
    """Yield the drafts of the templates that recognise a tool, the most particular first."""
    if unsupported(reading):
        return
    about_list = lists.list_column(reading, model) is not None and reading.archetype != "get"
    order = KEYED if reading.subject else TEMPLATES
    found = False
    for template in (controls.write, *order) if about_list else order:
        if found and template is lookups.write and reading.archetype in CHANGES:
            return
        draft = template(reading, model)
        if draft is not None:
            found = True
            yield draft


def unsupported(reading: Reading) -> str:
    """Return why no SQL program can do what a tool does."""
    is_expression = "expression" in reading.params and reading.archetype == "compute"
    if is_expression and arithmetic.of_text(reading) is None:
        return "evaluating an expression needs a program in another language than SQL"
    return ""


def accept(name: str, program: Program, parameters: Mapping[str, object], image: bytes) -> str:
    """Return what is wrong with a program, or nothing. `parameters` is the tool's schema."""
    properties = parameters.get("properties", {})
    assert isinstance(properties, Mapping)
    try:
        parse_program(dump_steps(program.steps), properties)
        bound = set(properties)
        statements = []
        for step in program.steps:
            statements.append((step.sql, sorted(bound)))
            if step.kind == "let":
                bound.add(step.name)
        inspect(
            image, [(sql, [n for n in names if n in names_in(sql)]) for sql, names in statements]
        )
    except (BadProgram, BadStatement) as error:
        return str(error)
    used = {found for step in program.steps for found in names_in(step.sql)}
    required = parameters.get("required", ())
    assert isinstance(required, Sequence)
    unused = [parameter for parameter in required if parameter not in used]
    return f"it never uses its required parameter {unused[0]!r}" if unused else ""


def image_of(model: Model) -> bytes:
    return build_image(model.sql())
