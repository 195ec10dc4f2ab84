"""Unlisted tools for a debit card's life: activation and closure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluators.tau2.worlds.banking_cards import (
    check_digits,
    check_last_4,
    check_linked_account,
    check_pin,
    find_card,
)
from evaluators.tau2.worlds.banking_credit_cards import titled
from evaluators.tau2.worlds.banking_discovery import Refusal, discoverable, one_of
from evaluators.tau2.worlds.banking_ids import TODAY
from evaluators.tau2.worlds.banking_tables import Bank
from evaluators.tau2.worlds.store import Json

CLOSURE_REASONS = (
    "lost",
    "stolen",
    "fraud_suspected",
    "damaged",
    "no_longer_needed",
    "account_closing",
)
SECURITY_REASONS = ("lost", "stolen", "fraud_suspected")
FIRST = ("new_account", "first_card")
REPLACEMENT = ("lost", "stolen", "fraud")
REISSUE = ("expired", "damaged", "upgrade", "bank_reissue")
TOOL_OF_REASON = {
    **dict.fromkeys(FIRST, "activate_debit_card_8291"),
    **dict.fromkeys(REPLACEMENT, "activate_debit_card_8292"),
    **dict.fromkeys(REISSUE, "activate_debit_card_8293"),
}


@dataclass(frozen=True)
class Details:
    """What a customer reads off a card to activate it."""

    card_id: Any
    last_4_digits: Any
    expiration_date: Any
    cvv: Any
    pin: Any


def check_activation(bank: Bank, details: Details, reasons: tuple[str, ...], tool: str) -> Json:
    """Return the card to activate, or refuse."""
    values = (details.card_id, details.last_4_digits, details.expiration_date)
    if not all((*values, details.cvv, details.pin)):
        raise Refusal(
            "Missing required parameters. "
            "Required: card_id, last_4_digits, expiration_date, cvv, pin."
        )
    check_pin(details.pin)
    check_digits("CVV", details.cvv, 3)
    check_digits("Last 4 digits", details.last_4_digits, 4)
    card_id, card = details.card_id, find_card(bank, details.card_id)
    reason = card.get("issue_reason", "new_account")
    if reason not in reasons:
        raise Refusal(
            f"Wrong activation tool. This card has issue_reason='{reason}'. "
            f"Please use {TOOL_OF_REASON.get(reason, 'unknown')} instead of {tool}."
        )
    status = card.get("status")
    if status == "ACTIVE":
        raise Refusal(f"Debit card '{card_id}' is already active.")
    if status != "PENDING":
        raise Refusal(
            f"Debit card '{card_id}' cannot be activated. Current status: {status}. "
            "Only PENDING cards can be activated."
        )
    check_last_4(card, details.last_4_digits)
    check_linked_account(bank, card, "cannot be activated")
    return card


class DebitCardTools:
    """Mixed into the agent's toolkit."""

    bank: Bank

    def _activate(self, card: Json, card_id: str, retired: Mapping[str, Any]) -> str:
        """Activate a card, write `retired` to the account's other active ones and name those."""
        self.bank.put("debit_cards", card_id, status="ACTIVE", activated_date=TODAY)
        others = [
            other_id
            for other_id, other in self.bank.where("debit_cards", status="ACTIVE")
            if other_id != card_id and other.get("account_id") == card.get("account_id")
        ]
        for other_id in others:
            self.bank.put("debit_cards", other_id, **retired)
        return ", ".join(others)

    @discoverable("write")
    def activate_debit_card_8291(
        self, card_id: str, last_4_digits: str, expiration_date: str, cvv: str, pin: str
    ) -> str:
        details = Details(card_id, last_4_digits, expiration_date, cvv, pin)
        card = check_activation(self.bank, details, FIRST, "activate_debit_card_8291")
        retired = {
            "status": "DEACTIVATED",
            "deactivated_date": TODAY,
            "deactivation_reason": "New card activated",
        }
        others = self._activate(card, card_id, retired)
        lines = [
            "New Debit Card Activation Successful",
            f"Card ID: {card_id}",
            "Status: ACTIVE",
            f"Activation Date: {TODAY}",
            "",
            "Your card is now ready to use at any ATM or point of sale terminal.",
            "For security, please sign the back of your card.",
        ]
        if others:
            lines.append(f"\nNote: Previous card(s) have been deactivated: {others}")
        return "\n".join(lines)

    @discoverable("write")
    def activate_debit_card_8292(
        self, card_id: str, last_4_digits: str, expiration_date: str, cvv: str, pin: str
    ) -> str:
        details = Details(card_id, last_4_digits, expiration_date, cvv, pin)
        card = check_activation(self.bank, details, REPLACEMENT, "activate_debit_card_8292")
        reason = card.get("issue_reason", "lost")
        retired = {
            "status": "DEACTIVATED",
            "deactivated_date": TODAY,
            "deactivation_reason": f"Replacement card activated ({reason})",
        }
        others = self._activate(card, card_id, retired)
        lines = [
            "Replacement Debit Card Activation Successful",
            f"Card ID: {card_id}",
            f"Replacement Reason: {titled(reason)}",
            "Status: ACTIVE",
            f"Activation Date: {TODAY}",
            "",
            "Your replacement card is now ready to use.",
            "",
            "IMPORTANT SECURITY REMINDERS:",
            "- Please review your recent transactions for any unauthorized charges",
            "- Report any suspicious activity immediately",
        ]
        if reason == "fraud":
            lines.append(
                "- Since fraud was suspected, we recommend changing your online banking password"
            )
        if others:
            lines.append(f"\nPrevious card(s) have been deactivated for security: {others}")
        return "\n".join(lines)

    @discoverable("write")
    def activate_debit_card_8293(
        self, card_id: str, last_4_digits: str, expiration_date: str, cvv: str, pin: str
    ) -> str:
        details = Details(card_id, last_4_digits, expiration_date, cvv, pin)
        card = check_activation(self.bank, details, REISSUE, "activate_debit_card_8293")
        reason = card.get("issue_reason", "expired")
        retired = {
            "status": "GRACE_PERIOD",
            "grace_period_ends": TODAY,
            "deactivation_reason": f"Reissued card activated ({reason})",
        }
        others = self._activate(card, card_id, retired)
        lines = [
            "Reissued Debit Card Activation Successful",
            f"Card ID: {card_id}",
            f"Reissue Reason: {titled(reason)}",
            "Status: ACTIVE",
            f"Activation Date: {TODAY}",
            "",
            "Your reissued card is now ready to use.",
        ]
        if others:
            lines += [
                f"\nNote: Your previous card(s) ({others}) will remain active "
                "for 24 hours as a grace period.",
                "After 24 hours, the old card(s) will be automatically deactivated.",
            ]
        if reason in ("expired", "bank_reissue"):
            lines.append(
                "\nReminder: If your card number changed, please update any recurring "
                "payments with your new card details."
            )
        return "\n".join(lines)

    @discoverable("write")
    def close_debit_card_4721(self, card_id: str, reason: str) -> str:
        if not card_id or not reason:
            raise Refusal("Missing required parameters. Required: card_id, reason.")
        one_of("reason", reason.lower(), CLOSURE_REASONS)
        reason = reason.lower()
        before = find_card(self.bank, card_id).get("status")
        if before not in ("ACTIVE", "PENDING"):
            raise Refusal(
                f"Debit card '{card_id}' cannot be closed. Current status: {before}. "
                "Only ACTIVE or PENDING cards can be closed."
            )
        self.bank.put(
            "debit_cards", card_id, status="CLOSED", closed_date=TODAY, closure_reason=reason
        )
        return "\n".join(closure_receipt(card_id, before, reason))


def closure_receipt(card_id: str, before: str, reason: str) -> list[str]:
    """Write what the agent is told of a closed card."""
    lines = [
        "Debit Card Closed Successfully",
        f"Card ID: {card_id}",
        f"Previous Status: {before}",
        "New Status: CLOSED",
        f"Closure Reason: {titled(reason)}",
        f"Closure Date: {TODAY}",
        "",
    ]
    if reason in SECURITY_REASONS:
        lines += [
            "IMPORTANT: This card has been immediately deactivated for security.",
            "Any pending transactions may still be processed.",
        ]
    if reason == "fraud_suspected":
        lines += [
            "Please advise the customer to review recent transactions "
            "and file disputes for any unauthorized charges.",
            "Also recommend changing their online banking password.",
        ]
    return [
        *lines,
        "",
        "Note: This card cannot be reactivated. If the customer needs a new card, "
        "they can order one through the standard ordering process.",
        "Any recurring payments linked to this card will need to be updated "
        "with new payment information.",
    ]
