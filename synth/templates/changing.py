"""Change, move or delete the row, or the rows, that a call means."""

from __future__ import annotations

from collections.abc import Mapping

from synth.expressions import Scope, first_type
from synth.fields import NOTED, SWITCHES, about_the_act, list_like, switch_of
from synth.model import Column, Model, Table, literal
from synth.program import Step
from synth.reading import Reading
from synth.render import returned
from synth.rows import quote
from synth.statuses import MOVES, said_status
from synth.subjects import names_owner
from synth.templates import money, session
from synth.templates.acts import act
from synth.templates.creating import done, now
from synth.templates.drafts import Draft, exists, let, require, run
from synth.templates.fields import LATEST, annotated, column_of_parameter, reference_tests
from synth.templates.row_guards import common, owned, standing, status_guards
from synth.vocabulary import past, squeeze, stem

SETTERS = frozenset("update edit modify change set rename adjust assign apply log copy".split())


def change(reading: Reading, model: Model, table: Table, keyed: str) -> Draft | None:
    """Change, move or delete the one row that a call names."""
    row = f"t.{quote(table.key)} = :{keyed}"
    where = f"{quote(table.key)} = :{keyed}"
    steps = [*session.guards(reading, model), exists(table, keyed)]
    steps += [step for step in common(reading, model, keyed) if step not in steps]
    if reading.archetype in ("update", "create"):
        steps += owned(reading, model, table, keyed)
    steps += standing(reading, table, keyed)
    sets = assignments(reading, table, keyed)
    status = table.find("status")
    target = target_status(reading, status)
    scope = Scope(reading, model, table, row=row)
    scope.message = done(reading, table, f":{keyed}")
    scope.values = {}
    if reading.archetype == "delete" and status is None and reading.verb in DELETING:
        return remove(reading, model, table, keyed, steps)
    if status is not None and reading.verb not in SETTERS and target:
        steps += status_guards(reading, status, table, where, target)
        sets[status.name] = literal(target)
        scope.values[squeeze("status")] = literal(target)
        if reading.archetype == "update" and status_is_report(reading):
            scope.values[squeeze("status")] = scope.message
    if not sets:
        return act(reading, model, table, keyed, steps)
    listed = ", ".join(f"{quote(name)} = {value}" for name, value in sets.items())
    steps.append(run(f"update {quote(table.name)} set {listed} where {where}"))
    kind = "transition" if status is not None and status.name in sets and target else "update"
    kind = "other" if switch_of(reading, table) else kind
    return annotated(reading, model, table, Draft(steps, returned(scope), kind, "write"))


DELETING = frozenset("delete remove cancel drop discard".split())


def status_is_report(reading: Reading) -> bool:
    """Tell a status of the row from a report: "Status of the close operation"."""
    part = (reading.response.get("properties") or {}).get("status", {})
    return "operation" in str(part.get("description", "")).lower()


def target_status(reading: Reading, status: Column | None) -> str:
    """Return the status that a tool's verb, or its description, leads to."""
    if status is None:
        return ""
    said = said_status(reading)
    if said:
        return said
    root = stem(reading.verb)
    for option in status.options:
        if stem(option.lower()) == root or option.lower().startswith(root):
            return option
    if reading.verb in SETTERS or reading.archetype not in ("update", "delete"):
        return ""
    if status.about == "rule":
        return past(reading.verb) if reading.verb in MOVES else ""
    return past(reading.verb).capitalize()


def assignments(reading: Reading, table: Table, keyed: str) -> dict[str, str]:
    """Return what a call sets: {column: expression}; lists that have another name are added to."""
    sets = noted(reading, table)
    rest = [p for p in reading.params if p != keyed and p != session.TOKEN]
    rest = [p for p in rest if not names_owner(reading, p) and not about_the_act(reading, p)]
    composite = next((c for c in table.columns.values() if set(c.parts) == set(rest)), None)
    if composite is not None and len(rest) > 1:
        pairs = ", ".join(f"'{name}', :{name}" for name in rest)
        return {composite.name: f"json_object({pairs})"}
    for name in rest:
        schema = reading.params[name]
        if schema.get("properties") and first_type(schema) == "object":
            sets |= object_updates(table, name, schema["properties"])
            continue
        column = column_of_parameter(reading, table, name)
        if column is not None and column.name != table.key:
            sets[column.name] = f"coalesce(:{name}, {quote(column.name)})"
            continue
        other = list_like(Column(name, first_type(schema)), table)
        if other is not None:
            cell = quote(other.name)
            sets[other.name] = (
                f"(select json_group_array(value) from (select value from json_each({cell}) "
                f"union all select value from json_each(:{name})))"
            )
    return sets


def noted(reading: Reading, table: Table) -> dict[str, str]:
    """Return what a change sets without being given it: a switch, a date noted or cleared."""
    sets = {}
    if flag := table.columns.get(switch_of(reading, table)):
        sets[flag.name] = SWITCHES[reading.verb]
    for verb, name in NOTED.findall(reading.about):
        if column := table.find(name):
            sets[column.name] = now(column) if verb.startswith("record") else "null"
    return sets


def object_updates(table: Table, name: str, fields: Mapping[str, object]) -> dict[str, str]:
    found = {}
    for field in fields:
        column = table.find(field)
        if column is not None and column.name != table.key:
            path = literal(f"$.{field}")
            found[column.name] = f"coalesce(:{name} ->> {path}, {quote(column.name)})"
    return found


def remove(reading: Reading, model: Model, table: Table, keyed: str, steps: list[Step]) -> Draft:
    """Delete a row; what it cost goes back to what paid for it."""
    where = f"{quote(table.key)} = :{keyed}"
    steps += money.refund(model, table, where)
    steps.append(run(f"delete from {quote(table.name)} where {where}"))
    scope = Scope(reading, model)
    scope.message = done(reading, table, f":{keyed}")
    return annotated(reading, model, table, Draft(steps, returned(scope), "delete", "write"))


def delete_matching(reading: Reading, model: Model, table: Table) -> Draft | None:
    """Delete the latest of the rows that a call's references describe."""
    tests = reference_tests(reading, table)
    if not tests:
        return None
    newest = "max(rowid)" if LATEST.search(reading.about.lower()) else "min(rowid)"
    found = f"select {newest} from {quote(table.name)} where {' and '.join(tests)}"
    steps = common(reading, model)
    steps += [
        let("found_row", found),
        require("select :found_row is not null", f"no {table.name} found"),
    ]
    steps.append(run(f"delete from {quote(table.name)} where rowid = :found_row"))
    draft = Draft(steps, returned(Scope(reading, model)), "delete", "write")
    return annotated(reading, model, table, draft)
