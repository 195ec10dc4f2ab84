"""Things that are set: devices, budgets, balances, lists of names. One row holds them all."""

from __future__ import annotations

import re
from collections.abc import Sequence

from synth.model import Column, Model, literal
from synth.program import Step
from synth.reading import Reading, leaves
from synth.render import Scope, first_type, returned
from synth.templates.drafts import Draft, closed, limits, require, run
from synth.templates.session import LOGGED_IN, TOKEN, guards, has_login
from synth.vocabulary import past, squeeze, stem, tokens
from synth.world import quote

INCREASE = frozenset("fill fund deposit increase charge refuel top credit raise".split())
DECREASE = frozenset("withdraw decrease deduct spend drain lower debit".split())
AMOUNTS = frozenset("amount value quantity sum number".split())
CAPACITY = re.compile(r"(?:hold|capacity|maximum|limit)[a-z ]*?(?:up to|of) (\d+(?:\.\d+)?)")
FORCE = 1000.0
"""Newtons of a lever that is moved all the way: a template's constant, known from no document."""
RANGE = 25.0
"""Miles that a vehicle goes with a gallon: a template's constant, known from no document."""


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


def write_range(reading: Reading, model: Model) -> Draft | None:
    """Write a tool that says whether the fuel is enough for a distance."""
    fuel = next(
        (c for c in model.state.columns.values() if {"fuel", "level"} <= set(tokens(c.name))), None
    )
    flags = [
        n
        for n, p in (reading.response.get("properties") or {}).items()
        if first_type(p) == "boolean"
    ]
    if fuel is None or list(reading.params) != ["distance"] or not flags:
        return None
    scope = Scope(reading, model)
    enough = f":distance <= coalesce((select {quote(fuel.name)} from state), 0) * {RANGE}"
    scope.values = {squeeze(flag): f"json(iif({enough}, 'true', 'false'))" for flag in flags}
    return Draft(limits(reading), returned(scope), "compute", "read")


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
    from synth.render import same_about

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


def listed(reading: Reading, model: Model, scope: Scope, steps: list[Step]) -> list[Step]:
    """Add to or remove from a list of names: a watchlist, whom one follows."""
    column = list_column(reading, model)
    names = [p for p in reading.params if first_type(reading.params[p]) != "boolean" and p != TOKEN]
    if column is None or len(names) != 1:
        return []
    name, cell = names[0], quote(column.name)
    inside = f"exists (select 1 from json_each((select {cell} from state)) where value = :{name})"
    for key, noun in reading.keys.items():
        table = model.tables[noun]
        sql = f"select exists (select 1 from {quote(noun)} where {quote(table.key)} = :{key})"
        if reading.archetype != "delete":
            steps.append(require(sql, f"{noun} {{{key}}} not found"))
    if reading.archetype == "delete":
        steps.append(require(f"select {inside}", f"{{{name}}} is not in the list"))
        kept = f"select value from json_each({cell}) where value <> :{name} order by key"
        value = f"(select json_group_array(value) from ({kept}))"
    else:
        value = f"iif({inside}, {cell}, json_insert({cell}, '$[#]', :{name}))"
    scope.message = f"'{{}}'".replace("{}", f"{name} ") + f" || :{name} || ' {past(reading.verb)}.'"
    return [run(f"update state set {cell} = {value}")]


def list_column(reading: Reading, model: Model) -> Column | None:
    """Return the list that a tool's name or result is about."""
    lists = [c for c in model.state.columns.values() if c.type == "array"]
    words = {stem(word) for word in (*reading.nouns, reading.verb.removeprefix("un"))}
    for column in lists:
        own = {stem(w) for w in tokens(column.name) if w != "list"}
        if column.name in (reading.response.get("properties") or {}) or own & words:
            return column
    return None


def adjusted(reading: Reading, model: Model, steps: list[Step]) -> list[Step]:
    """Raise or lower an amount: fill a tank, fund or debit an account; and keep its history."""
    sign = "+" if reading.verb in INCREASE else "-" if reading.verb in DECREASE else ""
    numbers = [p for p, s in reading.params.items() if first_type(s) in ("number", "integer")]
    target = next(
        (
            c
            for _, n, p in leaves(reading.response)
            if first_type(p) in ("number", "integer") and (c := model.state.find(n)) is not None
        ),
        None,
    )
    if not sign or len(numbers) != 1 or target is None:
        return []
    name, cell = numbers[0], quote(target.name)
    now = f"coalesce((select {cell} from state), 0)"
    steps.append(require(f"select :{name} > 0", f"{name} must be positive"))
    cap = CAPACITY.search(reading.about.lower())
    if sign == "+" and cap:
        steps.append(require(f"select {now} + :{name} <= {cap.group(1)}", "that is too much"))
    if sign == "-":
        steps.append(require(f"select {now} >= :{name}", "there is not enough"))
    changes = [run(f"update state set {cell} = {now} {sign} :{name}")]
    return [*changes, *history(reading, model, name, sign)]


def history(reading: Reading, model: Model, amount: str, sign: str) -> list[Step]:
    """Add a row to a table of transactions whose closed type fits: deposit, withdrawal."""
    for table in model.tables.values():
        kind = table.find("type")
        if not table.hidden_key or kind is None or table.find("amount") is None:
            continue
        options = kind.options or ("deposit", "withdrawal")
        plus = next((o for o in options if stem(o.lower()) in map(stem, INCREASE)), options[0])
        minus = next((o for o in options if o != plus), options[-1])
        value = plus if sign == "+" else minus
        values = {"row_id": f"(select coalesce(max(row_id), 0) + 1 from {quote(table.name)})"}
        values |= {kind.name: literal(value), "amount": f":{amount}"}
        stamp = table.find("timestamp")
        if stamp is not None:
            values[stamp.name] = literal("2026-01-01 09:00:00")
        names = ", ".join(map(quote, values))
        return [
            run(f"insert into {quote(table.name)} ({names}) values ({', '.join(values.values())})")
        ]
    return []


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
    from synth.render import same_about

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
    """Map a boolean to the option that its name means: `unlock` -> unlocked, `activate` -> active."""
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
            count = f"select count(*) from json_each((select {quote(column.name)} from state)) where value = {literal(option)}"
            steps.append(run(f"update state set {quote(figure.name)} = ({count})"))
    return steps


def column_options(schema: object) -> list[str]:
    """Return the options of a list's items, which may stand in the list's own description."""
    if not isinstance(schema, dict) or first_type(schema) != "array":
        return []
    found = re.search(r"\[Enum\]\s*:?\s*\[([^\]]*)\]", str(schema.get("description", "")))
    inner = (schema.get("items") or {}).get("enum") or []
    return list(inner) or (re.findall(r"\"([^\"]+)\"", found.group(1)) if found else [])
