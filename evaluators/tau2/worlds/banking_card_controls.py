"""Unlisted tools that switch a debit card's locks: freezing, alerts, PINs, recurring payments."""

from __future__ import annotations

from evaluators.tau2.worlds.banking_cards import (
    check_digits,
    check_last_4,
    check_linked_account,
    check_pin,
    find_card,
)
from evaluators.tau2.worlds.banking_discovery import Refusal, discoverable
from evaluators.tau2.worlds.banking_ids import TODAY
from evaluators.tau2.worlds.banking_tables import Bank

CLEARANCES = ("customer_verified", "velocity_clear")
BANK_ALERT = (
    "BANK_INITIATED_ALERT - This fraud alert was initiated by the bank's fraud detection system "
    "and cannot be cleared by customer service agents. Please transfer the customer to the "
    "security team using transfer_to_human_agents."
)
PIN_NOTES = (
    "Customer can use the new PIN for ATM withdrawals and point-of-sale transactions.",
    "",
    "Security reminder: Never share your PIN with anyone.",
)


class CardControlTools:
    """Mixed into the agent's toolkit."""

    bank: Bank

    @discoverable("write")
    def set_debit_card_recurring_block_7382(self, card_id: str, block_recurring: bool) -> str:
        if not card_id:
            raise Refusal("Missing required parameter: card_id")
        status = find_card(self.bank, card_id).get("status", "").upper()
        if status != "ACTIVE":
            raise Refusal(
                "Cannot update recurring block settings for a card with status "
                f"'{status}'. Card must be ACTIVE."
            )
        self.bank.put("debit_cards", card_id, recurring_blocked=block_recurring)
        if block_recurring:
            return (
                f"Recurring payments BLOCKED for debit card {card_id}.\n"
                "All recurring/subscription charges will be declined.\n"
                "One-time purchases are not affected.\n"
                "This change takes effect within 24 hours."
            )
        return (
            f"Recurring payments UNBLOCKED for debit card {card_id}.\n"
            "Recurring/subscription charges will now be allowed.\n"
            "This change takes effect within 24 hours."
        )

    @discoverable("write")
    def freeze_debit_card_3892(self, card_id: str) -> str:
        status = self._status(card_id)
        if status == "FROZEN":
            raise Refusal(f"Debit card '{card_id}' is already frozen.")
        if status != "ACTIVE":
            raise Refusal(
                f"Debit card '{card_id}' cannot be frozen. Current status: {status}. "
                "Only ACTIVE cards can be frozen."
            )
        self.bank.put("debit_cards", card_id, status="FROZEN", frozen_date=TODAY)
        return "\n".join(
            [
                "Debit Card Frozen Successfully",
                f"Card ID: {card_id}",
                "Status: FROZEN",
                f"Frozen Date: {TODAY}",
                "",
                "While frozen:",
                "- All new purchase transactions will be declined",
                "- Recurring payments and subscriptions will be declined",
                "- Pending transactions already authorized may still process",
                "",
                "To unfreeze, the customer can call customer service or use the mobile app.",
                "If the card is confirmed lost or stolen, "
                "recommend closing the card permanently instead.",
            ]
        )

    @discoverable("write")
    def unfreeze_debit_card_3893(self, card_id: str) -> str:
        status = self._status(card_id)
        if status == "ACTIVE":
            raise Refusal(f"Debit card '{card_id}' is already active.")
        if status != "FROZEN":
            raise Refusal(
                f"Debit card '{card_id}' cannot be unfrozen. Current status: {status}. "
                "Only FROZEN cards can be unfrozen."
            )
        check_linked_account(self.bank, find_card(self.bank, card_id), "cannot be unfrozen")
        self.bank.put("debit_cards", card_id, status="ACTIVE", unfrozen_date=TODAY)
        return "\n".join(
            [
                "Debit Card Unfrozen Successfully",
                f"Card ID: {card_id}",
                "Status: ACTIVE",
                f"Unfrozen Date: {TODAY}",
                "",
                "The card is now active and ready to use immediately.",
                "All transactions will process normally.",
            ]
        )

    def _status(self, card_id: str) -> object:
        if not card_id:
            raise Refusal("Missing required parameter: card_id.")
        return find_card(self.bank, card_id).get("status")

    @discoverable("write")
    def clear_debit_card_fraud_alert_4892(self, card_id: str, reason: str) -> str:
        for name, value in (("card_id", card_id), ("reason", reason)):
            if not value:
                raise Refusal(f"Missing required parameter: {name}.")
        if reason not in CLEARANCES:
            raise Refusal(f"Invalid reason '{reason}'. Must be one of: {', '.join(CLEARANCES)}")
        card = find_card(self.bank, card_id)
        if reason == "velocity_clear":
            return self._clear_velocity(card_id, card.get("velocity_blocked", False))
        if not card.get("fraud_alert_active", False):
            raise Refusal(f"Debit card '{card_id}' does not have an active fraud alert.")
        if card.get("alert_source") == "bank_initiated":
            raise Refusal(BANK_ALERT)
        cleared = {"fraud_alert_active": False, "alert_source": None}
        self.bank.put("debit_cards", card_id, **cleared, fraud_alert_cleared_date=TODAY)
        return "\n".join(
            [
                "Fraud Alert Cleared Successfully",
                f"Card ID: {card_id}",
                f"Cleared Date: {TODAY}",
                "",
                "The fraud alert has been removed from the card.",
                "All transactions will process normally.",
                "",
                "Remind the customer to review recent transactions "
                "and report any unauthorized charges.",
            ]
        )

    def _clear_velocity(self, card_id: str, blocked: bool) -> str:
        if not blocked:
            raise Refusal(f"Debit card '{card_id}' does not have an active velocity block.")
        self.bank.put("debit_cards", card_id, velocity_blocked=False, velocity_cleared_date=TODAY)
        return "\n".join(
            [
                "Velocity Block Cleared Successfully",
                f"Card ID: {card_id}",
                f"Cleared Date: {TODAY}",
                "",
                "The card is now unblocked and ready for normal use.",
                "The velocity monitoring will continue - if the same unusual patterns recur,",
                "the card may be blocked again automatically.",
            ]
        )

    @discoverable("write")
    def reset_debit_card_pin_6284(self, card_id: str, last_4_digits: str, new_pin: str) -> str:
        if not all([card_id, last_4_digits, new_pin]):
            raise Refusal("Missing required parameters. Required: card_id, last_4_digits, new_pin.")
        check_digits("Last 4 digits", last_4_digits, 4)
        check_pin(new_pin)
        card = find_card(self.bank, card_id)
        check_last_4(card, last_4_digits)
        if card.get("status") != "ACTIVE":
            raise Refusal(
                f"Cannot reset PIN. Card status is {card.get('status')}. "
                "Only ACTIVE cards can have their PIN reset."
            )
        self.bank.put(
            "debit_cards",
            card_id,
            pin_last_changed=TODAY,
            pin_locked=False,
            pin_attempts_remaining=3,
        )
        return "\n".join(
            [
                "Debit Card PIN Reset Successfully",
                f"Card ID: {card_id}",
                f"PIN Changed: {TODAY}",
                "",
                "The new PIN is effective immediately.",
                "Your card has been unlocked and is ready to use.",
                *PIN_NOTES,
            ]
        )

    @discoverable("write")
    def change_debit_card_pin_6285(self, card_id: str, current_pin: str, new_pin: str) -> str:
        if not all([card_id, current_pin, new_pin]):
            raise Refusal("Missing required parameters. Required: card_id, current_pin, new_pin.")
        check_digits("Current PIN", current_pin, 4)
        check_pin(new_pin)
        if current_pin == new_pin:
            raise Refusal("New PIN must be different from current PIN.")
        status = find_card(self.bank, card_id).get("status")
        if status != "ACTIVE":
            raise Refusal(
                f"Cannot change PIN. Card status is {status}. "
                "Only ACTIVE cards can have their PIN changed."
            )
        self.bank.put("debit_cards", card_id, pin_last_changed=TODAY)
        return "\n".join(
            [
                "Debit Card PIN Changed Successfully",
                f"Card ID: {card_id}",
                f"PIN Changed: {TODAY}",
                "",
                "The new PIN is effective immediately.",
                *PIN_NOTES,
            ]
        )
