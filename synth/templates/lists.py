"""Lists of names in the one row: a watchlist, whom one follows."""

from __future__ import annotations

from synth.expressions import Scope, first_type
from synth.model import Column, Model, literal
from synth.program import Step
from synth.reading import Reading
from synth.rows import quote
from synth.templates.drafts import require, run
from synth.templates.session import TOKEN
from synth.vocabulary import past, stem, tokens


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
    scope.message = f"{literal(name + ' ')} || :{name} || {literal(f' {past(reading.verb)}.')}"
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
