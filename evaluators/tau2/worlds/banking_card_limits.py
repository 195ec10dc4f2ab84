"""Unlisted tools that list an account's debit cards and raise a card's daily limits for a day."""

from __future__ import annotations

import json
from typing import Any

from evaluators.tau2.worlds.banking_accounts import age_days
from evaluators.tau2.worlds.banking_cards import find_card
from evaluators.tau2.worlds.banking_discovery import Refusal, discoverable
from evaluators.tau2.worlds.banking_ids import TODAY
from evaluators.tau2.worlds.banking_tables import Bank
from evaluators.tau2.worlds.store import Json

ATM_LIMITS = {
    "blue account": 500,
    "green account": 600,
    "light blue account": 400,
    "green fee-free account": 500,
    "evergreen account": 750,
    "bluest account": 1500,
    "dark green account": 300,
    "gold years account": 600,
    "purple account": 1000,
}
TEEN_LIMIT = (
    "Light Green Account (teen checking) cards have policy-based limits that cannot be modified. "
    "The daily ATM withdrawal limit of $150 is fixed by account policy for safety reasons. The "
    "customer may request the parent/guardian to withdraw cash from their own account if needed."
)
NAMES = {"atm": "Daily ATM Withdrawal Limit", "purchase": "Daily Purchase Limit"}


def listed_card(card_id: str, card: Json) -> Json:
    """Write a card as the listing shows it, with the field names of newer cards."""
    shown = {"card_id": card_id, **card}
    for old, new in (("last_4_digits", "card_number_last_4"), ("issue_date", "date_issued")):
        if old in shown and new not in shown:
            shown[new] = shown.pop(old)
    if "issue_date" not in card and "created_date" in shown and "date_issued" not in shown:
        shown["date_issued"] = shown.pop("created_date")
    return shown


class CardLimitTools:
    """Mixed into the agent's toolkit."""

    bank: Bank

    @discoverable("read")
    def get_debit_cards_by_account_id_7823(self, account_id: str) -> str:
        if not account_id:
            raise Refusal("Missing required parameter 'account_id'.")
        account = self.bank.find("accounts", account_id)
        if account is None:
            raise Refusal(f"Account '{account_id}' not found.")
        if account.get("class", "").lower() not in ("checking", "business_checking"):
            raise Refusal(
                f"Account '{account_id}' is not a checking account. "
                "Debit cards are only available for checking accounts."
            )
        cards = [listed_card(*row) for row in self.bank.where("debit_cards", account_id=account_id)]
        if not cards:
            return f"No debit cards found for account '{account_id}'."
        cards.sort(key=lambda card: card.get("date_issued") or "", reverse=True)
        return json.dumps(cards, indent=2)

    @discoverable("write")
    def request_temporary_debit_card_limit_increase_8374(
        self, card_id: str, limit_type: str, new_limit: int
    ) -> str:
        limit = asked_limit(card_id, limit_type, new_limit)
        card = find_card(self.bank, card_id)
        if card.get("status") != "ACTIVE":
            raise Refusal(
                f"Debit card '{card_id}' is not active. Current status: {card.get('status')}. "
                "Only ACTIVE cards can have limit increases."
            )
        account = self._account_in_standing(card_id, card)
        current = current_limit(card, account, limit_type)
        check_increase(limit, current)
        self.bank.put(
            "debit_cards",
            card_id,
            **{
                f"daily_{limit_type}_limit": limit,
                f"temporary_{limit_type}_limit_increase": True,
                f"original_{limit_type}_limit": current,
                f"temporary_{limit_type}_limit_expires": TODAY,
            },
        )
        return "\n".join(
            [
                f"Temporary {NAMES[limit_type]} Increase Granted Successfully",
                f"Card ID: {card_id}",
                f"Previous Limit: ${current}",
                f"New Temporary Limit: ${limit}",
                f"Increase Amount: ${limit - current}",
                "",
                "Important Information:",
                "- This temporary increase expires in 24 hours",
                f"- After expiration, the limit will revert to ${current}",
                "- Only one temporary increase is allowed per 24-hour period",
                "",
                "Note: If the customer is at a third-party (non-Rho-Bank) ATM, "
                "that ATM may have its own",
                "per-transaction or daily limits that Rho-Bank cannot override. "
                "The customer may need to",
                "use a Rho-Bank ATM or make multiple smaller withdrawals at third-party ATMs.",
            ]
        )

    def _account_in_standing(self, card_id: str, card: Json) -> Json:
        """Return the card's account if it is open and sixty days old."""
        account_id = card.get("account_id")
        account = self.bank.find("accounts", account_id) if account_id else None
        if account is None:
            raise Refusal(f"Could not find linked account for debit card '{card_id}'.")
        if account.get("status") != "OPEN":
            raise Refusal(
                f"The linked account '{account_id}' is not in good standing. "
                f"Account status: {account.get('status')}."
            )
        try:
            age = age_days(account["date_opened"]) if account.get("date_opened") else 60
        except ValueError:
            age = 60
        if age < 60:
            raise Refusal(
                "Account must be at least 60 days old for a temporary limit increase. "
                f"Account age: {age} days."
            )
        return account


def asked_limit(card_id: Any, limit_type: Any, new_limit: Any) -> int:
    """Check the arguments of a raise and return the limit asked for."""
    for name, value in (("card_id", card_id), ("limit_type", limit_type)):
        if not value:
            raise Refusal(f"Missing required parameter: {name}.")
    if limit_type not in tuple(NAMES):
        raise Refusal(f"Invalid limit_type '{limit_type}'. Must be 'atm' or 'purchase'.")
    if new_limit is None:
        raise Refusal("Missing required parameter: new_limit.")
    try:
        limit = float(new_limit)
    except (TypeError, ValueError):
        raise Refusal(f"new_limit must be an integer, got '{new_limit}'.") from None
    if not limit.is_integer():
        raise Refusal(f"new_limit must be an integer, got '{limit}'.")
    if limit <= 0:
        raise Refusal("new_limit must be a positive amount.")
    return int(limit)


def current_limit(card: Json, account: Json, limit_type: str) -> Any:
    """Return the card's limit, or the one its account type gives it, or refuse."""
    current = card.get(f"daily_{limit_type}_limit")
    if current is None and limit_type == "atm":
        level = account.get("level", "").lower()
        if "light green" in level:
            raise Refusal(TEEN_LIMIT)
        current = ATM_LIMITS.get(level)
        if current is None:
            raise Refusal(
                "Could not determine the default ATM limit for account type "
                f"'{account.get('level')}'. Please verify the account type."
            )
    if current is None:
        raise Refusal(
            f"The card does not have a {NAMES[limit_type].lower()} configured. This may be a "
            "restricted account type where limits are set by account policy and cannot be modified."
        )
    return current


def check_increase(limit: int, current: Any) -> None:
    """Refuse a raise that is none, or above half of the current limit."""
    highest = int(current * 1.5)
    if limit > highest:
        raise Refusal(
            f"Requested limit ${limit} exceeds the maximum allowed temporary increase. "
            f"Maximum temporary limit is ${highest} (150% of current ${current} limit)."
        )
    if limit <= current:
        raise Refusal(
            f"Requested limit ${limit} is not higher than the current limit of ${current}."
        )
