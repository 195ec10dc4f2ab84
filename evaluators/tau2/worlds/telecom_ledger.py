"""The carrier's accounts: finding customers, lines and bills, and charging them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from evaluators.tau2.worlds.store import Json, Store

TODAY = "2025-02-25"
LAST_MONTH = {"start": "2025-01-01", "end": "2025-01-31", "due": "2025-01-15"}
NEXT_MONTH = {"start": "2025-03-01", "end": "2025-03-31", "due": "2025-03-15"}
CYCLE_END = "2025-02-28"

NOUNS = {
    "customers": "Customer",
    "lines": "Line",
    "plans": "Plan",
    "devices": "Device",
    "bills": "Bill",
}


class Ledger:
    """The accounts over the agent's store. Records it returns are for reading."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def rows(self, table: str) -> Mapping[str, Json]:
        rows: Mapping[str, Json] = self.store[table]
        return rows

    def find(self, table: str, key: Any) -> Json:
        """Return a customer, line, plan, device or bill by id; raises ValueError."""
        row = self.rows(table).get(key) if isinstance(key, str) else None
        if row is None:
            raise ValueError(f"{NOUNS[table]} with ID {key} not found")
        return row

    def customer_by_phone(self, phone_number: Any) -> Json:
        """Find a customer by contact number or by the number of a line; raises ValueError."""
        for customer in self.rows("customers").values():
            if customer["phone_number"] == phone_number:
                return customer
            for line_id in customer["line_ids"]:
                if self.find("lines", line_id)["phone_number"] == phone_number:
                    return customer
        raise ValueError(f"Customer with phone number {phone_number} not found")

    def line_by_phone(self, phone_number: Any) -> Json:
        for line in self.rows("lines").values():
            if line["phone_number"] == phone_number:
                return line
        raise ValueError(f"Line with phone number {phone_number} not found")

    def subscriber(self, phone_number: str) -> tuple[Json, Json]:
        """Return the line and the customer of a phone; no tool changes whose phone it is."""
        known = self.store.base.notes.setdefault("subscribers", {})
        if phone_number not in known:
            line = self.line_by_phone(phone_number)
            self.find("plans", line["plan_id"])
            customer = self.customer_by_phone(phone_number)
            known[phone_number] = line["line_id"], customer["customer_id"]
        line_id, customer_id = known[phone_number]
        return self.rows("lines")[line_id], self.rows("customers")[customer_id]

    def line(self, customer_id: Any, line_id: Any) -> Json:
        """Return a line of a customer."""
        if line_id not in self.find("customers", customer_id)["line_ids"]:
            raise ValueError(f"Line {line_id} not found for customer {customer_id}")
        return self.find("lines", line_id)

    def update(self, table: str, key: str, **fields: Any) -> Json:
        """Write fields of a record and return it."""
        record: Json = self.store.record(table, key)
        record.update(fields)
        return record

    def bills(self, customer: Mapping[str, Any], status: str | None = None) -> list[Json]:
        """Return a customer's bills, in the order of the account."""
        found = [self.find("bills", bill_id) for bill_id in customer["bill_ids"]]
        return [bill for bill in found if status is None or bill["status"] == status]

    def charge(self, customer_id: str, amount: float, description: str) -> None:
        """Add a charge to the customer's draft bill, opening one for next month if need be."""
        customer = self.find("customers", customer_id)
        drafts = self.bills(customer, "Draft")
        bill_id = drafts[0]["bill_id"] if drafts else self.open_bill(customer, NEXT_MONTH, "Draft")
        self.add_item(bill_id, amount, description)

    def open_bill(
        self,
        customer: Mapping[str, Any],
        period: Mapping[str, str],
        status: str,
        bill_id: str | None = None,
    ) -> str:
        """Open an empty bill and return its id.

        The official id is random; ours follows from the account, so that replays agree.
        """
        customer_id = customer["customer_id"]
        if bill_id is None:
            seed = f"{customer_id}:{len(self.store['bills'])}"
            bill_id = f"B{hashlib.sha256(seed.encode()).hexdigest()[:8]}"
        self.store.writable("bills")[bill_id] = {
            "bill_id": bill_id,
            "customer_id": customer_id,
            "period_start": period["start"],
            "period_end": period["end"],
            "issue_date": period["start"],
            "total_due": 0.0,
            "due_date": period["due"],
            "line_items": [],
            "status": status,
        }
        self.store.record("customers", customer_id)["bill_ids"].append(bill_id)
        return bill_id

    def add_item(self, bill_id: str, amount: float, description: str) -> None:
        bill = self.store.record("bills", bill_id)
        bill["line_items"].append(
            {
                "description": description,
                "amount": amount,
                "date": TODAY,
                "item_type": "Credit" if amount < 0 else "Charge",
            }
        )
        bill["total_due"] += amount
