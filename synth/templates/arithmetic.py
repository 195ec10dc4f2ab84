"""A formula library: arithmetic, statistics and units, told by words and parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from synth.expressions import Scope, first_type
from synth.model import Model, literal
from synth.program import Step
from synth.reading import Reading
from synth.render import returned
from synth.templates.drafts import Draft, require
from synth.vocabulary import singular, squeeze, tokens

LENGTH = {"m": 1.0, "meter": 1.0, "metre": 1.0, "km": 1e3, "kilometer": 1e3, "cm": 1e-2,
          "mm": 1e-3, "um": 1e-6, "nm": 1e-9, "mi": 1609.344, "mile": 1609.344, "yd": 0.9144,
          "yard": 0.9144, "ft": 0.3048, "foot": 0.3048, "feet": 0.3048, "in": 0.0254,
          "inch": 0.0254}  # fmt: skip
MASS = {"kg": 1.0, "kilogram": 1.0, "g": 1e-3, "gram": 1e-3, "mg": 1e-6, "lb": 0.45359237,
        "pound": 0.45359237, "oz": 0.028349523125, "ounce": 0.028349523125}  # fmt: skip
VOLUME = {"l": 1.0, "liter": 1.0, "litre": 1.0, "ml": 1e-3, "gal": 3.785411784,
          "gallon": 3.785411784, "pint": 0.473176473, "quart": 0.946352946}  # fmt: skip
TIME = {"s": 1.0, "second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}
UNITS: Sequence[Mapping[str, float]] = (LENGTH, MASS, VOLUME, TIME)
TWO: Mapping[str, tuple[str, str]] = {
    "add sum plus": ("{0} + {1}", ""),
    "subtract minus difference": ("{0} - {1}", ""),
    "multiply product times": ("{0} * {1}", ""),
    "divide quotient": ("cast({0} as real) / {1}", "{1} <> 0"),
    "percentage percent": ("cast({0} as real) / {1} * 100", "{1} <> 0"),
    "power exponent": ("pow({0}, {1})", ""),
    "modulo remainder mod": ("mod({0}, {1})", "{1} <> 0"),
}
ONE: Mapping[str, tuple[str, str]] = {
    "absolute abs": ("abs({0})", ""),
    "ceil ceiling": ("ceil({0})", ""),
    "floor": ("floor({0})", ""),
    "exp exponential": ("exp({0})", ""),
}
MANY: Mapping[str, str] = {
    "mean average": "avg(value)",
    "sum total": "sum(value)",
    "max maximum largest": "max(value)",
    "min minimum smallest": "min(value)",
    "count": "count(*)",
}
SUMS = re.compile(r"arithmetic|mathematical expression|\+, -, \*, /")
BEYOND = re.compile(r"\*\*|\^|power|sqrt|root|sin\b|cos\b|log|variable|function|modul|factorial")
DEVIATION = frozenset(("deviation", "variance"))


def write(reading: Reading, model: Model) -> Draft | None:
    """Write a tool that computes from its arguments alone."""
    kinds = {name: first_type(schema) for name, schema in reading.params.items()}
    numbers = [name for name, kind in kinds.items() if kind in ("number", "integer")]
    words = set(tokens(reading.name)) | set(re.findall(r"[a-z]+", reading.about.lower())[:6])
    named = set(tokens(reading.name))
    found = (
        of_text(reading)
        or converted(reading, kinds, numbers)
        or of_list(kinds, named, words)
        or of_numbers(numbers, named, words, kinds)
    )
    if found is None or len(reading.response.get("properties") or {"": 0}) > 1:
        return None
    value, guard = found
    steps: list[Step] = [require(guard, "the arguments have no result")] if guard else []
    scope = Scope(reading, model)
    names = list(reading.response.get("properties") or {}) or [""]
    scope.values = {squeeze(name): f"({value})" for name in names}
    return Draft(steps, returned(scope), "compute", "compute")


def of_numbers(
    numbers: Sequence[str], named: set[str], words: set[str], kinds: Mapping[str, str]
) -> tuple[str, str] | None:
    """Return (expression, guard) of a formula over one, two or three numbers."""
    if len(numbers) != len(kinds) or not numbers:
        return None
    cells = [f":{name}" for name in numbers]
    roots = {"root", "sqrt"} & named
    if roots and len(numbers) <= 2:
        digits = f"round(sqrt({cells[0]}), coalesce({cells[1]}, 15))" if len(cells) == 2 else ""
        return digits or f"sqrt({cells[0]})", f"select {cells[0]} >= 0"
    if {"logarithm", "log", "ln"} & named and len(numbers) >= 2:
        value = f"ln({cells[0]}) / ln({cells[1]})"
        value = f"round({value}, {cells[2]})" if len(cells) == 3 else value
        return value, f"select {cells[0]} > 0 and {cells[1]} > 0 and {cells[1]} <> 1"
    if "round" in named:
        digits = f", coalesce({cells[1]}, 0)" if len(cells) == 2 else ""
        return f"round({cells[0]}{digits})", ""
    library = TWO if len(numbers) == 2 else ONE if len(numbers) == 1 else {}
    for known in (named, words):
        for keys, (value, guard) in library.items():
            if known & set(keys.split()):
                return value.format(*cells), f"select {guard.format(*cells)}" if guard else ""
    return None


def of_text(reading: Reading) -> tuple[str, str] | None:
    """Return (expression, guard) of a calculator, where the document speaks of nothing but sums."""
    if list(reading.params) != ["expression"] or reading.archetype != "compute":
        return None
    about = f"{reading.about} {reading.params['expression'].get('description', '')}".lower()
    if not SUMS.search(about) or BEYOND.search(about):
        return None
    value = "arithmetic(:expression)"
    return value, f"select {value} is not null"


def of_list(kinds: Mapping[str, str], named: set[str], words: set[str]) -> tuple[str, str] | None:
    """Return (expression, guard) of a statistic of one list of numbers."""
    if list(kinds.values()) != ["array"]:
        return None
    name = next(iter(kinds))
    rows = f"from json_each(:{name})"
    some = f"select json_array_length(:{name}) > 0"
    if named & DEVIATION:
        mean = f"(select avg(value) {rows})"
        variance = f"select avg((value - {mean}) * (value - {mean})) {rows}"
        return (f"sqrt(({variance}))" if "deviation" in named else f"({variance})"), some
    for known in (named, words):
        for keys, value in MANY.items():
            if known & set(keys.split()):
                return f"select {value} {rows}", some
    return None


def converted(
    reading: Reading, kinds: Mapping[str, str], numbers: Sequence[str]
) -> tuple[str, str] | None:
    """Return (expression, guard) of a conversion of units: `a_to_b(x)` or (value, from, to)."""
    words = [singular(word) for word in tokens(reading.name)]
    if len(numbers) == len(kinds) == 1 and "to" in words:
        place = words.index("to")
        source, target = words[place - 1], (words[place + 1 :] or [""])[0]
        for units in UNITS:
            if source in units and target in units:
                return f":{numbers[0]} * {units[source] / units[target]!r}", ""
        return None
    texts = [name for name, kind in kinds.items() if kind == "string"]
    if len(numbers) != 1 or len(texts) != 2 or not {"unit", "conversion", "convert"} & set(words):
        return None
    if not all({"unit", "from", "to", "in", "out"} & set(tokens(name)) for name in texts):
        return None
    factor = {name: unit_factor(name) for name in texts}
    kind = " and ".join(f"({group(texts[0])}) = ({group(texts[1])})" for _ in (0,))
    return f":{numbers[0]} * {factor[texts[0]]} / {factor[texts[1]]}", f"select {kind}"


def unit_factor(name: str) -> str:
    pairs = {unit: size for units in UNITS for unit, size in units.items()}
    whens = " ".join(f"when {literal(unit)} then {size!r}" for unit, size in pairs.items())
    return f"(case rtrim(lower(:{name}), 's') {whens} when '' then 1.0 end)"


def group(name: str) -> str:
    parts = []
    for number, units in enumerate(UNITS):
        listed = ", ".join(literal(unit) for unit in units)
        parts.append(f"when rtrim(lower(:{name}), 's') in ({listed}) then {number}")
    return f"case {' '.join(parts)} when lower(:{name}) = 's' then 3 end"
