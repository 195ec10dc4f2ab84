"""Unlisted tool that orders a debit card: eligibility, fees, and the card that will arrive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evaluators.tau2.worlds.banking_discovery import Refusal, discoverable
from evaluators.tau2.worlds.banking_ids import TODAY, digest, prefixed
from evaluators.tau2.worlds.banking_money import dollars
from evaluators.tau2.worlds.banking_tables import Bank
from evaluators.tau2.worlds.store import Json

DELIVERY = {
    "STANDARD": "7-10 business days",
    "EXPEDITED": "3-5 business days",
    "RUSH": "1-2 business days",
}
DESIGNS = ("CLASSIC", "PREMIUM", "CUSTOM")
LOST_REASONS = {"lost": "lost", "stolen": "stolen", "fraud": "fraud", "fraud_suspected": "fraud"}
EXPIRES = "11/30/2029"  # the end of the month of issue, four years on
TAKES = (
    "account_id", "user_id", "delivery_option", "delivery_fee", "card_design", "design_fee",
    "shipping_address",
)  # fmt: skip
KINDS = dict.fromkeys(("delivery_fee", "design_fee", "excess_replacement_fee"), "float")


@dataclass(frozen=True)
class Fees:
    """What a card costs, in dollars."""

    delivery: float
    design: float
    excess: float

    @property
    def total(self) -> float:
        return self.delivery + self.design + self.excess

    def parts(self, mark: str) -> str:
        """List the fees that are charged; `mark` stands between name and amount."""
        named = (
            ("Delivery", self.delivery, f"{self.delivery}"),
            ("Design", self.design, f"{self.design}"),
            ("Excess Replacement", self.excess, f"{self.excess:.0f}"),
        )
        return ", ".join(f"{name}{mark} ${text}" for name, fee, text in named if fee > 0)


def fee(name: str, value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        raise Refusal(f"{name} must be a number.") from None


def excess_fee(value: Any) -> float:
    try:
        return float(value or 0)
    except (TypeError, ValueError):
        return 0


def choice(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """Return a choice in capitals, or refuse; raises AttributeError on what is no text."""
    text: str = value.upper()
    if text not in allowed:
        raise Refusal(f"Invalid {name}. Must be one of: {list(allowed)}")
    return text


def funds_of(account: Json) -> float:
    """Return what the account holds; 0 where the text has a currency sign, as officially."""
    try:
        return float(str(account.get("current_holdings", "0")).replace(",", ""))
    except ValueError:
        return 0.0


class CardOrderTools:
    """Mixed into the agent's toolkit."""

    bank: Bank

    @discoverable("write", takes=TAKES, optional=("excess_replacement_fee",), kinds=KINDS)
    def order_debit_card_5739(self, given: Json) -> str:
        account_id, user_id = given["account_id"], given["user_id"]
        delivery = fee("delivery_fee", given["delivery_fee"])
        design = fee("design_fee", given["design_fee"])
        excess = excess_fee(given.get("excess_replacement_fee"))
        texts = ("account_id", "user_id", "delivery_option", "card_design", "shipping_address")
        if not all(given[name] for name in texts) or delivery is None or design is None:
            raise Refusal(f"Missing required parameters. Required: {', '.join(TAKES)}.")
        fees = Fees(delivery, design, excess)
        option = choice("delivery_option", given["delivery_option"], tuple(DELIVERY))
        style = choice("card_design", given["card_design"], DESIGNS)
        funds = self._check_order(account_id, user_id, fees)
        key = prefixed("dcord", "debit_card_order", account_id, user_id, option)
        order = {
            "order_id": key,
            "account_id": account_id,
            "user_id": user_id,
            "delivery_option": option,
            "card_design": style,
            "shipping_address": given["shipping_address"],
            "delivery_fee": fees.delivery,
            "design_fee": fees.design,
            "excess_replacement_fee": fees.excess,
            "total_fee": fees.total,
            "order_date": TODAY,
            "expected_delivery": DELIVERY[option],
            "status": "PENDING",
        }
        if not self.bank.add("debit_card_orders", key, order):
            raise Refusal("Failed to create debit card order. Order may already exist.")
        left = self._collect(account_id, key, fees, funds)
        card_id = self._issue(account_id, user_id, style)
        return "\n".join([*confirmation(order, card_id), *bill(account_id, fees, left)])

    def _check_order(self, account_id: Any, user_id: Any, fees: Fees) -> float:
        """Return the funds of an account that may have a new card, or refuse."""
        account = self.bank.find("accounts", account_id)
        if account is None:
            raise Refusal(f"Account '{account_id}' not found.")
        if account.get("class") != "checking":
            raise Refusal(
                "Debit cards can only be ordered for checking accounts. "
                f"Account '{account_id}' is a {account.get('class')} account."
            )
        if account.get("status") != "OPEN":
            raise Refusal(
                f"Account must be OPEN. Account '{account_id}' has status: {account.get('status')}"
            )
        if account.get("user_id") != user_id:
            raise Refusal(f"Account '{account_id}' does not belong to user '{user_id}'.")
        funds = funds_of(account)
        if funds < 25.0:
            raise Refusal(
                f"Account must have a minimum balance of $25. Current balance: {dollars(funds)}"
            )
        if self.bank.where("debit_card_orders", account_id=account_id, status="PENDING"):
            raise Refusal(
                f"There is already a pending debit card order for account '{account_id}'."
            )
        if self.bank.where("debit_cards", account_id=account_id, status="ACTIVE"):
            raise Refusal(
                f"Account '{account_id}' already has an active debit card. "
                "Maximum 1 active card per checking account."
            )
        if fees.total > 0 and funds < fees.total:
            raise Refusal(
                f"Insufficient funds for fees. Total fees: {dollars(fees.total)}. "
                f"Current balance: {dollars(funds)}"
            )
        return funds

    def _collect(self, account_id: str, order_id: str, fees: Fees, funds: float) -> float:
        """Take the fees from the account and post them; return what is left."""
        if not fees.total > 0:
            return funds
        left = funds - fees.total
        self.bank.put("accounts", account_id, current_holdings=f"{left:.2f}")
        key = f"btxn_dcfee_{order_id[-8:]}"
        charge = {
            "transaction_id": key,
            "account_id": account_id,
            "date": TODAY,
            "description": f"DEBIT CARD ORDER FEE - {fees.parts('')}",
            "amount": -fees.total,
            "type": "debit_card_fee",
            "status": "posted",
        }
        self.bank.add("bank_account_transaction_history", key, charge)
        return left

    def _issue(self, account_id: str, user_id: str, style: str) -> str:
        """Add the card that will arrive, with digits that follow from its id; return the id."""
        key = prefixed("dbc", "debit_card", account_id, user_id, TODAY)
        user = self.bank.find("users", user_id) or {}
        card = {
            "card_id": key,
            "account_id": account_id,
            "user_id": user_id,
            "cardholder_name": user.get("name", "CARDHOLDER").upper(),
            "last_4_digits": drawn(f"card_details:{key}:last4", 8, 4),
            "cvv": drawn(f"card_details:{key}:cvv", 6, 3),
            "status": "PENDING",
            "issue_date": TODAY,
            "expiration_date": EXPIRES,
            "card_design": style,
            "issue_reason": self._issue_reason(account_id),
        }
        self.bank.add("debit_cards", key, card)
        return key

    def _issue_reason(self, account_id: str) -> str:
        """Say why a card is issued, from the first closed card of the account."""
        cards = [card for _, card in self.bank.where("debit_cards", account_id=account_id)]
        closed = next((card for card in cards if card.get("status") == "CLOSED"), None)
        if closed is not None:
            return LOST_REASONS.get(closed.get("closure_reason", "first_card"), "first_card")
        return "first_card" if cards else "new_account"


def drawn(seed: str, length: int, count: int) -> str:
    """Draw so many digits from a seed's hash, with zeros in front where it has fewer."""
    return "".join(char for char in digest(seed, length) if char.isdigit())[:count].zfill(count)


def confirmation(order: Json, card_id: str) -> list[str]:
    return [
        "Debit Card Order Confirmed",
        f"Order ID: {order['order_id']}",
        f"Card ID: {card_id}",
        f"Linked Account: {order['account_id']}",
        f"Delivery Option: {order['delivery_option']}",
        f"Card Design: {order['card_design']}",
        f"Shipping Address: {order['shipping_address']}",
        f"Expected Delivery: {order['expected_delivery']}",
        "",
        "Note: Card will arrive with status PENDING. "
        "Customer must call to activate after receiving the card.",
    ]


def bill(account_id: str, fees: Fees, left: float) -> list[str]:
    if not fees.total > 0:
        return ["Total Fees: $0 (No additional charges)"]
    return [
        f"Total Fees: {dollars(fees.total)} ({fees.parts(':')}) - CHARGED to account {account_id}",
        f"New Account Balance: {dollars(left)}",
    ]
