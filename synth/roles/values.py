"""Values that look like what their names say, drawn by seed from word lists."""

from __future__ import annotations

import json
import random
import re
from datetime import date, timedelta
from typing import Any

from synth.model import Column, Table
from synth.random.words import ADJECTIVES, CITIES, FIRST, LAST, NOUNS
from synth.vocabulary import tokens

STATES = ("CA", "NY", "TX", "WA", "CO", "IL")
COUNTRIES = ("USA", "Canada", "UK", "Germany")
SECTORS = ("Technology", "Energy", "Finance", "Health")
LABELS = ("Standard", "Premium", "Basic", "Express")
FIRST_DAY = date(2026, 1, 1)
SENTENCES = (
    "The {a} {n} needs a second look",
    "Please send the {a} {n} to {f}",
    "{f} asked about the {a} {n}",
    "We moved the {n} to {c}",
    "The meeting in {c} is about the {a} {n}",
    "Thank you for the {a} {n}",
)


def sample_value(column: Column, rng: random.Random, table: Table) -> Any:
    """Draw a value of a column, as SQLite holds it."""
    if column.options and not column.parts and column.type == "string":
        return rng.choice(column.options)
    if column.type == "object":
        return json.dumps(parts(column, rng))
    if column.type == "array":
        return json.dumps([word(rng) for _ in range(rng.randint(1, 2))])
    if column.type == "boolean":
        return rng.randint(0, 1)
    if column.type in ("integer", "number"):
        return figure(column, rng)
    return sample_text(column.name, rng, table.name, column.about)


def parts(column: Column, rng: random.Random) -> dict[str, Any]:
    if column.options:
        return {part: rng.choice(column.options) for part in column.parts}
    return {part: sample_text(part, rng, "", "") for part in column.parts}


def figure(column: Column, rng: random.Random) -> Any:
    """Draw a number from the range that the description gives, or one that fits the name."""
    words = set(tokens(column.name))
    found = re.search(r"(?:between|from) (-?\d+)(?: \([^)]*\))? (?:and|to) (-?\d+)", column.about)
    low, high = (int(found.group(1)), int(found.group(2))) if found else (1, 50)
    if words & {"balance", "limit"}:
        low, high = 500, 5_000
    elif words & {"price", "cost", "total"} and column.type == "number":
        low, high = 20, 400
    elif words & {"pressure"}:
        low, high = 28, 36
    elif words & {"latitude", "longitude"}:
        low, high = 10, 50
    elif words & {"rating"}:
        low, high = 1, 5
    elif words & {"card", "account"}:
        low, high = 10_000, 99_999
    value = rng.randint(low, high)
    if step := re.search(r"multiple of (\d+)", column.about):
        return value // int(step.group(1)) * int(step.group(1))
    return value + rng.choice((0.0, 0.25, 0.5)) if column.type == "number" and high > 1 else value


def sample_text(name: str, rng: random.Random, noun: str, about: str) -> str:
    """Draw a text by the words of its name."""
    words = tokens(name)
    kinds = set(words)
    if kinds == {"expression"}:
        return calculation(rng)
    first, last = rng.choice(FIRST), rng.choice(LAST)
    table: tuple[tuple[set[str], str], ...] = (
        ({"unit", "units"}, rng.choice(("m", "km", "mile", "ft"))),
        ({"email"}, f"{first}.{last}@example.com".lower()),
        ({"username"}, f"{first}_{last}".lower()),
        ({"first"}, first),
        ({"last"}, last),
        ({"phone"}, f"555-{rng.randint(100, 999)}-{rng.randint(1000, 9999)}"),
        ({"zip", "zipcode", "postal"}, f"{rng.randint(10000, 99999)}"),
        ({"timestamp", "datetime"}, f"{day(rng)} {rng.randint(8, 18):02d}:00:00"),
        ({"date", "dob", "birth", "day"}, day(rng)),
        ({"time", "hours"}, f"{rng.randint(8, 18):02d}:00"),
        ({"state"}, rng.choice(STATES)),
        ({"country"}, rng.choice(COUNTRIES)),
        ({"sector"}, rng.choice(SECTORS)),
        ({"class", "type", "level", "category"}, rng.choice(LABELS)),
        ({"symbol"}, "".join(rng.choice("BCDFGKLMNPRSTVX") for _ in range(4))),
        ({"city", "location", "origin", "destination", "from", "to", "departure", "arrival"},
         rng.choice(CITIES)),
        ({"address", "address1", "street"},
         f"{rng.randint(1, 99)} {rng.choice(NOUNS).capitalize()} Street"),
        ({"password"}, f"{rng.choice(NOUNS)}{rng.randint(10, 99)}!"),
        ({"token"}, f"token-{rng.randint(10000, 99999)}"),
        ({"number", "code", "id", "identifier"}, f"{rng.randint(100000, 999999)}"),
        ({"user", "name", "cardholder", "person", "author"}, f"{first} {last}"),
        ({"created", "by"}, f"{first}_{last}".lower()),
        ({"title", "subject", "product", "item"},
         f"{rng.choice(ADJECTIVES)} {rng.choice(NOUNS)}".capitalize()),
        ({"status"}, rng.choice(("Open", "Open", "Closed"))),
    )  # fmt: skip
    if kinds == {"name"} and noun not in ("user", "customer", "person", "contact"):
        return f"{rng.choice(ADJECTIVES)} {rng.choice(NOUNS)}".title()
    for known, value in table:
        if kinds & known:
            return value
    return sentence(rng)


def sentence(rng: random.Random) -> str:
    return rng.choice(SENTENCES).format(
        a=rng.choice(ADJECTIVES), n=rng.choice(NOUNS), f=rng.choice(FIRST), c=rng.choice(CITIES)
    )


def calculation(rng: random.Random) -> str:
    """Write a sum of the kind that comes up in a conversation about prices and shares."""
    a, b, c = rng.randint(12, 480), rng.randint(2, 9), rng.randint(11, 95)
    return rng.choice((f"{a} * {b}", f"{a} + {c} * {b}", f"({a} + {c}) / {b}", f"{a}.50 - {c}"))


def word(rng: random.Random) -> str:
    return rng.choice(NOUNS)


def day(rng: random.Random) -> str:
    return (FIRST_DAY + timedelta(days=rng.randrange(365))).isoformat()


def code(example: str, rng: random.Random) -> str:
    """Draw a code of the example's form: letters for letters, digits for digits."""
    if re.fullmatch(r"[a-z]+_[a-z]+_\d+", example):
        return f"{rng.choice(FIRST)}_{rng.choice(LAST)}_{rng.randint(100, 999)}".lower()
    return "".join(
        rng.choice("0123456789") if c.isdigit() else rng.choice("ABCDEFGHJK") if c.isupper() else c
        for c in example
    )
