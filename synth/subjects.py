"""Which table a tool is about, and which of its parameters are keys of which tables."""

from __future__ import annotations

import re
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


KINDS = re.compile(r"\bvalid ID (?:for|of) (?:an? |the )?([\w ,]+)", re.I)


def kinds_of(reading: Reading) -> list[str]:
    """Return the nouns of which a tool's one key may be: "a valid ID for a Bill or a Plan"."""
    names = list(reading.params)
    found = KINDS.search(" ".join(reading.about.split()))
    if found is None or len(names) != 1 or reading.archetype != "get":
        return []
    return [word for word in nouns("_".join(found.group(1).split())) if word != "id"]


OWNER = re.compile(r"\b(?:who|that|which) owns\b|\bowner of\b", re.I)


def names_owner(reading: Reading, name: str) -> bool:
    """Tell a key that says whose row a call is about, to be checked, from one that is set."""
    about = str(reading.params[name].get("description", ""))
    return name in reading.keys and bool(OWNER.search(about))


def references(readings: Sequence[Reading]) -> dict[str, set[str]]:
    """Return which tables the rows of a table refer to.

    Told by the keys that creating it takes, and by "the customer who owns the bill".
    """
    found: dict[str, set[str]] = {}
    for reading in readings:
        for name in filter(lambda name: names_owner(reading, name), reading.keys):
            for word in nouns(str(reading.params[name].get("description", ""))):
                if word in reading.keys.values() and word != reading.keys[name]:
                    found.setdefault(word, set()).add(reading.keys[name])
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
