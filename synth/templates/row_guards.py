"""What must hold before a row is read or changed: session, limits, references, status."""

from __future__ import annotations

from synth.expressions import first_type
from synth.model import MORE, Column, Model, Table, literal
from synth.program import Step
from synth.reading import Reading
from synth.rows import quote
from synth.statuses import LIVES
from synth.subjects import names_owner
from synth.templates import session
from synth.templates.drafts import closed, exists, limits, require
from synth.vocabulary import tokens


def common(reading: Reading, model: Model, skip: str = "") -> list[Step]:
    """Return the guards of any tool: session, limits, closed texts, rows referred to."""
    steps = [*session.guards(reading, model), *limits(reading), *closed(reading)]
    for name, noun in reading.keys.items():
        if name == skip:
            continue
        many = reading.params[name].get("type") == "array"
        steps.append(
            exists(model.tables[noun], name, optional=name not in reading.required, many=many)
        )
    return steps


def owned(reading: Reading, model: Model, table: Table, keyed: str) -> list[Step]:
    """Require that a row is of the customer, the user, … that the call also names."""
    steps = []
    for name, noun in reading.keys.items():
        column = next((c for c in table.columns.values() if c.refers == noun), None)
        if name == keyed or column is None or first_type(reading.params[name]) == "array":
            continue
        else_ = named_by(model.tables[noun], name, keyed) if names_owner(reading, name) else "1"
        cell = f"coalesce({quote(column.name)} = :{name}, {else_})"
        sql = f"select {cell} from {quote(table.name)} where {quote(table.key)} = :{keyed}"
        sql = sql if name in reading.required else f"select :{name} is null or ({sql})"
        steps.append(require(sql, f"{table.name} {{{keyed}}} is not of {noun} {{{name}}}"))
    return steps


def named_by(owner: Table, name: str, keyed: str) -> str:
    """Say whether an owner's record names a row that does not say itself whose it is."""
    named = f"instr(o.{MORE}, json_quote(:{keyed})) > 0"
    return f"(select {named} from {quote(owner.name)} as o where o.{quote(owner.key)} = :{name})"


def standing(reading: Reading, table: Table, keyed: str) -> list[Step]:
    """Require the status that a tool's name says a row has: `cancel_pending_order`."""
    status = table.find("status")
    words = [word for word in tokens(reading.name) if word in LIVES]
    if status is None or not words:
        return []
    home = f"from {quote(table.name)} where {quote(table.key)} = :{keyed}"
    sql = f"select lower({quote(status.name)}) = {literal(words[0])} {home}"
    noun = table.name.replace("_", " ")
    return [require(sql, f"{noun} {{{keyed}}} is not {words[0]}")]


def status_guards(
    reading: Reading, status: Column, table: Table, where: str, target: str
) -> list[Step]:
    """Require that the row is not there yet, and is where the tool's name says it must be."""
    cell = f"select coalesce(lower({quote(status.name)}), '')"
    home = f"from {quote(table.name)} where {where}"
    noun = table.name.replace("_", " ")
    return [require(f"{cell} <> {literal(target.lower())} {home}", f"{noun} is already {target}")]
