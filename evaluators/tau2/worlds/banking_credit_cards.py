"""Unlisted tools for credit cards: rewards, replacements, credits, flags, closure."""

from __future__ import annotations

import json
from typing import Any

from evaluators.tau2.worlds.banking_discovery import Refusal, discoverable, need, one_of
from evaluators.tau2.worlds.banking_ids import TODAY, prefixed, transaction_id
from evaluators.tau2.worlds.banking_money import dollars
from evaluators.tau2.worlds.banking_query import empty, lookup
from evaluators.tau2.worlds.banking_tables import Bank
from evaluators.tau2.worlds.store import Json

REPLACEMENT_REASONS = ("fraud_suspected", "lost", "stolen", "damaged", "expired", "other")
CLOSURE_REASONS = (
    "annual_fee",
    "not_using_card",
    "found_better_card",
    "unhappy_with_rewards",
    "simplifying_finances",
    "negative_experience",
    "other",
)
CREDIT_REASONS = (
    "goodwill_adjustment",
    "promotional_credit",
    "annual_fee_reversal",
    "late_fee_reversal",
    "interest_charge_reversal",
    "dispute_resolution",
    "price_match",
    "retention_offer",
    "error_correction",
    "other",
)
FLAGS = ("annual_fee_waived", "promotional_apr", "rewards_bonus", "other")
FLAG_REASONS = (
    "retention_offer",
    "loyalty_benefit",
    "promotional",
    "error_correction",
    "other",
)


def titled(word: str) -> str:
    """Write an enumeration value for people: `late_fee` is `Late Fee`."""
    return word.replace("_", " ").title()


def executed(title: str, tool: str, arguments: Json, *lines: str) -> str:
    """Write the answer of a tool that shows what it ran."""
    shown = json.dumps(arguments, indent=2)
    return "\n".join([title, "", f"Executed: {tool}", f"Arguments: {shown}", *lines])


class CreditCardTools:
    """Mixed into the agent's toolkit."""

    bank: Bank

    def _check_card_account(self, account_id: Any) -> None:
        """Refuse an unknown account. An id that breaks the question passes, as officially."""
        if empty(lookup(self.bank, "credit_card_accounts", "account_id", account_id)):
            raise Refusal(f"Credit card account '{account_id}' not found.")

    @discoverable("write")
    def update_transaction_rewards_3847(self, transaction_id: str, new_rewards_earned: str) -> str:
        need((), transaction_id, new_rewards_earned)
        history = "credit_card_transaction_history"
        if self.bank.find(history, transaction_id) is None:
            raise Refusal(f"Transaction '{transaction_id}' not found.")
        self.bank.put(history, transaction_id, rewards_earned=new_rewards_earned)
        return executed(
            "Transaction rewards updated successfully.",
            "update_transaction_rewards_3847",
            {"transaction_id": transaction_id, "new_rewards_earned": new_rewards_earned},
            "Transaction updated:",
            f"  - Transaction ID: {transaction_id}",
            f"  - New Rewards: {new_rewards_earned}",
        )

    @discoverable("write")
    def order_replacement_credit_card_7291(
        self,
        credit_card_account_id: str,
        user_id: str,
        shipping_address: str,
        reason: str,
        expedited_shipping: bool = False,
    ) -> str:
        names = ("credit_card_account_id", "user_id", "shipping_address", "reason")
        need(names, credit_card_account_id, user_id, shipping_address, reason)
        one_of("reason", reason, REPLACEMENT_REASONS)
        self._check_card_account(credit_card_account_id)
        seed = ("credit_card_order", credit_card_account_id, user_id, reason)
        key = prefixed("ccord", *seed)
        order = {
            "order_id": key,
            "credit_card_account_id": credit_card_account_id,
            "user_id": user_id,
            "shipping_address": shipping_address,
            "reason": reason,
            "expedited_shipping": expedited_shipping,
            "order_date": TODAY,
            "status": "ORDERED",
            "old_card_cancelled": True,
        }
        if not self.bank.add("credit_card_orders", key, order):
            raise Refusal("Order may have already been placed for this card replacement.")
        self._close_card(credit_card_account_id)
        method, wait = (
            ("Expedited", "2-3 business days")
            if expedited_shipping
            else ("Standard", "7-10 business days")
        )
        return (
            f"Order ID: {key}\n"
            f"Card Account: {credit_card_account_id}\n"
            f"Reason: {titled(reason)}\n"
            f"Shipping Address: {shipping_address}\n"
            f"Shipping Method: {method}\n"
            f"Expected Delivery: {wait}\n\n"
            "The old card has been cancelled for security. The new card will have the same "
            "account number but a new card number and CVV."
        )

    def _close_card(self, account_id: Any, **fields: Any) -> bool:
        """Close a credit card account filed under this key; False where there is none."""
        if self.bank.find("credit_card_accounts", account_id) is None:
            return False
        closed = {"status": "CLOSED", "closed_date": TODAY, **fields}
        self.bank.put("credit_card_accounts", account_id, **closed)
        return True

    @discoverable("write")
    def log_credit_card_closure_reason_4521(
        self, credit_card_account_id: str, user_id: str, closure_reason: str
    ) -> str:
        need((), credit_card_account_id, user_id, closure_reason)
        one_of("closure_reason", closure_reason, CLOSURE_REASONS)
        given = {
            "credit_card_account_id": credit_card_account_id,
            "user_id": user_id,
            "closure_reason": closure_reason,
        }
        key = prefixed("clsr", "closure_reason", credit_card_account_id, user_id)
        record = {"record_id": key, **given, "logged_at": TODAY, "status": "LOGGED"}
        self.bank.add("credit_card_closure_reasons", key, record)
        return executed(
            "Closure reason logged successfully.",
            "log_credit_card_closure_reason_4521",
            given,
            f"Closure reason '{closure_reason}' logged for account {credit_card_account_id}.",
        )

    @discoverable("write")
    def apply_statement_credit_8472(
        self, user_id: str, credit_card_account_id: str, amount: float, reason: str
    ) -> str:
        names = ("user_id", "credit_card_account_id", "amount", "reason")
        need(names, user_id, credit_card_account_id, amount is not None, reason)
        if amount <= 0:
            raise Refusal("Credit amount must be positive.")
        one_of("reason", reason, CREDIT_REASONS)
        self._check_card_account(credit_card_account_id)
        key = transaction_id(user_id, "STATEMENT_CREDIT", reason, amount, "Statement Credit")
        credit = {
            "transaction_id": key,
            "user_id": user_id,
            "credit_card_account_id": credit_card_account_id,
            "credit_card_type": "N/A",
            "merchant_name": "Rho-Bank Statement Credit",
            "transaction_amount": f"-{dollars(amount)}",
            "transaction_date": TODAY,
            "category": "Statement Credit",
            "status": "COMPLETED",
            "rewards_earned": "0 points",
            "credit_reason": reason,
        }
        if not self.bank.add("credit_card_transaction_history", key, credit):
            raise Refusal(
                f"Failed to apply statement credit. Transaction ID '{key}' may already exist."
            )
        return (
            "Statement credit applied successfully.\n\n"
            "Executed: apply_statement_credit_8472\n"
            f"  - Transaction ID: {key}\n"
            f"  - User ID: {user_id}\n"
            f"  - Account: {credit_card_account_id}\n"
            f"  - Credit Amount: {dollars(amount)}\n"
            f"  - Reason: {titled(reason)}\n"
            f"  - Date: {TODAY}"
        )

    @discoverable("write")
    def apply_credit_card_account_flag_6147(
        self,
        credit_card_account_id: str,
        user_id: str,
        flag_type: str,
        expiration_date: str,
        reason: str,
    ) -> str:
        names = ("credit_card_account_id", "user_id", "flag_type", "expiration_date", "reason")
        need(names, credit_card_account_id, user_id, flag_type, expiration_date, reason)
        one_of("flag_type", flag_type, FLAGS)
        one_of("reason", reason, FLAG_REASONS)
        self._check_card_account(credit_card_account_id)
        seed = ("account_flag", credit_card_account_id, flag_type, expiration_date)
        key = prefixed("ccflag", *seed)
        flag = {
            "flag_id": key,
            "credit_card_account_id": credit_card_account_id,
            "user_id": user_id,
            "flag_type": flag_type,
            "effective_date": TODAY,
            "expiration_date": expiration_date,
            "reason": reason,
            "applied_at": TODAY,
            "status": "ACTIVE",
        }
        if not self.bank.add("credit_card_account_flags", key, flag):
            raise Refusal(f"Failed to apply account flag. Flag ID '{key}' may already exist.")
        return (
            "Account flag applied successfully!\n"
            f"  - Flag ID: {key}\n"
            f"  - Account: {credit_card_account_id}\n"
            f"  - User ID: {user_id}\n"
            f"  - Flag Type: {titled(flag_type)}\n"
            f"  - Effective Date: {TODAY}\n"
            f"  - Expiration Date: {expiration_date}\n"
            f"  - Reason: {titled(reason)}"
        )

    @discoverable("write")
    def close_credit_card_account_7834(self, credit_card_account_id: str, user_id: str) -> str:
        names = ("credit_card_account_id", "user_id")
        need(names, credit_card_account_id, user_id)
        self._check_card_account(credit_card_account_id)
        if not self._close_card(credit_card_account_id, closed_by=user_id):
            raise Refusal(f"Failed to close credit card account '{credit_card_account_id}'.")
        return executed(
            "Credit card account closed successfully.",
            "close_credit_card_account_7834",
            {"credit_card_account_id": credit_card_account_id, "user_id": user_id},
            f"Account {credit_card_account_id} has been closed.",
        )
