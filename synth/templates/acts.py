"""Keep who did what to which row, where no field of the row shows it."""

from __future__ import annotations

from synth.expressions import Scope
from synth.model import Column, Model, Table, literal
from synth.program import Step
from synth.reading import Reading
from synth.render import returned
from synth.rows import quote
from synth.templates import session
from synth.templates.drafts import Draft, require, run
from synth.templates.fields import annotated
from synth.vocabulary import past, tokens


def act(
    reading: Reading, model: Model, table: Table, keyed: str, steps: list[Step]
) -> Draft | None:
    """Keep who did what to which row, where a tool does something that no field shows."""
    rest = [p for p in reading.params if p != keyed and p != session.TOKEN]
    reports = set(tokens(" ".join(reading.response.get("properties") or {}))) & REPORTS
    if rest or not session.has_login(model) or not reports or reading.verb in model.tables:
        return None
    done_by = Table(reading.verb, "row_id", "integer", hidden_key=True, parent=table.name)
    for column in (
        Column("row_id", "integer"),
        Column("username"),
        Column(f"{table.name}_id", table.key_type, refers=table.name),
    ):
        done_by.columns[column.name] = column
    model.tables[reading.verb] = done_by
    who = session.owner(done_by.columns["username"], model)
    name = quote(reading.verb)
    reference = quote(f"{table.name}_id")
    twice = f"select 1 from {name} where username = {who} and {reference} = :{keyed}"
    new = f"(select coalesce(max(row_id), 0) + 1 from {name})"
    steps.append(require(f"select not exists ({twice})", "that is done already"))
    steps.append(
        run(f"insert into {name} (row_id, username, {reference}) values ({new}, {who}, :{keyed})")
    )
    scope = Scope(reading, model)
    scope.message = literal(f"Successfully {past(reading.verb)}")
    return annotated(reading, model, table, Draft(steps, returned(scope), "create", "write"))


REPORTS = frozenset(("status", "success", "result"))
