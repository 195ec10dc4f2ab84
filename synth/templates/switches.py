"""States that are switched: by options, by booleans, by the verb, part by part."""

from __future__ import annotations

import re
from collections.abc import Sequence

from synth.expressions import Scope, first_type
from synth.model import Column, Model, literal
from synth.program import Step
from synth.reading import Reading, leaves
from synth.rows import quote
from synth.templates.drafts import run
from synth.vocabulary import squeeze, stem, tokens

FORCE = 500.0
"""Newtons on a control that is moved all the way: the most that UN Regulation 13 lets a car's
brake pedal need. No tool document says how far a force goes."""


def switched(reading: Reading, model: Model, scope: Scope, steps: list[Step]) -> list[Step]:
    """Set closed states by options, booleans and verbs; figures by parameters of like names."""
    sets: dict[str, str] = {}
    used: set[str] = set()
    parts = parts_set(reading, model, scope)
    if parts:
        return parts
    targets = [
        c
        for _, n, p in leaves(reading.response)
        if (c := model.state.find(n) or about_column(model, p)) is not None and c.name != "id"
    ]
    for name, schema in reading.params.items():
        column = set_by(model, targets, name)
        closed_ones = [c for c in targets if c.options and c.name not in sets]
        if (
            schema.get("enum")
            and closed_ones
            and not (column and set(column.options) & set(schema["enum"]))
        ):
            sets[closed_ones[0].name] = mapped(name, schema["enum"], closed_ones[0])
        elif schema.get("enum") and column is not None and column.options:
            sets[column.name] = mapped(name, schema["enum"], column)
        elif first_type(schema) == "boolean" and closed_ones:
            sets[closed_ones[0].name] = flagged(name, closed_ones[0])
        elif column is not None:
            sets[column.name] = f"coalesce(:{name}, {quote(column.name)})"
        elif fraction(schema) and (force := lever(targets)) is not None:
            sets[force.name] = f":{name} * {FORCE}"
        else:
            continue
        used.add(name)
    sets |= by_verb(reading, targets, sets)
    if not sets:
        return []
    listed = ", ".join(f"{quote(name)} = {value}" for name, value in sets.items())
    return [run(f"update state set {listed}")]


def about_column(model: Model, schema: object) -> Column | None:
    from synth.expressions import same_about

    return same_about(model.state, schema) if isinstance(schema, dict) else None


def set_by(model: Model, targets: Sequence[Column], name: str) -> Column | None:
    """Return the field that a parameter sets: same name, else same last word."""
    found = model.state.find(name)
    if found is not None and found.name != "id":
        return found
    last = tokens(name)[-1:]
    for column in targets:
        if tokens(column.name)[-1:] == last or squeeze(name) in squeeze(column.name):
            return column
    return None


def mapped(name: str, options: Sequence[str], column: Column) -> str:
    """Map a parameter's options to a state's: same word, same stem, else the one left over."""
    pairs: dict[str, str] = {}
    for option in options:
        for state in column.options:
            same_stem = stem(state.lower())[:4] == stem(option.lower())[:4]
            if state.lower() == option.lower() or same_stem:
                pairs.setdefault(option, state)
    for option in options:
        left = [state for state in column.options if state not in pairs.values()]
        if option not in pairs and left:
            pairs[option] = left[0]
    if not column.options:
        return f":{name}"
    whens = " ".join(f"when {literal(o)} then {literal(s)}" for o, s in pairs.items())
    return f"case :{name} {whens} else {quote(column.name)} end"


def flagged(name: str, column: Column) -> str:
    """Map a boolean to the option that its name means: `unlock` -> unlocked."""
    root = stem(name.lower())[:5]
    yes = next((o for o in column.options if o.lower().startswith(root)), column.options[0])
    no = next((o for o in column.options if o != yes), yes)
    return f"iif(:{name}, {literal(yes)}, {literal(no)})"


def by_verb(reading: Reading, targets: Sequence[Column], sets: dict[str, str]) -> dict[str, str]:
    """Return the states that the verb itself leads to, and what goes back to nothing with them."""
    found = {}
    root = stem(reading.verb)
    for column in targets:
        fitting = [o for o in column.options if o.lower().startswith(root)]
        if fitting and column.name not in sets and len(column.options) == 2:
            found[column.name] = literal(fitting[0])
    if reading.verb in ("release", "stop", "reset", "disable", "deactivate") and found:
        found |= {
            c.name: "0.0" for c in targets if c.type == "number" and "force" in tokens(c.name)
        }
    return found


def fraction(schema: object) -> bool:
    text = str(schema.get("description", "")) if isinstance(schema, dict) else ""
    return bool(re.search(r"between 0 \(?.*?\)? ?and 1\b", text))


def lever(targets: Sequence[Column]) -> Column | None:
    return next((c for c in targets if c.type == "number" and "force" in tokens(c.name)), None)


def parts_set(reading: Reading, model: Model, scope: Scope) -> list[Step]:
    """Set named parts of one thing, chosen by a list: `doors` to locked or unlocked."""
    for column in model.state.columns.values():
        if column.type != "object" or not column.parts:
            continue
        lists = [p for p, s in reading.params.items() if set(column_options(s)) & set(column.parts)]
        flags = [p for p, s in reading.params.items() if first_type(s) == "boolean"]
        states = [
            c for _, n, p in leaves(reading.response) if (c := model.state.find(n)) and c.options
        ]
        if not lists or not flags or not states:
            continue
        value = flagged(flags[0], states[0])
        cell = quote(column.name)
        chosen = f"e.key in (select value from json_each(:{lists[0]}))"
        whole = (
            f"(select json_group_object(e.key, iif({chosen}, {value}, e.value)) "
            f"from json_each({cell}) as e)"
        )
        steps = [run(f"update state set {cell} = {whole}, {quote(states[0].name)} = {value}")]
        return [*steps, *remaining(reading, model, column, states[0])]
    return []


def remaining(reading: Reading, model: Model, column: Column, state: Column) -> list[Step]:
    """Count the parts in the state that a figure is named after: `remainingUnlockedDoors`."""
    steps = []
    for _, name, schema in leaves(reading.response):
        figure = model.state.find(name)
        if first_type(schema) != "integer" or figure is None:
            continue
        option = next((o for o in state.options if o.lower() in tokens(name)), None)
        if option:
            parts = f"json_each((select {quote(column.name)} from state))"
            count = f"select count(*) from {parts} where value = {literal(option)}"
            steps.append(run(f"update state set {quote(figure.name)} = ({count})"))
    return steps


def column_options(schema: object) -> list[str]:
    """Return the options of a list's items, which may stand in the list's own description."""
    if not isinstance(schema, dict) or first_type(schema) != "array":
        return []
    found = re.search(r"\[Enum\]\s*:?\s*\[([^\]]*)\]", str(schema.get("description", "")))
    inner = (schema.get("items") or {}).get("enum") or []
    return list(inner) or (re.findall(r"\"([^\"]+)\"", found.group(1)) if found else [])
