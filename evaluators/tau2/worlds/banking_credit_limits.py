"""Unlisted tools for credit limits: requests, their history, approval and denial."""

from __future__ import annotations

from typing import Any

from evaluators.tau2.worlds.banking_discovery import Refusal, discoverable, need
from evaluators.tau2.worlds.banking_ids import TODAY, prefixed
from evaluators.tau2.worlds.banking_money import amount_or_zero, dollars
from evaluators.tau2.worlds.banking_tables import Bank
from evaluators.tau2.worlds.store import Json

DENIAL_REASONS = (
    "insufficient_account_age",
    "cooldown_period_active",
    "pending_disputes",
    "pending_replacement_card",
    "past_due_balance",
    "high_utilization",
    "insufficient_payment_history",
    "requested_amount_exceeds_limit",
    "other",
)
OPEN_DISPUTE = ("SUBMITTED", "UNDER_REVIEW", "PENDING")
OPEN_ORDER = ("PENDING", "PROCESSING", "SHIPPED")
BAD_STANDING = ("PAST_DUE", "DELINQUENT", "COLLECTIONS", "CLOSED")


def own_card(bank: Bank, account_id: Any, user_id: Any) -> Json:
    """Return a credit card account of this customer, or refuse."""
    account = bank.find("credit_card_accounts", account_id)
    if account is None:
        raise Refusal(f"Credit card account '{account_id}' not found.")
    if account.get("user_id") != user_id:
        raise Refusal(f"Credit card account '{account_id}' does not belong to user '{user_id}'.")
    return account


def request_id(account_id: Any, user_id: Any, increase: float) -> str:
    return prefixed("cli", "cli_request", account_id, user_id, f"{increase:.2f}")


def whole_dollars(value: Any) -> int:
    """Read a whole number of dollars, or refuse."""
    name = "Invalid requested_increase_amount. Must be a whole number"
    try:
        amount = float(value)
    except (TypeError, ValueError):
        raise Refusal(f"{name}.") from None
    if not amount.is_integer():
        raise Refusal(f"{name} of dollars.")
    if amount <= 0:
        raise Refusal("Requested increase amount must be positive.")
    return int(amount)


class CreditLimitTools:
    """Mixed into the agent's toolkit."""

    bank: Bank

    @discoverable("write")
    def submit_credit_limit_increase_request_7392(
        self, credit_card_account_id: str, user_id: str, requested_increase_amount: int
    ) -> str:
        need((), credit_card_account_id, user_id, requested_increase_amount is not None)
        increase = whole_dollars(requested_increase_amount)
        own_card(self.bank, credit_card_account_id, user_id)
        key = request_id(credit_card_account_id, user_id, increase)
        request = {
            "request_id": key,
            "credit_card_account_id": credit_card_account_id,
            "user_id": user_id,
            "requested_increase_amount": increase,
            "submitted_at": TODAY,
            "status": "PENDING",
        }
        if not self.bank.add("credit_limit_increase_requests", key, request):
            raise Refusal("A similar request may already exist.")
        return (
            "Credit limit increase request submitted successfully.\n\n"
            "Executed: submit_credit_limit_increase_request_7392\n"
            f"  - Request ID: {key}\n"
            f"  - Account: {credit_card_account_id}\n"
            f"  - Requested Increase: ${increase:,}\n"
            "  - Status: PENDING"
        )

    @discoverable("read")
    def get_payment_history_6183(self, credit_card_account_id: str, months: int) -> str:
        need(("credit_card_account_id", "months"), credit_card_account_id, months is not None)
        try:
            count = int(months)
        except (TypeError, ValueError):
            raise Refusal("Invalid months value. Must be a positive integer.") from None
        if count <= 0:
            raise Refusal("months must be a positive integer.")
        found = self.bank.where("payment_history", credit_card_account_id=credit_card_account_id)
        if not found:
            return f"No payment history found for account '{credit_card_account_id}'."
        payments = sorted(
            (payment for _, payment in found),
            key=lambda payment: payment.get("payment_date") or "",
            reverse=True,
        )[:count]
        late = (n for n, paid in enumerate(payments) if paid.get("status") != "ON_TIME")
        lines = [
            f"Payment history for account '{credit_card_account_id}' (last {count} months):",
            f"Consecutive on-time payments: {next(late, len(payments))}",
        ]
        for payment in payments:
            lines.append(
                f"\n  - Payment Date: {payment.get('payment_date')}\n"
                f"    Amount: {payment.get('amount')}\n"
                f"    Status: {payment.get('status')}"
            )
        return "\n".join(lines)

    @discoverable("write")
    def approve_credit_limit_increase_5847(
        self, credit_card_account_id: str, user_id: str, new_credit_limit: int
    ) -> str:
        need((), credit_card_account_id, user_id, new_credit_limit is not None)
        card = own_card(self.bank, credit_card_account_id, user_id)
        if not self._may_rise(card, credit_card_account_id, user_id):
            raise Refusal("Credit limit increase request cannot be approved at this time.")
        old = amount_or_zero(card.get("credit_limit", "$0.00"))
        new = float(new_credit_limit)
        self.bank.put("credit_card_accounts", credit_card_account_id, credit_limit=dollars(new))
        key = request_id(credit_card_account_id, user_id, new - old)
        approval = {
            "request_id": key,
            "credit_card_account_id": credit_card_account_id,
            "user_id": user_id,
            "previous_limit": dollars(old),
            "new_limit": dollars(new),
            "increase_amount": dollars(new - old),
            "decision_date": TODAY,
            "status": "APPROVED",
        }
        self.bank.add("credit_limit_increase_requests", key, approval)
        return (
            "Credit limit increase approved!\n"
            f"  - Account: {credit_card_account_id}\n"
            f"  - Previous Limit: {dollars(old)}\n"
            f"  - New Limit: {dollars(new)}\n"
            f"  - Increase: {dollars(new - old)}\n"
            f"  - Effective Date: {TODAY}\n"
            "The customer will receive a confirmation email."
        )

    def _may_rise(self, card: Json, account_id: Any, user_id: Any) -> bool:
        """Say whether nothing stands against a higher limit: disputes, replacements, standing."""
        disputes = self.bank.where("transaction_disputes", user_id=user_id)
        if any(dispute.get("status") in OPEN_DISPUTE for _, dispute in disputes):
            return False
        orders = self.bank.where("credit_card_orders", credit_card_account_id=account_id)
        if any(order.get("status") in OPEN_ORDER for _, order in orders):
            return False
        return card.get("account_status", "").upper() not in BAD_STANDING

    @discoverable("write")
    def deny_credit_limit_increase_5848(
        self, credit_card_account_id: str, user_id: str, denial_reason: str
    ) -> str:
        need((), credit_card_account_id, user_id, denial_reason)
        if denial_reason not in DENIAL_REASONS:
            allowed = ", ".join(DENIAL_REASONS)
            raise Refusal(f"Invalid denial_reason. Must be one of: {allowed}")
        if self.bank.find("credit_card_accounts", credit_card_account_id) is None:
            raise Refusal(f"Credit card account '{credit_card_account_id}' not found.")
        key = request_id(credit_card_account_id, user_id, 0.0)
        denial = {
            "request_id": key,
            "credit_card_account_id": credit_card_account_id,
            "user_id": user_id,
            "denial_reason": denial_reason,
            "decision_date": TODAY,
            "status": "DENIED",
        }
        self.bank.add("credit_limit_increase_requests", key, denial)
        return (
            "Credit limit increase request denied.\n"
            f"  - Account: {credit_card_account_id}\n"
            f"  - Denial Reason: {denial_reason}\n"
            f"  - Date: {TODAY}\n"
            "The customer will receive a notification explaining the denial."
        )
