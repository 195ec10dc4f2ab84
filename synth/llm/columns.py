"""Tables that a model designed, as rules see them: their columns, and what tools' values are of."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import apsw

from synth.guard import build_image
from synth.model import STATE, Column, Model, Table
from synth.package import ToolRecord
from synth.package_files import State
from synth.reading import Reading, key_noun, leaves, read_tools
from synth.roles.state_sampler import key, reference
from synth.roles.values import sample_value
from synth.vocabulary import nouns, singular, tokens

TYPES = {"INTEGER": "integer", "INT": "integer", "REAL": "number", "TEXT": "string"}
EFFECTS = {
    "find": "read",
    "get": "read",
    "list": "read",
    "login_status": "read",
    "compute": "compute",
    "login": "auth",
    "logout": "auth",
}
COLUMNS = (
    'select m.name, c.name, c.type, c.pk, f."table" from sqlite_master m '
    "join pragma_table_xinfo(m.name) c "
    'left join pragma_foreign_key_list(m.name) f on f."from" = c.name '
    "where m.type = 'table' and m.name not like 'sqlite_%' order by m.rowid, c.cid"
)
ROWS = (6, 10)


def model_of(schema_sql: str) -> Model:
    """Read tables into the form that rules work on; a table without a key of one column has ""."""
    connection = apsw.Connection(":memory:")
    connection.deserialize("main", build_image(schema_sql))
    tables: dict[str, Table] = {}
    for name, column, kind, position, refers in connection.execute(COLUMNS):
        table = tables.setdefault(name, Table(name, ""))
        table.columns[column] = Column(column, TYPES.get(kind, "string"), refers=refers or "")
        if position:
            composite = position > 1 or bool(table.key)
            table.key = "" if composite else column
            table.key_type = table.columns[column].type
    connection.close()
    return Model(tables, Table("", "id", "integer", {"id": Column("id", "integer")}))


def annotate(records: Sequence[ToolRecord], model: Model) -> list[ToolRecord]:
    """Add what rules tell of tools over given tables: archetype, entity, columns of values.

    What the record already says of effect and verb stays.
    """
    return [annotated(reading, model) for reading in read_tools(records)]


def annotated(reading: Reading, model: Model) -> ToolRecord:
    record = reading.record
    said = record.annotations
    effect = str(said.get("effect") or EFFECTS.get(reading.archetype, "write"))
    archetype = reading.archetype
    if (EFFECTS.get(archetype, "write") == "write") != (effect == "write"):
        archetype = {"read": "get", "compute": "compute", "write": "update"}.get(effect, "other")
    table = table_of(str(said.get("entity", "")), reading, model)
    params = {n: home(n, part, table, model) for n, part in reading.params.items()}
    root = "$[*]" if reading.response.get("type") == "array" else "$"
    schema = reading.response.get("items") if root == "$[*]" else reading.response
    outputs = {p: home(n, part, table, model) for p, n, part in leaves(schema or {}, root)}
    if effect == "write" and table is not None and table.key:
        archetype = kind_of_change(archetype, f"{table.name}.{table.key}", params)
    found = {
        "effect": effect,
        "verb": str(said.get("verb") or reading.verb),
        "archetype": archetype,
        "entity": table.name if table is not None else str(said.get("entity") or STATE),
        "params": {name: column for name, column in params.items() if column},
        "outputs": {path: column for path, column in outputs.items() if column},
    }
    return replace(record, annotations={**said, **found})


def kind_of_change(archetype: str, key: str, params: Mapping[str, str]) -> str:
    """Correct what kind of change a tool makes by its parameters: one that takes its row's key
    creates none, and one that takes nothing else moves the row from one status to another."""
    if key not in params.values() or archetype not in ("create", "update"):
        return archetype
    return "update" if any(column != key for column in params.values()) else "transition"


def table_of(entity: str, reading: Reading, model: Model) -> Table | None:
    """Return the table that a tool is about: by what was said of it, else by the tool's nouns."""
    wanted = "_".join(singular(word) for word in tokens(entity))
    words = [wanted, *reversed(reading.heads), *reversed(reading.nouns), *nouns(reading.name)]
    by_name = {"_".join(singular(word) for word in tokens(name)): name for name in model.tables}
    return next((model.tables[by_name[word]] for word in words if word in by_name), None)


def home(name: str, schema: Mapping[str, Any], table: Table | None, model: Model) -> str:
    """Return the column that a value of this name is of, a reference as the key it refers to."""
    noun = key_noun(name, str(schema.get("description", "")))
    for owner in model.tables.values():
        plain = "_".join(singular(word) for word in tokens(owner.name))
        if owner.key and (noun == plain or (name == owner.key and len(tokens(name)) > 1)):
            return f"{owner.name}.{owner.key}"
    if table is not None and (column := table.find(name)) is not None:
        target = model.tables.get(column.refers)
        if target is not None and target.key:
            return f"{target.name}.{target.key}"
        return f"{table.name}.{column.name}"
    owners = [t for t in model.tables.values() if name in t.columns and name != t.key]
    return f"{owners[0].name}.{name}" if len(owners) == 1 else ""


def sample_rows(model: Model, rng: random.Random) -> State:
    """Draw rows for tables by rule: keys first, then values, whose references are among them."""
    keys: dict[str, list[Any]] = {}
    for table in model.tables.values():
        count = rng.randint(*ROWS)
        drawn = [key(table, place, rng) if table.key else place for place in range(count)]
        keys[table.name] = list(dict.fromkeys(drawn))
    return {t.name: [row(t, k, keys, rng) for k in keys[t.name]] for t in model.tables.values()}


def row(table: Table, own: Any, keys: Mapping[str, list[Any]], rng: random.Random) -> list[Any]:
    values = []
    for column in table.columns.values():
        if column.name == table.key and not column.refers:
            values.append(own)
        elif keys.get(column.refers):
            values.append(reference(column, keys[column.refers], rng))
        else:
            values.append(sample_value(column, rng, table))
    return values
