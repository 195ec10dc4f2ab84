"""Telecom's two databases as shared bases: the carrier's accounts and the customer's phone.

The official dump writes every field, dates as text, amounts as floats; accounts are lists there
and tables here (id -> record, in the same order), so that a write copies one record.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from evaluators.tau2.worlds.store import Base, Json, Store, canonical, clone

Read = Callable[[Any], Any]
Field = tuple[Read, Any]

REQUIRED: Any = object()
ADDRESS = "123456 1234567 1234 12"


def text(value: Any) -> Any:
    return value


def moment(value: Any) -> str | None:
    """Write a date and time as the official dump does: `2025-01-20 14:30:00`."""
    return None if value is None else str(value).replace("T", " ")


def number(value: Any) -> float:
    return float(value)


def entries(fields: Mapping[str, Field]) -> Read:
    return lambda rows: [complete(row, fields) for row in rows]


def complete(row: Mapping[str, Any], fields: Mapping[str, Field]) -> Json:
    """Write `row` with all fields in their official order; raises ValueError on a misfit."""
    unknown = row.keys() - fields.keys()
    if unknown:
        raise ValueError(f"telecom data: unknown field {sorted(unknown)[0]!r} in {dict(row)!r:.120}")
    out: Json = {}
    for name, (read, default) in fields.items():
        if name not in row and default is REQUIRED:
            raise ValueError(f"telecom data: no field {name!r} in {dict(row)!r:.120}")
        out[name] = read(row[name]) if name in row else clone(default)
    return out


def needed(names: str, read: Read = text) -> dict[str, Field]:
    return {name: (read, REQUIRED) for name in names.split()}


def optional(names: str, default: Any = None, read: Read = text) -> dict[str, Field]:
    return {name: (read, default) for name in names.split()}


PLAN = needed("plan_id name") | needed(
    "data_limit_gb price_per_month data_refueling_price_per_gb", number
)
DEVICE = (
    needed("device_id device_type model")
    | optional("imei")
    | needed("is_esim_capable")
    | optional("activated", False)
    | optional("activation_date last_esim_transfer_date", None, moment)
)
LINE = (
    needed("line_id phone_number")
    | optional("status", "Pending Activation")
    | needed("plan_id")
    | optional("device_id")
    | optional("data_used_gb data_refueling_gb", 0.0, number)
    | optional("roaming_enabled", False)
    | optional("contract_end_date last_plan_change_date last_sim_replacement_date")
    | optional("suspension_start_date")
)
CHARGE = needed("description") | needed("amount", number) | needed("date item_type")
BILL = (
    needed("bill_id customer_id period_start period_end issue_date")
    | needed("total_due", number)
    | needed("due_date")
    | optional("line_items", [], entries(CHARGE))
    | optional("status", "Draft")
)
PAYMENT_METHOD = needed("method_type account_number_last_4 expiration_date")
POSTAL = needed("street city state zip_code")
CUSTOMER = (
    needed("customer_id full_name date_of_birth email phone_number")
    | {"address": (lambda row: complete(row, POSTAL), REQUIRED)}
    | optional("account_status", "Pending Verification")
    | optional("payment_methods", [], entries(PAYMENT_METHOD))
    | optional("line_ids bill_ids", [], list)
    | optional("created_at", "2025-01-01", moment)
    | optional("last_extension_date")
    | optional("goodwill_credit_used_this_year", 0.0, number)
)
TABLES = {
    "plans": ("plan_id", PLAN),
    "customers": ("customer_id", CUSTOMER),
    "lines": ("line_id", LINE),
    "bills": ("bill_id", BILL),
    "devices": ("device_id", DEVICE),
}
