"""Things that are set: devices, budgets, balances, lists of names. One row holds them all."""

from __future__ import annotations

from collections.abc import Sequence

from synth.expressions import Scope
from synth.model import Model, literal
from synth.reading import Reading, leaves
from synth.render import returned
from synth.templates.amounts import adjusted
from synth.templates.drafts import Draft, closed, limits, require
from synth.templates.lists import list_column, listed
from synth.templates.session import LOGGED_IN, TOKEN, guards, has_login
from synth.templates.switches import switched
from synth.vocabulary import stem, tokens


def write(reading: Reading, model: Model) -> Draft | None:
    """Write a tool that has no table: it shows or changes the one row."""
    if reading.archetype in ("get", "list", "find"):
        return show(reading, model)
    if reading.archetype not in ("update", "create", "delete"):
        return None
    ours = list_column(reading, model) is not None
    steps = [*guards(reading, model, creates=not ours), *limits(reading), *closed(reading)]
    if not steps and has_login(model) and reading.nouns and "account" in " ".join(reading.nouns):
        steps = [require(f"select {LOGGED_IN}", "nobody is logged in")]
    scope = Scope(reading, model)
    entries = listed(reading, model, scope, steps)
    if entries:
        column = list_column(reading, model)
        assert column is not None
        draft = Draft([*steps, *entries], returned(scope), "update", "write")
        for name in reading.params:
            if name != TOKEN and reading.archetype == "delete":
                draft.params[name] = f"state.{column.name}"
        return draft
    changes = adjusted(reading, model, steps) or switched(reading, model, scope, steps)
    if not changes:
        return None
    return Draft([*steps, *changes], returned(scope), "update", "write")


def show(reading: Reading, model: Model) -> Draft | None:
    """Show fields of the state: all that the result names, or those that an option chooses."""
    shown = [n for _, n, p in leaves(reading.response) if model.state.find(n) or same(model, p)]
    extra = [p for p in reading.params if not reading.params[p].get("enum") and p != TOKEN]
    if not shown or extra:
        return None
    steps = guards(reading, model)
    options = [p for p in reading.params if reading.params[p].get("enum")]
    if len(options) == 1:
        chosen = by_option(reading, model, options[0])
        return Draft(steps, chosen, "get", "read") if chosen else None
    return Draft(steps, returned(Scope(reading, model)), "get", "read")


def same(model: Model, schema: object) -> bool:
    from synth.expressions import same_about

    return isinstance(schema, dict) and same_about(model.state, schema) is not None


def by_option(reading: Reading, model: Model, option: str) -> str:
    """Return the fields that each option is about, where a result has optional fields."""
    from synth.model import json_object
    from synth.render import render

    wrapper = next(iter((reading.response.get("properties") or {}).items()), None)
    if wrapper is None or not wrapper[1].get("properties"):
        return ""
    fields = wrapper[1]["properties"]
    options = list(reading.params[option]["enum"])
    groups = grouped(options, list(fields))
    scope = Scope(reading, model)
    whens = []
    for value in options:
        parts = {n: render(scope, fields[n], n, True) for n in groups[value]}
        whens.append(f"when {literal(value)} then {json_object(parts)}")
    chosen = f"case :{option} {' '.join(whens)} end"
    return f"select {json_object({wrapper[0]: f'json({chosen})'})}"


def grouped(options: Sequence[str], fields: Sequence[str]) -> dict[str, list[str]]:
    """Give each field to the option it is named after; those between, to the next one named."""
    owner: list[str] = []
    for name in fields:
        words = set(map(stem_of, tokens(name)))
        fitting = [o for o in options if set(map(stem_of, tokens(o))) <= words]
        owner.append(max(fitting, key=len) if fitting else "")
    for place in range(len(owner)):
        if not owner[place]:
            before = owner[place - 1] if place else ""
            after = next((o for o in owner[place:] if o), "")
            named = sum(1 for o in owner if o == before)
            owner[place] = after if before and named < 2 and after else before or after
    return {o: [f for f, own in zip(fields, owner, strict=True) if own == o] for o in options}


def stem_of(word: str) -> str:
    return stem(word.rstrip("s"))
