"""What task files call on the accounts: troubles to begin with, assertions to end with."""

from __future__ import annotations

from evaluators.tau2.worlds.telecom_ledger import LAST_MONTH, TODAY, Ledger


class AccountStaging:
    """Initialization actions and environment assertions of the agent's side."""

    ledger: Ledger

    def get_available_plan_ids(self) -> list[str]:
        return list(self.ledger.rows("plans"))

    def set_data_usage(self, customer_id: str, line_id: str, data_used_gb: float) -> str:
        self.ledger.line(customer_id, line_id)
        self.ledger.update("lines", line_id, data_used_gb=data_used_gb)
        return f"Data usage set to {data_used_gb} GB for line {line_id}"

    def suspend_line_for_overdue_bill(
        self, customer_id: str, line_id: str, new_bill_id: str, contract_ended: bool
    ) -> str:
        line = self.ledger.find("lines", line_id)
        if line["status"] != "Active":
            raise ValueError("Line must be active to suspend for unpaid bill")
        amount = self.ledger.find("plans", line["plan_id"])["price_per_month"]
        if amount <= 0:
            raise ValueError("Amount must be positive for overdue bill")
        customer = self.ledger.find("customers", customer_id)
        if self.ledger.bills(customer, "Overdue"):
            raise ValueError("Customer already has an overdue bill")
        self.ledger.open_bill(customer, LAST_MONTH, "Overdue", new_bill_id)
        self.ledger.add_item(new_bill_id, amount, f"Charge for line {line_id}")
        ended = {"contract_end_date": LAST_MONTH["end"]} if contract_ended else {}
        self.ledger.update(
            "lines", line_id, status="Suspended", suspension_start_date=TODAY, **ended
        )
        return (
            f"Line {line_id} suspended for unpaid bill {new_bill_id}. "
            f"Contract ended: {contract_ended}"
        )

    # --- assertions -----------------------------------------------------------------------

    def assert_data_refueling_amount(
        self, customer_id: str, line_id: str, expected_amount: float
    ) -> bool:
        line = self.ledger.line(customer_id, line_id)
        return bool(abs(line["data_refueling_gb"] - expected_amount) < 1e-6)

    def assert_line_status(self, customer_id: str, line_id: str, expected_status: str) -> bool:
        return bool(self.ledger.line(customer_id, line_id)["status"] == expected_status)

    def assert_overdue_bill_exists(self, customer_id: str, overdue_bill_id: str) -> bool:
        customer = self.ledger.find("customers", customer_id)
        if overdue_bill_id not in customer["bill_ids"]:
            raise ValueError(f"Overdue bill {overdue_bill_id} not found")
        if self.ledger.find("bills", overdue_bill_id)["status"] != "Overdue":
            raise ValueError(f"Overdue bill {overdue_bill_id} is not overdue")
        return True

    def assert_no_overdue_bill(self, overdue_bill_id: str) -> bool:
        """Say whether the bill is paid, or was never there."""
        bill = self.ledger.rows("bills").get(overdue_bill_id)
        return bill is None or bill["status"] == "Paid"
