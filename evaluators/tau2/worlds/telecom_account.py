"""The carrier's service desk: the thirteen tools of telecom's agent side."""

from __future__ import annotations

from typing import Any

from evaluators.tau2.worlds.store import Json, Store
from evaluators.tau2.worlds.telecom_account_staging import AccountStaging
from evaluators.tau2.worlds.telecom_ledger import CYCLE_END, TODAY, Ledger
from evaluators.tau2.worlds.toolkit import Dump, Toolkit, tool

TABLE_OF_LETTER = {"L": "lines", "D": "devices", "B": "bills", "C": "customers", "P": "plans"}


class TelecomTools(AccountStaging, Toolkit):
    """What the agent can look up and change."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.ledger = Ledger(store)

    @tool("read")
    def get_customer_by_phone(self, phone_number: str) -> Dump:
        return Dump(self.ledger.customer_by_phone(phone_number))

    @tool("read")
    def get_customer_by_id(self, customer_id: str) -> Dump:
        return Dump(self.ledger.find("customers", customer_id))

    @tool("read")
    def get_customer_by_name(self, full_name: str, dob: str) -> list[Dump]:
        return [
            Dump(customer)
            for customer in self.ledger.rows("customers").values()
            if customer["full_name"].lower() == full_name.lower()
            and customer["date_of_birth"] == dob
        ]

    @tool("read")
    def get_details_by_id(self, id: str) -> Dump:  # noqa: A002 (the official argument name)
        for letter, table in TABLE_OF_LETTER.items():
            if id.startswith(letter):
                return Dump(self.ledger.find(table, id))
        raise ValueError(f"Unknown ID format or type: {id}")

    @tool("write")
    def suspend_line(self, customer_id: str, line_id: str, reason: str) -> Json:
        if self.ledger.line(customer_id, line_id)["status"] != "Active":
            raise ValueError("Line must be active to suspend")
        line = self.ledger.update("lines", line_id, status="Suspended", suspension_start_date=TODAY)
        message = "Line suspended successfully. $5/month holding fee will apply."
        return {"message": message, "line": Dump(line)}

    @tool("write")
    def resume_line(self, customer_id: str, line_id: str) -> Json:
        status = self.ledger.line(customer_id, line_id)["status"]
        if status not in ("Suspended", "Pending Activation"):
            raise ValueError("Line must be suspended to resume")
        line = self.ledger.update("lines", line_id, status="Active", suspension_start_date=None)
        return {"message": "Line resumed successfully", "line": Dump(line)}

    @tool("read")
    def get_bills_for_customer(self, customer_id: str, limit: int = 12) -> list[Dump]:
        bills = self.ledger.bills(self.ledger.find("customers", customer_id))
        newest_first = sorted(bills, key=lambda bill: bill["issue_date"], reverse=True)
        return [Dump(bill) for bill in newest_first[:limit]]

    @tool("write")
    def send_payment_request(self, customer_id: str, bill_id: str) -> str:
        customer = self.ledger.find("customers", customer_id)
        if self.ledger.bills(customer, "Awaiting Payment"):
            raise ValueError("A bill is already awaiting payment for this customer")
        if bill_id not in customer["bill_ids"]:
            raise ValueError(f"Bill {bill_id} not found for customer {customer_id}")
        self.ledger.update("bills", bill_id, status="Awaiting Payment")
        return f"Payment request sent to the customer for bill {bill_id}"

    @tool("read")
    def get_data_usage(self, customer_id: str, line_id: str) -> Json:
        line = self.ledger.line(customer_id, line_id)
        plan = self.ledger.find("plans", line["plan_id"])
        return {
            "line_id": line_id,
            "data_used_gb": line["data_used_gb"],
            "data_limit_gb": plan["data_limit_gb"],
            "data_refueling_gb": line["data_refueling_gb"],
            "cycle_end_date": CYCLE_END,
        }

    @tool("write")
    def enable_roaming(self, customer_id: str, line_id: str) -> str:
        return self._switch_roaming(customer_id, line_id, True, "enabled")

    @tool("write")
    def disable_roaming(self, customer_id: str, line_id: str) -> str:
        return self._switch_roaming(customer_id, line_id, False, "disabled")

    def _switch_roaming(self, customer_id: str, line_id: str, state: bool, word: str) -> str:
        if bool(self.ledger.line(customer_id, line_id)["roaming_enabled"]) == state:
            return f"Roaming was already {word}"
        self.ledger.update("lines", line_id, roaming_enabled=state)
        return f"Roaming {word} successfully"

    @tool("generic")
    def transfer_to_human_agents(self, summary: str) -> str:
        return "Transfer successful"

    @tool("write")
    def refuel_data(self, customer_id: str, line_id: str, gb_amount: float) -> dict[str, Any]:
        line = self.ledger.line(customer_id, line_id)
        if gb_amount <= 0:
            raise ValueError("Refuel amount must be positive")
        price = self.ledger.find("plans", line["plan_id"])["data_refueling_price_per_gb"]
        cost = gb_amount * price
        total = line["data_refueling_gb"] + gb_amount
        self.ledger.update("lines", line_id, data_refueling_gb=total)
        self.ledger.charge(customer_id, cost, f"Data refueling: {gb_amount} GB at ${price}/GB")
        return {
            "message": f"Successfully added {gb_amount} GB of data for line {line_id} "
            f"for ${cost:.2f}",
            "new_data_refueling_gb": total,
            "charge": cost,
        }
