"""Paying in the airline domain: bookings from several methods, changes from one."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.tau2.worlds.airline_records import Payment
from evaluators.tau2.worlds.store import Json, Store


def check_payments(methods: Json, payments: Sequence[Payment], total: int) -> None:
    """Raise unless every method is the user's, holds the money, and the sum is the price."""
    for payment in payments:
        if payment.payment_id not in methods:
            raise ValueError(f"Payment method {payment.payment_id} not found")
        method = methods[payment.payment_id]
        holds_money = method["source"] in ("gift_card", "certificate")
        if holds_money and method["amount"] < payment.amount:
            raise ValueError(f"Not enough balance in payment method {payment.payment_id}")
    paid = sum(payment.amount for payment in payments)
    if paid != total:
        raise ValueError(f"Payment amount does not add up, total price is {total}, but paid {paid}")


def deduct(methods: Json, payments: Sequence[Payment]) -> None:
    """Take the money. A certificate named twice fails here, after the first was used up."""
    for payment in payments:
        method = methods[payment.payment_id]
        if method["source"] == "gift_card":
            method["amount"] -= payment.amount
        elif method["source"] == "certificate":
            methods.pop(payment.payment_id)


def charge(store: Store, reservation_id: str, payment_id: str, price: int) -> Json:
    """Pay for a change, or be paid back, and return the reservation, which is to be written.

    The gift card is charged before the payment is checked, as in the official tool.
    """
    record: Json = store.record("reservations", reservation_id)
    methods = store.record("users", record["user_id"])["payment_methods"]
    if payment_id not in methods:
        raise ValueError("Payment method not found")
    method = methods[payment_id]
    if method["source"] == "certificate":
        raise ValueError("Certificate cannot be used to update reservation")
    if method["source"] == "gift_card":
        if method["amount"] < price:
            raise ValueError("Gift card balance is not enough")
        method["amount"] -= price
    if price != 0:
        payment = Payment(payment_id=payment_id, amount=price)
        record["payment_history"].append(payment.model_dump())
    return record
