"""Signs: what the form, the unit or the preposition of a mention says about its argument.

All of it is general English: "from" goes with an origin, "%" with a rate.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.models.lexical.words import stem

_TEXT = {"quote": 0.7, "formula": 0.55, "name": 0.45, "code": 0.45, "path": 0.45, "url": 0.45}
_TEXT |= {"email": 0.45, "date": 0.4, "time": 0.35, "phrase": 0.15, "number": 0.05}
SUITS: Mapping[str, Mapping[str, float]] = {
    "string": _TEXT,
    "any": _TEXT | {"number": 0.45, "literal": 0.5},
    "integer": {"number": 0.6},
    "number": {"number": 0.6},
    "array": {"literal": 0.9},
    "object": {"literal": 0.9},
    "boolean": {},
}


def stems(text: str) -> frozenset[str]:
    """Return the stems of some words."""
    return frozenset(map(stem, text.split()))


ROLES = {
    "from": stems("from origin source start departure begin sender old first initial pickup base"),
    "to": stems("to destination end target arrival finish receiver recipient new final dropoff"),
    "between": stems("start from first begin lower min minimum"),
    "in": stems("location city country place region state area language year currency folder"),
    "at": stems("location place time venue point price address speed restaurant"),
    "near": stems("location city place area address"),
    "by": stems("author artist creator director user percentage factor owner"),
    "on": stems("date day"),
    "with": stems("name contact participant guest"),
    "for": stems("duration name person company"),
    "named": stems("name"),
    "called": stems("name"),
    "titled": stems("title name"),
}
TRAITS = {
    "date": stems("date day when birthday deadline"),
    "time": stems("time hour when"),
    "email": stems("email recipient mail sender"),
    "url": stems("url link website page uri endpoint"),
    "path": stems("path file folder directory filename source destination host hostname"),
    "code": stems("id code key number symbol variable identifier tag username"),
    "name": stems("name city location country place person company team state artist author"),
    "quote": stems("message content text title query name comment body description"),
    "formula": stems("function equation expression formula polynomial"),
    "number": stems("id number code zip phone account age year size"),
    "%": stems("rate percent percentage interest return ratio probability confidence yield"),
    "$": stems("amount price cost budget salary income investment payment deposit loan money fee"),
}
IDS = stems("id identifier")
NO_ID = frozenset(("email", "url", "date", "time", "phrase"))
PERCENT = stems("percent percentage")
_NEGATIONS = "no not without don't exclude disable except false off never dont"
NEGATIONS = frozenset(_NEGATIONS.split())
ARTICLES = frozenset(("the", "a", "an", "my"))
