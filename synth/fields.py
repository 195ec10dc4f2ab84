"""The columns of a table, from its tools' results, parameters and descriptions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from synth.model import Column, Model, Schema, Table, column_of
from synth.reading import SECRETS, Reading, key_noun, record_schemas
from synth.subjects import table_named
from synth.vocabulary import nouns, singular, stem, tokens

TOTALS = frozenset("count total number sum average".split())


RANGES = frozenset(
    """min max start end keyword keywords query text pattern search limit page range longitude
    latitude radius words token option""".split()
)


FIGURES = frozenset("price rating cost longitude latitude amount distance duration".split())


FILLERS = frozenset("and etc the their its other basic detailed information".split())


MENTIONED = re.compile(r"including ([^.]+)")


NOTED = re.compile(r"\b(records?|clears?)\s+(?:the\s+)?([a-z]+(?:_[a-z]+)+)\b")
"""A field that a description names as written down, or emptied, by a change."""


REMARK = re.compile(r"\s*(?:the |a )?reason (?:for|why)\b", re.I)


SWITCHES = {"enable": "1", "disable": "0"}
"""Verbs that switch something of a row on or off: `enable_roaming` of a line."""


STATUSES = frozenset("status success message result state error".split())


def is_total(name: str) -> bool:
    return bool(set(tokens(name)) & TOTALS)


def add_columns(model: Model, reading: Reading) -> None:
    """Add the fields that a tool's parameters and result give its subject, or the state."""
    table = model.tables.get(reading.subject)
    for name, schema in record_schemas(reading):
        home = table if not name else model.tables.get(table_named(model, nouns(name))) or table
        if home is not None and is_record(schema, home, name):
            for field, part in schema["properties"].items():
                if not is_total(field):
                    add_field(model, home, field, part)
    if table is not None and reading.archetype in ("create", "update"):
        add_parameters(model, table, reading)
    if table is not None and reading.archetype in ("get", "find", "list"):
        add_filters(table, reading)
        add_mentioned(model, table, reading)


def add_filters(table: Table, reading: Reading) -> None:
    """Add what rows are found by: email, zip, sector; not ranges, keywords, amounts shown."""
    for name, schema in reading.params.items():
        words = set(tokens(name))
        kind = schema.get("type", "string")
        known = table.find(name) or name in reading.keys or SECRETS & words
        if known or words & RANGES or kind not in ("string", "integer"):
            continue
        if not any(words <= set(tokens(other)) for other in table.columns if other != table.key):
            column = column_of(name, schema)
            column.hidden = True
            table.add(column)


def add_mentioned(model: Model, table: Table, reading: Reading) -> None:
    """Add the fields that a description lists: "information including rating, address, tags"."""
    if table.name not in reading.keys.values() or reading.response:
        return
    found = MENTIONED.search(" ".join(reading.about.split()))
    if found is None:
        return
    for part in re.split(r",| and ", found.group(1)):
        words = [w for w in re.findall(r"[a-z]+", part.lower()) if w not in FILLERS]
        if not words or len(words) > 3:
            continue
        while len(words) > 1 and words[0] in table.name.split("_"):
            words = words[1:]
        name = "_".join(words)
        noun = key_noun(name)
        listed = "_".join(singular(word) for word in words)
        if listed in model.tables and listed != name:
            table.add(Column(name, "array", refers=listed, about="rule"))
            continue
        if name in ("id", table.key) or noun == table.name:
            continue
        kind = "array" if {"list", "tags"} & set(words) else "string"
        kind = "number" if FIGURES & set(words) else kind
        column = Column(name, kind, about="rule")
        column.refers = noun if noun in model.tables else ""
        table.add(column)


def is_record(schema: Schema, table: Table, name: str) -> bool:
    """Tell a record from a report on what was done: it has more than statuses and totals."""
    fields = [
        f
        for f in schema.get("properties", {})
        if not is_total(f) and not STATUSES & set(tokens(f)) and key_noun(f) != table.name
    ]
    if not fields:
        return False
    return bool(name) or len(fields) >= 2 or "id" in schema.get("properties", {})


def add_field(model: Model, table: Table, name: str, schema: Schema) -> None:
    noun = key_noun(name, schema.get("description", ""))
    reports = schema.get("type") == "boolean" and STATUSES & set(tokens(name))
    if noun == table.name or name == table.key or schema.get("properties") or reports:
        return
    column = column_of(name, schema)
    column.refers = noun if noun in model.tables else ""
    table.add(column)


def about_the_act(reading: Reading, name: str) -> bool:
    """Tell what says how a change is done, its reason or its payment, from a field it sets."""
    if reading.archetype != "update":
        return False
    payment = tokens(name)[:1] == ("payment",) and "payment" not in reading.nouns
    return payment or bool(REMARK.match(str(reading.params[name].get("description", ""))))


def switch_of(reading: Reading, table: Table) -> str:
    """Return the flag of a row that a tool switches: `roaming_enabled`, or nothing."""
    words = [word for word in reading.nouns if word not in table.name.split("_")]
    return f"{'_'.join(words)}_enabled" if reading.verb in SWITCHES and words else ""


def add_parameters(model: Model, table: Table, reading: Reading) -> None:
    """Add what a creating or changing tool sets: plain values, references, composites."""
    own = [p for p in reading.params if reading.keys.get(p) != table.name]
    own = [p for p in own if not SECRETS & set(tokens(p)) and not about_the_act(reading, p)]
    if flag := switch_of(reading, table):
        table.add(Column(flag, "boolean", about="rule"))
    for _, field in NOTED.findall(reading.about):
        table.add(Column(field, about="rule"))
    composite = composite_of(table, reading, own, model.tables)
    if composite:
        table.add(Column(composite, "object", parts=tuple(own)))
        return
    for name in own:
        schema = reading.params[name]
        if (
            schema.get("properties")
            and reading.archetype == "update"
            and schema["type"] == "object"
        ):
            for field, part in schema["properties"].items():
                add_field(model, table, field, part)
            continue
        column = column_of(strip_noun(name, table), schema)
        if list_like(column, table):
            continue
        column.refers = reading.keys.get(name, "")
        table.add(column)


def composite_of(table: Table, reading: Reading, own: Sequence[str], tables: Iterable[str]) -> str:
    """Return the field that several parameters make up: `modify_user_address(city, zip, …)`."""
    if reading.archetype != "update" or len(own) < 3 or not reading.nouns:
        return ""
    last = reading.nouns[-1]
    taken = {word for noun in tables for word in noun.split("_")}
    if last in taken or any(last == singular(p) for p in own):
        return ""
    known = sum(1 for p in own if table.find(p))
    return "" if known * 2 > len(own) else last


def list_like(column: Column, table: Table) -> Column | None:
    """Return the list that a list of other name adds to: `mentioned_usernames` -> `mentions`."""
    words = {stem(singular(word)) for word in tokens(column.name)}
    for other in table.columns.values():
        lists = column.type == other.type == "array" and other.name != column.name
        if lists and {stem(singular(word)) for word in tokens(other.name)} <= words:
            return other
    return None


def strip_noun(name: str, table: Table) -> str:
    """Drop the table's noun from a parameter: `comment_content` is a comment's `content`."""
    rest = name.removeprefix(f"{table.name}_")
    return rest if table.hidden_key else name
