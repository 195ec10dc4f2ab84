"""The bank's database: tables of records, each officially wrapped as `{data, notes}`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from evaluators.tau2.worlds.store import Base, Json, Store, clone, merge
from evaluators.tau2.worlds.toolkit import Toolkit

# In the official order, which the text of an unknown table would show.
TABLES = (
    "users", "accounts", "referrals", "credit_card_applications", "user_discoverable_tools",
    "user_discoverable_tool_calls", "agent_discoverable_tools", "task_config",
    "verification_history", "credit_card_transaction_history", "cash_back_disputes",
    "bank_account_transaction_history", "credit_card_accounts", "human_transfer_requests",
    "transaction_disputes", "credit_card_orders", "credit_card_closure_reasons",
    "credit_card_account_flags", "debit_cards", "debit_card_orders", "debit_card_disputes",
    "credit_limit_increase_requests", "payment_history",
)  # fmt: skip


class BankBase(Base):
    """Tables without their wrapping: a record is what a write copies."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        """Unwrap the tables of the database file; raises ValueError on data that does not fit."""
        check(root)
        super().__init__({name: root.get(name, {}).get("data", {}) for name in TABLES})
        self.table_notes = {name: root.get(name, {}).get("notes", "") for name in TABLES}

    def merged(self, data: Mapping[str, Any]) -> BankBase:
        """Return the database with a task's records merged in; the others stay shared."""
        known = self._merged.get(id(data))
        if known is None:
            base = self._with(data)
            known = self._merged[id(data)] = (data, base)  # holding `data` keeps its id taken
            while len(self._merged) > 512:
                del self._merged[next(iter(self._merged))]
        merged = known[1]
        assert isinstance(merged, BankBase)
        return merged

    def _with(self, data: Mapping[str, Any]) -> BankBase:
        check(data)
        wrapped = {}
        for name, table in self.root.items():
            change = data.get(name, {})
            rows = dict(table)
            for key, record in change.get("data", {}).items():
                rows[key] = merge(clone(rows.get(key, {})), record)
            wrapped[name] = {"data": rows, "notes": change.get("notes", self.table_notes[name])}
        return BankBase(wrapped)


def check(root: Mapping[str, Any]) -> None:
    """Refuse unknown tables and records that are not objects; raises ValueError."""
    for name, table in root.items():
        if name not in TABLES:
            raise ValueError(f"banking data: unknown table {name!r}")
        if not all(isinstance(record, Mapping) for record in table.get("data", {}).values()):
            raise ValueError(f"banking data: table {name!r} holds something that is no record")


class Tables(Store):
    """One episode's view of the bank's tables."""

    def _text(self, section: str) -> str:
        assert isinstance(self.base, BankBase)
        notes = json.dumps(self.base.table_notes[section])
        return f'{{"data": {super()._text(section)}, "notes": {notes}}}'


class Bank:
    """The tables as the tools use them. Records it returns are for reading.

    It asks its toolkit for the store, which a task's initial data replaces.
    """

    def __init__(self, kit: Toolkit) -> None:
        self.kit = kit

    @property
    def store(self) -> Store:
        return self.kit.store

    def table(self, name: str) -> Mapping[str, Json]:
        rows: Mapping[str, Json] = self.store[name]
        return rows

    def find(self, name: str, key: Any) -> Json | None:
        """Return a record, or None; raises TypeError on a key that cannot be one."""
        return self.table(name).get(key)

    def add(self, name: str, key: str, record: Json) -> bool:
        """Add a record; False where its key is taken."""
        if key in self.table(name):
            return False
        self.store.writable(name)[key] = record
        return True

    def put(self, name: str, key: str, **fields: Any) -> Json:
        """Write fields of a record and return it."""
        record: Json = self.store.record(name, key)
        record.update(fields)
        return record

    def where(self, name: str, **fields: Any) -> list[tuple[str, Json]]:
        """Return the records, with their keys, whose fields equal these."""
        wanted = fields.items()
        return [
            (key, record)
            for key, record in self.table(name).items()
            if all(record.get(field) == value for field, value in wanted)
        ]
