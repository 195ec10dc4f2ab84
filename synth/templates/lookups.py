"""Tools whose answer nothing in the world holds: a figure or a code that depends on the call."""

from __future__ import annotations

from synth.expressions import Scope, derived, first_type
from synth.model import Model
from synth.reading import Reading, leaves
from synth.render import returned
from synth.templates import session
from synth.templates.drafts import Draft, closed, exists, limits
from synth.templates.money import derived_price, quoted_prices
from synth.vocabulary import squeeze


def write(reading: Reading, model: Model) -> Draft | None:
    """Write a reading or reporting tool; the same call gets the same answer, always."""
    steps = [*session.guards(reading, model), *limits(reading), *closed(reading)]
    for name, noun in reading.keys.items():
        many = reading.params[name].get("type") == "array"
        table = model.tables[noun]
        steps.append(exists(table, name, optional=name not in reading.required, many=many))
    scope = Scope(reading, model)
    for _, name, schema in leaves(reading.response):
        kind = first_type(schema)
        number = derived(reading)
        if quoted_prices(reading) and kind in ("number", "array"):
            value = f"({derived_price(reading)} % 900 + 100 + 0.0)"
            scope.values[squeeze(name)] = f"json_array({value})" if kind == "array" else value
        elif kind == "array" and name in reading.params:
            scope.values[squeeze(name)] = f"json(:{name})"
        elif kind == "number" and (amount := amount_of(reading)):
            scope.values[squeeze(name)] = f":{amount} * (({number} % 190 + 10) / 100.0)"
    return Draft(steps, returned(scope), kind_of(reading), effect_of(reading))


def amount_of(reading: Reading) -> str:
    """Return the parameter that is converted into the result: `value` of an exchange."""
    for name, schema in reading.params.items():
        if first_type(schema) == "number" and name in ("value", "amount", "quantity"):
            return name
    return ""


def kind_of(reading: Reading) -> str:
    return "compute" if reading.archetype == "compute" else "other"


def effect_of(reading: Reading) -> str:
    return "compute" if reading.archetype == "compute" else "read"
