"""Unlisted tools that move money: card payments, transfers, credits to accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluators.tau2.worlds.banking_credit_limits import own_card
from evaluators.tau2.worlds.banking_discovery import Refusal, discoverable, need, one_of, positive
from evaluators.tau2.worlds.banking_ids import TODAY, digest
from evaluators.tau2.worlds.banking_money import amount_or_zero, balance_of, dollars
from evaluators.tau2.worlds.banking_tables import Bank
from evaluators.tau2.worlds.store import Json

IN_USE = ("ACTIVE", "OPEN")


@dataclass(frozen=True)
class CreditRule:
    """What distinguishes a credit to a checking account from one to a savings account."""

    kind: str
    classes: tuple[str, ...]
    wrong_class: str
    mark: str  # before the new holdings
    texts: Mapping[str, str]


CHECKING = CreditRule(
    "checking",
    ("checking",),
    "is not a checking account. Credits can only be applied to checking accounts.",
    "$",
    {
        "rebate_credit": "REBATE CREDIT - CUSTOMER SERVICE",
        "fee_refund": "FEE REFUND - CUSTOMER SERVICE",
    },
)
SAVINGS = CreditRule(
    "savings",
    ("saving", "savings"),
    "is not a savings account. This tool only applies to savings accounts.",
    "",
    {
        "interest_correction": "INTEREST CORRECTION - CUSTOMER SERVICE",
        "fee_refund": "FEE REFUND - CUSTOMER SERVICE",
        "goodwill_credit": "GOODWILL CREDIT - CUSTOMER SERVICE",
    },
)


class PaymentTools:
    """Mixed into the agent's toolkit."""

    bank: Bank

    @discoverable("write")
    def pay_credit_card_from_checking_9182(
        self, user_id: str, checking_account_id: str, credit_card_account_id: str, amount: float
    ) -> str:
        names = ("user_id", "checking_account_id", "credit_card_account_id", "amount")
        need(names, user_id, checking_account_id, credit_card_account_id, amount is not None)
        paid = positive(
            amount,
            "Invalid payment amount. Must be a positive number.",
            "Payment amount must be a positive number.",
        )
        funds = balance_of(self._own_checking(checking_account_id, user_id))
        if paid > funds:
            raise Refusal(
                f"Insufficient funds in checking account. Available balance: {dollars(funds)}, "
                f"requested payment: {dollars(paid)}."
            )
        card = own_card(self.bank, credit_card_account_id, user_id)
        debt = amount_or_zero(card.get("current_balance", "$0.00"))
        if paid > debt:
            raise Refusal(
                f"Payment amount ({dollars(paid)}) exceeds credit card balance "
                f"({dollars(debt)}). Please specify an amount up to the outstanding balance."
            )
        left, still_owed = funds - paid, debt - paid
        self.bank.put("accounts", checking_account_id, current_holdings=f"{left:.2f}")
        self.bank.put(
            "credit_card_accounts", credit_card_account_id, current_balance=dollars(still_owed)
        )
        return (
            "Payment processed successfully!\n"
            f"  - Payment Amount: {dollars(paid)}\n"
            f"  - From Checking Account: {checking_account_id}\n"
            f"  - To Credit Card Account: {credit_card_account_id}\n"
            f"  - New Checking Balance: {dollars(left)}\n"
            f"  - New Credit Card Balance: {dollars(still_owed)}\n"
            "The payment has been applied immediately."
        )

    def _own_checking(self, account_id: Any, user_id: Any) -> Json:
        account = self.bank.find("accounts", account_id)
        if account is None:
            raise Refusal(f"Checking account '{account_id}' not found.")
        if account.get("user_id") != user_id:
            raise Refusal(f"Checking account '{account_id}' does not belong to user '{user_id}'.")
        if account.get("class") != "checking":
            raise Refusal(f"Account '{account_id}' is not a checking account.")
        return account

    @discoverable("write")
    def transfer_funds_between_bank_accounts_7291(
        self, source_account_id: str, destination_account_id: str, amount: float
    ) -> str:
        names = ("source_account_id", "destination_account_id", "amount")
        need(names, source_account_id, destination_account_id, amount is not None)
        moved = positive(
            amount,
            f"Invalid amount '{amount}'. Must be a number.",
            "Transfer amount must be positive.",
        )
        if source_account_id == destination_account_id:
            raise Refusal("Source and destination accounts cannot be the same.")
        sides = (("Source", source_account_id), ("Destination", destination_account_id))
        for side, account_id in sides:
            if self.bank.find("accounts", account_id) is None:
                raise Refusal(f"{side} account '{account_id}' not found.")
        for side, account_id in sides:
            if self.bank.table("accounts")[account_id].get("status") not in IN_USE:
                raise Refusal(f"{side} account '{account_id}' is not active.")
        funds = balance_of(self.bank.table("accounts")[source_account_id])
        if funds < moved:
            raise Refusal(
                f"Insufficient funds. Source account balance is {dollars(funds)}, "
                f"but transfer amount is {dollars(moved)}."
            )
        target = balance_of(self.bank.table("accounts")[destination_account_id])
        left, grown = dollars(funds - moved), dollars(target + moved)
        self.bank.put("accounts", source_account_id, current_holdings=left)
        self.bank.put("accounts", destination_account_id, current_holdings=grown)
        return (
            "Transfer completed successfully!\n"
            f"  - Amount: {dollars(moved)}\n"
            f"  - From: {source_account_id} (new balance: {left})\n"
            f"  - To: {destination_account_id} (new balance: {grown})"
        )

    @discoverable("write")
    def apply_checking_account_credit_5829(
        self, account_id: str, amount: float, credit_type: str
    ) -> str:
        return self._credit(CHECKING, account_id, amount, credit_type)

    @discoverable("write")
    def apply_savings_account_credit_6831(
        self, account_id: str, amount: float, credit_type: str
    ) -> str:
        return self._credit(SAVINGS, account_id, amount, credit_type)

    def _credit(self, rule: CreditRule, account_id: Any, amount: Any, credit_type: Any) -> str:
        need((), account_id, amount is not None, credit_type)
        credit = positive(
            amount,
            "Invalid credit amount. Must be a number.",
            "Credit amount must be positive.",
        )
        one_of("credit_type", credit_type, tuple(rule.texts))
        account = self.bank.find("accounts", account_id)
        if account is None:
            raise Refusal(f"Account '{account_id}' not found.")
        if account.get("class", "").lower() not in rule.classes:
            raise Refusal(f"Account '{account_id}' {rule.wrong_class}")
        if account.get("status") not in IN_USE:
            raise Refusal(f"Account '{account_id}' is not active.")
        before = balance_of(account)
        holdings = f"{rule.mark}{before + credit:.2f}"
        self.bank.put("accounts", account_id, current_holdings=holdings)
        key = self._post(rule, account_id, credit, credit_type)
        return (
            "\nCredit applied successfully!\n"
            f"  - Transaction ID: {key}\n"
            f"  - Account: {account_id}\n"
            f"  - Credit Type: {credit_type}\n"
            f"  - Amount: {dollars(credit)}\n"
            f"  - Previous Balance: {dollars(before)}\n"
            f"  - New Balance: {dollars(before + credit)}"
        )

    def _post(self, rule: CreditRule, account_id: str, credit: float, credit_type: str) -> str:
        """Write the credit's transaction, over an equal one of today, and return its id."""
        seed = f"{rule.kind}_credit:{account_id}:{credit_type}:{credit}:{TODAY}"
        key = f"txn_{digest(seed)}"
        self.bank.store.writable("bank_account_transaction_history")[key] = {
            "transaction_id": key,
            "account_id": account_id,
            "date": TODAY,
            "description": rule.texts[credit_type],
            "amount": credit,
            "type": credit_type,
            "status": "posted",
        }
        return key
