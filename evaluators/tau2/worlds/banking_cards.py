"""Debit cards: finding one, and what proves that the caller holds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluators.tau2.worlds.banking_discovery import Refusal
from evaluators.tau2.worlds.banking_tables import Bank
from evaluators.tau2.worlds.store import Json

UP = "0123456789"
SEQUENTIAL = {run[start : start + 4] for run in (UP, UP[::-1]) for start in range(7)}


def find_card(bank: Bank, card_id: Any) -> Json:
    card = bank.find("debit_cards", card_id)
    if card is None:
        raise Refusal(f"Debit card '{card_id}' not found.")
    return card


def check_linked_account(bank: Bank, card: Mapping[str, Any], then: str) -> None:
    """Refuse if the card's account is known and not open."""
    account_id = card.get("account_id")
    account = bank.find("accounts", account_id) if account_id else None
    if account is not None and account.get("status") != "OPEN":
        raise Refusal(f"The linked checking account '{account_id}' is no longer open. Card {then}.")


def check_last_4(card: Mapping[str, Any], digits: Any) -> None:
    if card.get("last_4_digits") != digits:
        raise Refusal("Card verification failed. The last 4 digits do not match our records.")


def check_digits(name: str, value: Any, length: int) -> None:
    """Refuse a text that is not so many digits; raises AttributeError on anything else."""
    if not value.isdigit() or len(value) != length:
        raise Refusal(f"{name} must be exactly {length} digits.")


def check_pin(pin: Any) -> None:
    """Refuse a PIN that is not four digits, or that is easily guessed."""
    check_digits("PIN", pin, 4)
    if pin in SEQUENTIAL:
        raise Refusal("PIN cannot be sequential (e.g., 1234). Please choose a more secure PIN.")
    if len(set(pin)) == 1:
        raise Refusal(
            "PIN cannot be all the same digit (e.g., 1111). Please choose a more secure PIN."
        )
