"""What the customer can do once the agent has given the tool: dispute, refer, look, deposit."""

from __future__ import annotations

import hashlib
from typing import Any

from evaluators.tau2.worlds.banking_credit_cards import executed
from evaluators.tau2.worlds.banking_discovery import Refusal, discoverable, positive
from evaluators.tau2.worlds.banking_disputes import dispute_id
from evaluators.tau2.worlds.banking_ids import TODAY, call_id, digest
from evaluators.tau2.worlds.banking_money import balance_of, dollars
from evaluators.tau2.worlds.banking_query import empty, lookup
from evaluators.tau2.worlds.banking_tables import Bank
from evaluators.tau2.worlds.store import Json

OWNER = "KnowledgeUserTools"


def referral(key: str, user_id: Any, account_type: Any) -> Json:
    return {
        "referral_id": key,
        "referrer_id": user_id,
        "referred_account_type": account_type,
        "referral_status": "NO_PROGRESS",
        "date": TODAY,
    }


class GivenTools:
    """The unlisted tools, mixed into the customer's toolkit. Each call is logged first."""

    bank: Bank

    def _begin(self, name: str, **arguments: Any) -> Json:
        """Refuse a tool the agent has not given, and log the call; return its arguments."""
        if "No records found" in lookup(self.bank, "user_discoverable_tools", "tool_name", name):
            raise Refusal(
                f"Tool '{name}' has not been given to you by the agent. The agent must first use "
                "`give_discoverable_user_tool` to give this tool to you."
            )
        record = {
            "tool_name": name,
            "arguments": arguments,
            "called_at": TODAY,
            "status": "CALLED",
        }
        self.bank.add("user_discoverable_tool_calls", call_id(name, arguments), record)
        return arguments

    @discoverable("write", OWNER)
    def submit_cash_back_dispute_0589(self, user_id: str, transaction_id: str) -> str:
        name = "submit_cash_back_dispute_0589"
        given = self._begin(name, user_id=user_id, transaction_id=transaction_id)
        key = dispute_id(user_id, transaction_id)
        settings = self.bank.find("task_config", "dispute_settings") or {}
        if settings.get("auto_resolve_disputes", False):
            state = {"status": "RESOLVED", "resolution": "APPROVED"}
            text = (
                "Status: RESOLVED - The dispute has been reviewed and approved. "
                "The transaction rewards need to be updated."
            )
        else:
            state = {"status": "SUBMITTED"}
            text = "Status: SUBMITTED - Your dispute has been queued for review."
        dispute = {"dispute_id": key, **given, "submitted_at": TODAY, **state}
        added = self.bank.add("cash_back_disputes", key, dispute)
        taken = "Note: Dispute may have already been submitted for this transaction."
        return executed(
            "Cash back dispute submitted successfully. Your case has been queued for review.",
            name,
            given,
            f"Dispute ID: {key}\n{text}" if added else taken,
        )

    @discoverable("write", OWNER)
    def get_referral_link(self, user_id: str, card_name: str) -> str:
        given = self._begin("get_referral_link", user_id=user_id, card_name=card_name)
        key = digest(f"referral_link:{user_id}:{card_name}")
        added = self.bank.add("referrals", key, referral(key, user_id, card_name))
        link = f"Referral ID: {key}\nReferral link: https://rhobank.com/refer/{key}"
        taken = "Note: A referral link for this card may have already been generated."
        return executed(
            "Referral link generated successfully. "
            "Share this link with the person you want to refer.",
            "get_referral_link",
            given,
            link if added else taken,
        )

    @discoverable("read", OWNER)
    def get_card_last_4_digits(self, credit_card_account_id: str) -> str:
        name, account_id = "get_card_last_4_digits", credit_card_account_id
        given = self._begin(name, credit_card_account_id=account_id)
        if empty(lookup(self.bank, "credit_card_accounts", "account_id", account_id)):
            raise Refusal(f"Credit card account '{account_id}' not found.")
        seed = f"card_last4:{account_id}"
        digits = [c for c in hashlib.sha256(seed.encode()).hexdigest() if c.isdigit()]
        last = "".join(digits[:4]).ljust(4, "0")
        done = "Card information retrieved successfully."
        return executed(done, name, given, f"Last 4 digits of card: {last}")

    @discoverable("write", OWNER)
    def deposit_check_3847(self, account_id: str, check_amount: float) -> str:
        name = "deposit_check_3847"
        given = self._begin(name, account_id=account_id, check_amount=check_amount)
        amount = positive(
            check_amount,
            f"Invalid check amount '{check_amount}'. Must be a number.",
            "Check amount must be positive.",
        )
        account = self.bank.find("accounts", account_id)
        if account is None:
            raise Refusal(f"Account '{account_id}' not found.")
        if account.get("status") not in ("ACTIVE", "OPEN"):
            raise Refusal(f"Account '{account_id}' is not active.")
        before = balance_of(account)
        after = dollars(before + amount)
        self.bank.put("accounts", account_id, current_holdings=after)
        return executed(
            "Check deposited successfully. "
            "Funds will be available according to your account's deposit policy.",
            name,
            given,
            "Check deposit processed!",
            f"  - Account: {account_id}",
            f"  - Check Amount: {dollars(amount)}",
            f"  - Previous Balance: {dollars(before)}",
            f"  - New Balance: {after}",
        )
