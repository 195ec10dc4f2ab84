"""Unlisted tools that only look: disputes, orders, closures, limits, accounts, transactions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from evaluators.tau2.worlds.banking_discovery import Refusal, discoverable
from evaluators.tau2.worlds.banking_query import empty, lookup, numbered
from evaluators.tau2.worlds.banking_tables import Bank
from evaluators.tau2.worlds.store import Json

DATE_FORMATS = ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y")


def require(name: str, value: Any) -> None:
    if not value:
        raise Refusal(f"Missing required parameter: {name}")


def when(transaction: Json) -> datetime:
    """Return the time of a transaction, the earliest one where it has none."""
    text = str(transaction.get("date", ""))
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return datetime.min


class HistoryTools:
    """Mixed into the agent's toolkit."""

    bank: Bank

    def _history(
        self, tool: str, table: str, field: str, value: Any, texts: tuple[str, str, str]
    ) -> str:
        """Answer with a table's records for one id; `texts` are done, heading and none found."""
        require(field, value)
        done, heading, none = texts
        found = lookup(self.bank, table, field, value)
        shown = f"\n{none}" if empty(found) else found
        return "\n".join([done, "", f"Executed: {tool}", f"{heading} {value}:", shown])

    @discoverable("read")
    def get_debit_dispute_status_7483(self, user_id: str) -> str:
        texts = (
            "Debit card dispute history retrieved successfully.",
            "Debit card dispute history for user",
            "No debit card disputes found for this user.",
        )
        name = "get_debit_dispute_status_7483"
        return self._history(name, "debit_card_disputes", "user_id", user_id, texts)

    @discoverable("read")
    def get_user_dispute_history_7291(self, user_id: str) -> str:
        texts = (
            "User transaction dispute history retrieved successfully.",
            "Transaction dispute history for user",
            "No transaction disputes found for this user.",
        )
        name = "get_user_dispute_history_7291"
        return self._history(name, "transaction_disputes", "user_id", user_id, texts)

    @discoverable("read")
    def get_pending_replacement_orders_5765(self, credit_card_account_id: str) -> str:
        texts = (
            "Pending replacement orders check completed.",
            "Replacement orders for credit card account",
            "No pending replacement orders found for this credit card account.",
        )
        return self._history(
            "get_pending_replacement_orders_5765",
            "credit_card_orders",
            "credit_card_account_id",
            credit_card_account_id,
            texts,
        )

    @discoverable("read")
    def get_closure_reason_history_8293(self, credit_card_account_id: str) -> str:
        texts = (
            "Closure reason history retrieved successfully.",
            "Closure reason history for credit card account",
            "No closure reason records found for this credit card account.",
        )
        return self._history(
            "get_closure_reason_history_8293",
            "credit_card_closure_reasons",
            "credit_card_account_id",
            credit_card_account_id,
            texts,
        )

    @discoverable("read")
    def get_credit_limit_increase_history_4829(self, credit_card_account_id: str) -> str:
        texts = (
            "Credit limit increase history retrieved.",
            "Credit limit increase history for account",
            "No credit limit increase requests found for this account.",
        )
        return self._history(
            "get_credit_limit_increase_history_4829",
            "credit_limit_increase_requests",
            "credit_card_account_id",
            credit_card_account_id,
            texts,
        )

    @discoverable("read")
    def get_all_user_accounts_by_user_id_3847(self, user_id: str) -> str:
        require("user_id", user_id)
        accounts = lookup(self.bank, "accounts", "user_id", user_id)
        cards = lookup(self.bank, "credit_card_accounts", "user_id", user_id)
        return "\n".join(
            [
                "User accounts retrieved successfully.",
                "",
                "Executed: get_all_user_accounts_by_user_id_3847",
                f"Accounts for user {user_id}:",
                "",
                "Bank Accounts:",
                "  No bank accounts found." if empty(accounts) else accounts,
                "\nCredit Card Accounts:",
                "  No credit card accounts found." if empty(cards) else cards,
            ]
        )

    @discoverable("read")
    def get_bank_account_transactions_9173(self, account_id: str) -> str:
        require("account_id", account_id)
        if self.bank.find("accounts", account_id) is None:
            raise Refusal(f"Account '{account_id}' not found.")
        table = "bank_account_transaction_history"
        found = self.bank.where(table, account_id=account_id)
        found.sort(key=lambda row: when(row[1]), reverse=True)  # stable: same date, stored order
        return "\n".join(
            [
                "Bank account transactions retrieved successfully.",
                "",
                "Executed: get_bank_account_transactions_9173",
                f"Transactions for account {account_id}:",
                numbered(table, found) if found else "\nNo transactions found for this account.",
            ]
        )
