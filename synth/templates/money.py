"""What things cost and what pays for them: balances go down when something is bought, and back."""

from __future__ import annotations

from collections.abc import Mapping

from synth.expressions import derived_from
from synth.model import Column, Model, Table
from synth.program import Step
from synth.reading import Reading, leaves
from synth.rows import quote
from synth.templates.drafts import require, run
from synth.vocabulary import tokens

COSTS = frozenset("cost price fee total charge".split())


def balance_of(model: Model, table: Table) -> tuple[Table, Column, Column] | None:
    """Return (payer's table, its balance, our reference to it), where a table has such a payer."""
    for column in table.columns.values():
        payer = model.tables.get(column.refers)
        if payer is None:
            continue
        balance = payer.find("balance")
        if balance is not None:
            return payer, balance, column
    return None


def cost_of(table: Table) -> Column | None:
    """Return what a row of a table cost."""
    for column in table.columns.values():
        if column.type == "number" and set(tokens(column.name)) & COSTS:
            return column
    return None


def payment(
    reading: Reading, model: Model, table: Table, values: Mapping[str, str]
) -> tuple[list[Step], list[Step]]:
    """Return the guard that the payer has enough, and the payment."""
    found, cost = balance_of(model, table), cost_of(table)
    if found is None or cost is None or values.get(cost.name) is None:
        return [], []
    payer, balance, reference = found
    if reference.name not in values:
        return [], []
    amount, who = values[cost.name], values[reference.name]
    row = f"{quote(payer.name)} where {quote(payer.key)} = {who}"
    enough = f"select coalesce({quote(balance.name)}, 0) >= {amount} from {row}"
    cell = quote(balance.name)
    paid = run(
        f"update {quote(payer.name)} set {cell} = {cell} - {amount} "
        f"where {quote(payer.key)} = {who}"
    )
    return [require(enough, "the balance is too low")], [paid]


def refund(model: Model, table: Table, where: str) -> list[Step]:
    """Give back what a row that is deleted had cost."""
    found, cost = balance_of(model, table), cost_of(table)
    if found is None or cost is None:
        return []
    payer, balance, reference = found
    cell = quote(balance.name)
    paid = f"(select {quote(cost.name)} from {quote(table.name)} where {where})"
    who = f"(select {quote(reference.name)} from {quote(table.name)} where {where})"
    return [
        run(
            f"update {quote(payer.name)} set {cell} = {cell} + coalesce({paid}, 0) "
            f"where {quote(payer.key)} = {who}"
        )
    ]


def price(reading: Reading, model: Model, column: Column) -> str:
    """Return a price that depends on what is bought only: the call without who pays."""
    return f"({derived_price(reading)} % 900 + 100 + 0.0)"


def derived_price(reading: Reading) -> str:
    """Return a figure from what is asked for: the same for quoting it and for buying it."""
    asked = [name for name in reading.params if name not in reading.keys and name != "access_token"]
    return derived_from(sorted(asked), "")


def quoted_prices(reading: Reading) -> bool:
    """Tell a tool that quotes a price: figures only, of something that has a cost."""
    return any(set(tokens(name)) & COSTS for _, name, _ in leaves(reading.response))
