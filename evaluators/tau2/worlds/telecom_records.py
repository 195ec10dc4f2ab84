"""The carrier's database as a shared base.

The official dump writes every field, dates as text and amounts as floats. Accounts are lists
there; here they are tables (id -> record, in the same order), so that a write copies one record.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from evaluators.tau2.worlds.store import Json, Store, canonical

KEYS = {
    "plans": "plan_id",
    "customers": "customer_id",
    "lines": "line_id",
    "bills": "bill_id",
    "devices": "device_id",
}


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Address(Record):
    street: str
    city: str
    state: str
    zip_code: str


class Plan(Record):
    plan_id: str
    name: str
    data_limit_gb: float
    price_per_month: float
    data_refueling_price_per_gb: float


class Device(Record):
    device_id: str
    device_type: Literal["phone", "router", "tablet", "watch", "other"]
    model: str
    imei: str | None = None
    is_esim_capable: bool
    activated: bool = False
    activation_date: datetime | None = None
    last_esim_transfer_date: datetime | None = None


class Line(Record):
    line_id: str
    phone_number: str
    status: Literal["Active", "Suspended", "Pending Activation", "Closed"] = "Pending Activation"
    plan_id: str
    device_id: str | None = None
    data_used_gb: float = 0.0
    data_refueling_gb: float = 0.0
    roaming_enabled: bool = False
    contract_end_date: date | None = None
    last_plan_change_date: date | None = None
    last_sim_replacement_date: date | None = None
    suspension_start_date: date | None = None


class LineItem(Record):
    description: str
    amount: float
    date: date
    item_type: str


class Bill(Record):
    bill_id: str
    customer_id: str
    period_start: date
    period_end: date
    issue_date: date
    total_due: float
    due_date: date
    line_items: list[LineItem] = []
    status: Literal["Draft", "Issued", "Awaiting Payment", "Paid", "Overdue", "Disputed"] = "Draft"


class PaymentMethod(Record):
    method_type: Literal["Credit Card", "Debit Card", "PayPal"]
    account_number_last_4: str
    expiration_date: str


class Customer(Record):
    customer_id: str
    full_name: str
    date_of_birth: str
    email: str
    phone_number: str
    address: Address
    account_status: Literal["Active", "Suspended", "Pending Verification", "Closed"] = (
        "Pending Verification"
    )
    payment_methods: list[PaymentMethod] = []
    line_ids: list[str] = []
    bill_ids: list[str] = []
    created_at: datetime = Field(default=cast(Any, date(2025, 1, 1)))  # officially not validated
    last_extension_date: date | None = None
    goodwill_credit_used_this_year: float = 0.0


class TelecomDB(Record):
    plans: list[Plan] = []
    customers: list[Customer] = []
    lines: list[Line] = []
    bills: list[Bill] = []
    devices: list[Device] = []


class Accounts(Store):
    """The carrier's tables. The official database holds them as lists: so does its hash."""

    def delta(self) -> Json:
        """Return the change with new records in the order they were made, which the hash sees."""
        out = super().delta()
        for section, change in out.items():
            if "set" in change:
                made = change["set"]
                change["set"] = {key: made[key] for key in self.own[section] if key in made}
        return out

    def _text(self, section: str) -> str:
        old, new = self.base.root.get(section, {}), self[section]
        if section not in self.base.notes:
            self.base.notes[section] = {key: canonical(row) for key, row in old.items()}
        texts = self.base.notes[section]
        rows = (texts[key] if old.get(key) is row else canonical(row) for key, row in new.items())
        return f"[{', '.join(rows)}]"


def accounts_dump(root: Json) -> Json:
    """Validate the carrier's database and file its lists by id; raises ValueError."""
    lists = {name: list(t.values()) if isinstance(t, dict) else t for name, t in root.items()}
    dump = jsonable(TelecomDB.model_validate(lists))
    return {name: {row[key]: row for row in dump[name]} for name, key in KEYS.items()}


def jsonable(model: BaseModel) -> Json:
    """Dump a model with its dates as the official text and hash write them."""
    out: Json = json.loads(json.dumps(model.model_dump(), default=str))
    return out
