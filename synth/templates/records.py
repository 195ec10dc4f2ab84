"""Records under keys: create, get, list, find, change, move to another status, delete."""

from __future__ import annotations

import re
from collections.abc import Mapping

from synth.entities import LIVES, list_like, said_status
from synth.model import MORE, Column, Model, Table, bare, literal
from synth.program import Step
from synth.reading import Reading
from synth.render import Scope, derived, first_type, returned
from synth.templates import money, session
from synth.templates.drafts import Draft, closed, exists, let, limits, require, run
from synth.vocabulary import past, squeeze, stem, tokens
from synth.world import quote

SETTERS = frozenset("update edit modify change set rename adjust assign apply log copy".split())
LATEST = re.compile(r"\b(latest|last|most recent|newest)\b")
INITIAL = ("open", "pending", "active", "new", "created", "scheduled")


def write(reading: Reading, model: Model) -> Draft | None:
    """Write a tool about a table."""
    table = model.tables.get(reading.subject)
    if table is None:
        return None
    keyed = key_parameter(reading, table)
    if reading.archetype == "create" and not keyed:
        return create(reading, model, table)
    if reading.archetype in ("create", "update", "delete", "other") and keyed:
        return change(reading, model, table, keyed)
    if reading.archetype == "delete":
        return delete_matching(reading, model, table)
    if keyed and reading.archetype in ("get", "find", "list", "compute"):
        return get(reading, model, table, keyed)
    if reading.archetype in ("get", "find", "list"):
        return find(reading, model, table)
    return None


def key_parameter(reading: Reading, table: Table) -> str:
    """Return the parameter that names one row."""
    for name, noun in reading.keys.items():
        if noun == table.name and reading.params[name].get("type") != "array":
            return name
    return ""


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


def owned(reading: Reading, table: Table, keyed: str) -> list[Step]:
    """Require that a row is of the customer, the user, … that the call also names."""
    steps = []
    for name, noun in reading.keys.items():
        column = next((c for c in table.columns.values() if c.refers == noun), None)
        if name == keyed or column is None or first_type(reading.params[name]) == "array":
            continue
        cell = f"coalesce({quote(column.name)} = :{name}, 1)"
        sql = f"select {cell} from {quote(table.name)} where {quote(table.key)} = :{keyed}"
        sql = sql if name in reading.required else f"select :{name} is null or ({sql})"
        steps.append(require(sql, f"{table.name} {{{keyed}}} is not of {noun} {{{name}}}"))
    return steps


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


def annotated(reading: Reading, model: Model, table: Table, draft: Draft) -> Draft:
    draft.entity = table.name
    for name in reading.params:
        column = column_of_parameter(reading, table, name) or like(table, set(tokens(name)))
        if column is not None and not column.is_json:
            draft.params[name] = f"{table.name}.{column.name}"
    return draft


def new_key(table: Table) -> tuple[list[Step], list[Step]]:
    """Return the steps that choose a key (before) and count it (after)."""
    key = quote(table.key)
    if table.counted:
        counter = quote(f"{table.name}_counter")
        sql = f"select coalesce((select {counter} from state), (select max({key}) + 1 from {quote(table.name)}), 1)"
        return [let("new_key", sql)], [run(f"update state set {counter} = :new_key + 1")]
    if table.key_type == "integer":
        sql = f"select coalesce(max({key}), 0) + 1 from {quote(table.name)}"
        return [let("new_key", sql)], []
    lead, width = code_form(table)
    number = f"max(cast(substr({key}, {len(lead) + 1}) as integer))"
    following = f"coalesce({number}, 0) + 1"
    padded = f"substr('{'0' * width}' || ({following}), -max({width}, length({following})))"
    where = f" where {key} like {literal(lead + '%')}" if lead else ""
    return [
        let("new_key", f"select {literal(lead)} || {padded} from {quote(table.name)}{where}")
    ], []


def code_form(table: Table) -> tuple[str, int]:
    """Return prefix and number of digits of a text key, from the example in the docs."""
    found = re.fullmatch(r"(\D*)(\d+)", table.example or "")
    if found:
        return found.group(1), len(found.group(2))
    return "" if table.example.isdigit() else f"{table.name.upper()[:3]}", 4


def create(reading: Reading, model: Model, table: Table) -> Draft:
    """Insert a row: what is given, who does it, the first status, what it costs."""
    before, after = new_key(table)
    values = {table.key: ":new_key"}
    given = column_values(reading, table)
    values |= given
    for column in table.columns.values():
        if column.name in values:
            continue
        filled = default_value(reading, model, table, column)
        if filled:
            values[column.name] = filled
    steps = common(reading, model)
    if table.hidden_key:
        before = [let("new_key", f"select coalesce(max(row_id), 0) + 1 from {quote(table.name)}")]
    if not table.hidden_key and table.key in given:
        before, after = [], []
    paid = money.payment(reading, model, table, values)
    names = ", ".join(map(quote, values))
    insert = f"insert into {quote(table.name)} ({names}) values ({', '.join(values.values())})"
    steps += [*paid[0], *before, run(insert), *after, *paid[1]]
    scope = Scope(reading, model, table, row=f"t.{quote(table.key)} = :new_key")
    scope.message = done(reading, table, ":new_key")
    return annotated(reading, model, table, Draft(steps, returned(scope), "create", "write"))


def column_values(reading: Reading, table: Table) -> dict[str, str]:
    """Return what a call gives: {column: expression}."""
    found = {}
    for name, schema in reading.params.items():
        column = column_of_parameter(reading, table, name)
        if column is not None:
            blank = "'[]'" if first_type(schema) == "array" else "null"
            found[column.name] = f"coalesce(:{name}, {blank})" if blank != "null" else f":{name}"
    return found


def column_of_parameter(reading: Reading, table: Table, name: str) -> Column | None:
    noun = reading.keys.get(name)
    if noun == table.name:
        return None
    short = name.removeprefix(f"{table.name}_")
    return (
        table.find(name)
        or table.find(short)
        or (table.find(f"{noun}_id") if noun and noun != table.name else None)
    )


def default_value(reading: Reading, model: Model, table: Table, column: Column) -> str:
    """Return what a new row has in a column that the call does not give."""
    who = session.owner(column, model)
    if who:
        return who
    if squeeze(column.name) == "status":
        return literal(first_status(column, table))
    if column.type == "number" and {"cost", "price", "fee", "total"} & set(tokens(column.name)):
        return money.price(reading, model, column)
    if column.type == "array":
        return "'[]'"
    if column.type == "object":
        return "'{}'"
    if tokens(column.name)[-1:] == ("id",) and not column.refers:
        return f"cast({derived(reading)} + length(:new_key) as text)"
    if {"timestamp", "time", "date"} & set(tokens(column.name)) and column.type == "string":
        return literal("2026-01-01 09:00:00")
    return ""


def first_status(column: Column, table: Table) -> str:
    """Return the status that life begins with: an option that says so, else `Open`."""
    for option in column.options:
        if option.lower() in INITIAL:
            return option
    return column.options[0] if column.options else "Open"


def done(reading: Reading, table: Table, key: str) -> str:
    noun = table.name.replace("_", " ").capitalize()
    verb = past(reading.verb) if reading.verb else "changed"
    return f"'{noun} ' || {key} || ' has been {verb} successfully.'"


def change(reading: Reading, model: Model, table: Table, keyed: str) -> Draft | None:
    """Change, move or delete the one row that a call names."""
    row = f"t.{quote(table.key)} = :{keyed}"
    where = f"{quote(table.key)} = :{keyed}"
    steps = [*session.guards(reading, model), exists(table, keyed)]
    steps += [step for step in common(reading, model, keyed) if step not in steps]
    if reading.archetype == "update":
        steps += owned(reading, table, keyed)
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
    return annotated(reading, model, table, Draft(steps, returned(scope), kind, "write"))


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
    return past(reading.verb) if status.about == "rule" else past(reading.verb).capitalize()


def status_guards(
    reading: Reading, status: Column, table: Table, where: str, target: str
) -> list[Step]:
    """Require that the row is not there yet, and is where the tool's name says it must be."""
    cell = f"select coalesce(lower({quote(status.name)}), '')"
    home = f"from {quote(table.name)} where {where}"
    noun = table.name.replace("_", " ")
    return [require(f"{cell} <> {literal(target.lower())} {home}", f"{noun} is already {target}")]


def assignments(reading: Reading, table: Table, keyed: str) -> dict[str, str]:
    """Return what a call sets: {column: expression}; lists that have another name are added to."""
    sets: dict[str, str] = {}
    rest = [p for p in reading.params if p != keyed and p != session.TOKEN]
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


def reference_tests(reading: Reading, table: Table) -> list[str]:
    tests = []
    for name in reading.params:
        column = column_of_parameter(reading, table, name)
        if column is not None:
            tests.append(f"{quote(column.name)} = :{name}")
    return tests


def get(reading: Reading, model: Model, table: Table, keyed: str) -> Draft:
    """Return one row, or a part of it."""
    optional = keyed not in reading.required
    steps = [*session.guards(reading, model), exists(table, keyed, optional=optional)]
    if not optional:
        steps += [s for s in common(reading, model, keyed) if s not in steps]
        steps += owned(reading, table, keyed)
    scope = Scope(reading, model, table, row=f"t.{quote(table.key)} = :{keyed}")
    status = table.find("status")
    if first_type(reading.response) == "string" and status is not None:
        scope.key = status.value("t")
    draft = Draft(steps, returned(scope), "get", "read")
    return annotated(reading, model, table, draft)


def find(reading: Reading, model: Model, table: Table) -> Draft:
    """Return rows, or one field of the one row, that the parameters describe."""
    steps = common(reading, model)
    tests = [test for name in reading.params for test in filter_tests(reading, table, name)]
    who = personal_filter(reading, model, table)
    rows = " and ".join([*tests, *who])
    response = reading.response
    fields = response.get("properties") or {}
    scope = Scope(reading, model, table, rows=rows)
    if is_single(reading, fields, table):
        where = f"({rows})" if rows else "1"
        sql = f"select exists (select 1 from {quote(table.name)} as t where {where})"
        steps.append(require(sql, f"{table.name} not found"))
        first = f"t.rowid = (select min(t.rowid) from {quote(table.name)} as t where {where})"
        scope.row, scope.rows = first, ""
        scope.key = table.columns[table.key].value("t")
    draft = Draft(steps, returned(scope), "find" if reading.params else "list", "read")
    return annotated(reading, model, table, draft)


def is_single(reading: Reading, fields: Mapping[str, Mapping[str, object]], table: Table) -> bool:
    """Tell whether one row is meant: a lookup of a field by other fields."""
    kinds = {first_type(part) for part in fields.values()}
    if not fields:
        return first_type(reading.response) not in ("array", "object") and bool(reading.params)
    return bool(reading.params) and not kinds & {"array", "object"}


def filter_tests(reading: Reading, table: Table, name: str) -> list[str]:
    """Return the condition that a parameter puts on rows."""
    column = column_of_parameter(reading, table, name)
    words = set(tokens(name))
    kind = first_type(reading.params[name])
    if name == session.TOKEN:
        return []
    if kind == "array":
        key = quote(table.key)
        return [f"(:{name} is null or t.{key} in (select value from json_each(:{name})))"]
    for side, sign in (("min", ">="), ("max", "<="), ("start", ">="), ("end", "<=")):
        if side in words:
            other = table.find("_".join(w for w in tokens(name) if w != side)) or dated(
                table, words
            )
            if other is not None:
                cell = f"t.{quote(other.name)}"
                if other.type == "string":
                    cell = f"substr({cell}, 1, 10)"
                return [f"(:{name} is null or {cell} {sign} :{name})"]
    if words & {"keyword", "query", "text", "pattern", "search"}:
        texts = [
            c
            for c in table.columns.values()
            if c.type == "string" and not c.refers and c.name != table.key
        ]
        tests = " or ".join(f"instr(lower(t.{quote(c.name)}), lower(:{name}))" for c in texts)
        return [f"({tests or '1'})"]
    column = column or like(table, words)
    if column is None or column.is_json:
        return [f"(:{name} is null or instr(lower(t.{MORE}), lower(:{name})) > 0)"]
    stored = f"lower(t.{quote(column.name)}) = lower(:{name})"
    kept = f"instr(lower(t.{MORE}), lower(:{name})) > 0"
    return [f"(:{name} is null or coalesce({stored}, {kept}))"]


def like(table: Table, words: set[str]) -> Column | None:
    """Return the column that shares a word with a parameter: `user` of people's `user_name`."""
    found = (c for c in table.columns.values() if set(tokens(c.name)) & words - {"id"})
    return next((c for c in found if c.name != table.key), None)


def dated(table: Table, words: set[str]) -> Column | None:
    if not {"date", "time"} & words:
        return None
    return next(
        (c for c in table.columns.values() if {"timestamp", "date", "time"} & set(tokens(c.name))),
        None,
    )


def personal_filter(reading: Reading, model: Model, table: Table) -> list[str]:
    """Restrict to what belongs to whoever is logged in, where a tool says so."""
    if not re.search(r"(?:by|of|for) the (?:current|authenticated) user", reading.about.lower()):
        return []
    for column in table.columns.values():
        who = session.owner(column, model)
        if who:
            return [f"t.{quote(column.name)} = {who}"]
    return []


def key_of(model: Model, noun: str) -> str:
    return f"{noun}.{model.tables[noun].key}"


def same(left: str, right: str) -> bool:
    return bare(left) == bare(right)
