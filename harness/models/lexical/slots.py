"""Slots: what a tool's JSON Schema asks for, reduced to what a reader of plain text can use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.models.lexical.words import terms, weight

KINDS: Mapping[str, str] = {
    name: kind
    for kind, names in {
        "string": "string str char character text varchar date datetime",
        "integer": "integer int long short byte bigint",
        "number": "number float double decimal",
        "boolean": "boolean bool",
        "array": "array list tuple arraylist set sequence",
        "object": "object dict hashmap map hashtable",
    }.items()
    for name in names.split()
}
QUOTED = re.compile(r"(?<!\w)['\"`‘“]([^'\"`’”\n]{1,60})['\"`’”](?!\w)")
DATES = {
    "yyyy-mm-dd": "%Y-%m-%d",
    "mm/dd/yyyy": "%m/%d/%Y",
    "dd/mm/yyyy": "%d/%m/%Y",
    "mm-dd-yyyy": "%m-%d-%Y",
    "dd-mm-yyyy": "%d-%m-%Y",
    "yyyy/mm/dd": "%Y/%m/%d",
    "yyyy.mm.dd": "%Y.%m.%d",
}
DEPTH = 3  # nested objects are read this deep
MISSING = object()


@dataclass(frozen=True, slots=True)
class Slot:
    """One argument. `path` leads to it through nested objects; `cues` weighs words near it.

    `choices` are its enum, `hints` the quoted words of its description; `needed` means that the
    call is invalid without it.
    """

    path: tuple[str, ...]
    kind: str
    item: str
    needed: bool
    choices: tuple[Any, ...]
    hints: tuple[str, ...]
    names: frozenset[str]
    cues: Mapping[str, float]
    default: Any
    date_format: str
    order: int


def read_slots(schema: Any) -> tuple[Slot, ...]:
    """Flatten a parameter schema into slots; whatever is malformed is skipped."""
    slots = list(walk(schema, (), True, [0]))
    shared = Counter(term for slot in slots for term in slot.cues)
    return tuple(
        replace(slot, cues={term: cue / shared[term] for term, cue in slot.cues.items()})
        for slot in slots
    )


def walk(schema: Any, path: tuple[str, ...], needed: bool, count: list[int]) -> Iterator[Slot]:
    """Yield the slots of an object schema in order; an inner object hands down its need."""
    schema = schema if isinstance(schema, Mapping) else {}
    properties = schema.get("properties")
    required = schema.get("required")
    names = set(map(str, required)) if isinstance(required, list | tuple) else set()
    for name, inner in (properties if isinstance(properties, Mapping) else {}).items():
        inner = inner if isinstance(inner, Mapping) else {}
        place, must = (*path, str(name)), needed and str(name) in names
        if kind_of(inner) == "object" and inner.get("properties") and len(place) < DEPTH:
            yield from walk(inner, place, must, count)
        else:
            count[0] += 1
            yield slot(inner, place, must, count[0])


def slot(schema: Mapping[str, Any], path: tuple[str, ...], needed: bool, order: int) -> Slot:
    """Read one argument's schema."""
    description = schema.get("description")
    description = description if isinstance(description, str) else ""
    names = list(terms(path[-1]))
    cues = {term: 0.5 * weight(term) for term in terms(description[:600])}
    cues.update((term, 0.4) for part in path[:-1] for term in terms(part))
    cues.update((term, max(weight(term), 0.6)) for term in names)
    items = schema.get("items")
    choices = schema.get("enum") or (items.get("enum") if isinstance(items, Mapping) else None)
    return Slot(
        path,
        kind_of(schema),
        kind_of(items) if isinstance(items, Mapping) else "any",
        needed,
        tuple(choices[:200]) if isinstance(choices, list | tuple) else (),
        tuple(dict.fromkeys(QUOTED.findall(description)))[:20],
        frozenset(names),
        cues,
        schema.get("default", MISSING),
        next((form for mark, form in DATES.items() if mark in description.lower()), ""),
        order,
    )


def kind_of(schema: Any) -> str:
    """Name the kind of a schema: string, integer, number, boolean, array, object or any."""
    if not isinstance(schema, Mapping):
        return "any"
    declared = schema.get("type")
    if isinstance(declared, list | tuple):
        declared = next((entry for entry in declared if entry != "null"), None)
    if isinstance(declared, str):
        return KINDS.get(declared.split("<")[0].strip().lower(), "any")
    for union in ("anyOf", "oneOf"):
        parts = schema.get(union)
        for part in parts if isinstance(parts, list | tuple) else ():
            if (kind := kind_of(part)) != "any":
                return kind
    return "object" if isinstance(schema.get("properties"), Mapping) else "any"
