"""Find the tables of a world in its tools: what has keys, what has records, what has neither."""

from __future__ import annotations

import re
from collections.abc import Sequence

from synth.fields import add_columns, is_total
from synth.model import Column, Model, Table
from synth.reading import Reading, key_noun, leaves, record_schemas
from synth.settings import add_state
from synth.statuses import add_status
from synth.subjects import keys_of, kinds_of, references, subject_of, table_named
from synth.vocabulary import nouns, tokens

CODE = re.compile(r"['\"#]?(#?[A-Z][A-Za-z_]*-?\d{3,})\b")


NUMBERED = frozenset("number code symbol name sku".split())


def build_model(readings: Sequence[Reading]) -> Model:
    """Return the tables that a domain's tools speak of, and set every reading's subject."""
    model = Model()
    working = [reading for reading in readings if not reading.is_auth]
    for noun in keyed_nouns(working):
        model.tables[noun] = Table(noun, f"{noun}_id")
    for noun in dict.fromkeys(noun for reading in working for noun in kinds_of(reading)):
        model.tables.setdefault(noun, Table(noun, f"{noun}_id"))
    add_described(model, working)
    add_nested(model, working)
    for reading in readings:
        reading.keys = keys_of(reading, model)
    links = references(working)
    for reading in working:
        if reading.archetype != "login_status":
            reading.subject = subject_of(reading, model, links)
    for table in model.tables.values():
        settle_key(table, readings)
    for reading in working:
        add_columns(model, reading)
    finish(model, readings)
    return model


def keyed_nouns(readings: Sequence[Reading]) -> list[str]:
    """Return nouns whose keys some tool takes and some tool is named after, or creates."""
    taken: dict[str, None] = {}
    made: dict[str, None] = {}
    for reading in readings:
        for name, schema in reading.params.items():
            noun = key_noun(name, schema.get("description", ""))
            if noun:
                taken.setdefault(noun)
        if reading.archetype == "create":
            for path, name, schema in leaves(reading.response):
                noun = key_noun(name, schema.get("description", ""))
                if noun and path.count(".") == 1:
                    made.setdefault(noun)
    named = {word for reading in readings for word in (*reading.nouns, reading.verb)}
    return [
        noun
        for noun in dict.fromkeys((*taken, *made))
        if all(part in named for part in noun.split("_"))
    ]


def add_described(model: Model, readings: Sequence[Reading]) -> None:
    """Add tables keyed by what a reading tool takes alone: a stock by its symbol."""
    for reading in readings:
        required = reading.required
        if reading.archetype not in ("get", "find") or not reading.heads:
            continue
        noun = reading.heads[-1]
        if noun in NUMBERED or any(noun in known.split("_") for known in model.tables):
            continue
        fields = [f for f in reading.response.get("properties", {}) if not is_total(f)]
        keyed = [p for p in required if set(tokens(p)) & NUMBERED]
        if not keyed or reading.params[keyed[0]].get("type") not in ("string", "integer"):
            continue
        named_after = noun in tokens(keyed[0])
        if named_after or (len(required) == 1 and len(fields) >= 2):
            kind = reading.params[keyed[0]].get("type", "string")
            model.tables[noun] = Table(noun, keyed[0], kind)


def add_nested(model: Model, readings: Sequence[Reading]) -> None:
    """Add tables for lists of records that no key names: comments of a post, transactions."""
    for reading in readings:
        for name, _ in record_schemas(reading):
            words = nouns(name)
            if not words or table_named(model, words) or table_named(model, reading.nouns[-1:]):
                continue
            part = next(p for _, n, p in leaves(reading.response) if n == name)
            if part.get("items"):
                table = Table(words[-1], "row_id", "integer", hidden_key=True)
                table.parent = next((k for k in keys_of(reading, model).values()), "")
                model.tables[words[-1]] = table


def settle_key(table: Table, readings: Sequence[Reading]) -> None:
    """Choose the key column's name, type and form: `id` where records call it so."""
    for reading in readings:
        if reading.subject == table.name and not table.hidden_key:
            for _, schema in record_schemas(reading):
                if "id" in schema.get("properties", {}):
                    table.key = "id"
    for reading in readings:
        for name, noun in reading.keys.items():
            schema = reading.params[name]
            if noun != table.name or schema.get("type") == "array":
                continue
            kind = schema.get("type", "string")
            table.key_type = kind if isinstance(kind, str) else "string"
            text = schema.get("description", "")
            found = CODE.search(text) or re.search(r"such as '([^']+)'", text)
            table.example = table.example or (found.group(1) if found else "")
        for path, name, schema in leaves(reading.response):
            if key_noun(name, schema.get("description", "")) == table.name and path.count(".") < 3:
                table.key_type = schema.get("type", table.key_type)
    table.columns = {table.key: Column(table.key, table.key_type)}


def finish(model: Model, readings: Sequence[Reading]) -> None:
    """Settle counters, parents' references, key examples, statuses and what has no key."""
    codes = [code for reading in readings for code in CODE.findall(texts_of(reading))]
    texts = [t for t in model.tables.values() if t.key_type == "string" and not t.hidden_key]
    for table in model.tables.values():
        own = [r for r in readings if r.subject == table.name]
        if table.parent:
            parent = model.tables[table.parent]
            table.add(Column(f"{parent.name}_id", parent.key_type, refers=parent.name))
        creators = [r for r in own if r.archetype == "create"]
        if creators and table.key_type == "integer" and not table.hidden_key:
            table.counted = True
            model.state.add(Column(f"{table.name}_counter", "integer"))
        if not table.example and codes and texts == [table]:
            table.example = codes[0]
        add_status(table, own)
    add_state(model, readings)


def texts_of(reading: Reading) -> str:
    parts = [reading.about, *(str(s.get("description", "")) for s in reading.params.values())]
    parts += [str(part.get("description", "")) for _, _, part in leaves(reading.response)]
    return " ".join(parts)
