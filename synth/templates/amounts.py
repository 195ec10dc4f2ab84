"""Amounts in the one row that go up and down: a tank, a balance, and what they allow."""

from __future__ import annotations

import re

from synth.expressions import Scope, first_type
from synth.model import Model, literal
from synth.program import Step
from synth.reading import Reading, leaves
from synth.render import returned
from synth.rows import quote
from synth.templates.drafts import Draft, limits, require, run
from synth.vocabulary import squeeze, stem, tokens

INCREASE = frozenset("fill fund deposit increase charge refuel top credit raise".split())


DECREASE = frozenset("withdraw decrease deduct spend drain lower debit".split())


CAPACITY = re.compile(r"(?:hold|capacity|maximum|limit)[a-z ]*?(?:up to|of) (\d+(?:\.\d+)?)")


ECONOMY = 25.7
"""Miles to the gallon of new cars (EPA, Automotive Trends Report 2020). No tool document says."""


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
    enough = f":distance <= coalesce((select {quote(fuel.name)} from state), 0) * {ECONOMY}"
    scope.values = {squeeze(flag): f"json(iif({enough}, 'true', 'false'))" for flag in flags}
    return Draft(limits(reading), returned(scope), "compute", "read")


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
