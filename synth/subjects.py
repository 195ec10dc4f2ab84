"""Which table a tool is about, and which of its parameters are keys of which tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synth.model import Model
from synth.reading import Reading, key_noun, leaves, record_schemas
from synth.vocabulary import nouns


def table_named(model: Model, words: Sequence[str]) -> str:
    """Return the table whose noun is among words; the longest, then the last named."""
    found = [
        (len(noun.split("_")), max(words.index(part) for part in noun.split("_")), noun)
        for noun in model.tables
        if all(part in words for part in noun.split("_"))
    ]
    return max(found)[2] if found else ""


def keys_of(reading: Reading, model: Model) -> dict[str, str]:
    """Return the parameters that are keys: {parameter: table}."""
    found = {}
    for name, schema in reading.params.items():
        noun = key_noun(name, schema.get("description", ""))
        if noun in model.tables:
            found[name] = noun
            continue
        for table in model.tables.values():
            if name == table.key and not table.hidden_key:
                found[name] = table.name
    return found


def references(readings: Sequence[Reading]) -> dict[str, set[str]]:
    """Return which tables the rows of a table refer to, from the keys that creating it takes."""
    found: dict[str, set[str]] = {}
    for reading in readings:
        if reading.archetype == "create":
            for word in (*reading.nouns, reading.verb):
                found.setdefault(word, set()).update(reading.keys.values())
    return found


def subject_of(reading: Reading, model: Model, links: Mapping[str, set[str]]) -> str:
    """Return the table a tool is about."""
    if reading.archetype == "create":
        made = created(reading, model)
        if made:
            return made
    named = table_named(model, reading.heads) or table_named(model, reading.nouns)
    for table in model.tables.values():
        if not named and reading.heads and reading.heads[-1] == table.key:
            named = table.name
    direct = [t for p, t in reading.keys.items() if reading.params[p].get("type") != "array"]
    if named and (named in direct or not direct or reading.archetype in ("create", "list")):
        return named
    if named and set(direct) <= links.get(named, set()) | {model.tables[named].parent}:
        return named
    for name, _ in record_schemas(reading):
        found = table_named(model, nouns(name))
        if found:
            return found
    shown = [t for _, n, p in leaves(reading.response) if (t := key_noun(n)) in direct]
    if shown:
        return shown[0]
    if direct:
        inside = [noun for noun in direct if set(noun.split("_")) & set(reading.nouns)]
        return (inside or direct)[-1]
    return named


def created(reading: Reading, model: Model) -> str:
    """Return the table whose new key a creating tool returns, or that its verb names."""
    for path, name, schema in leaves(reading.response):
        noun = key_noun(name, schema.get("description", ""))
        if noun in model.tables and noun not in reading.keys.values() and path.count(".") == 1:
            return noun
    return reading.verb if reading.verb in model.tables else ""
