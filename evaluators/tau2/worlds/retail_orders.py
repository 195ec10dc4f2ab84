"""Orders of the retail domain: looking up, counting items, pricing an exchange."""

from __future__ import annotations

from typing import Any

from evaluators.tau2.worlds.retail_records import OrderPayment
from evaluators.tau2.worlds.store import Json, Store


def find(store: Store, section: str, label: str, key: str) -> Json:
    """Return a record for reading; an absent one is the caller's mistake."""
    if key not in store[section]:
        raise ValueError(f"{label} not found")
    record: Json = store[section][key]
    return record


def people(store: Store, by: str) -> dict[str, list[str]]:
    """Index the users by lower-case `email` or `first_name`; neither ever changes."""
    index: dict[str, list[str]] | None = store.base.notes.get(by)
    if index is None:
        index = store.base.notes[by] = {}
        for user_id, user in store.base.root["users"].items():
            value = user["email"] if by == "email" else user["name"][by]
            index.setdefault(value.lower(), []).append(user_id)
    return index


def payment_method(user: Json, method_id: str) -> Json:
    if method_id not in user["payment_methods"]:
        raise ValueError("Payment method not found")
    method: Json = user["payment_methods"][method_id]
    return method


def entry(kind: str, amount: float, method_id: str) -> Json:
    """Return a line of a payment history."""
    line = {"transaction_type": kind, "amount": amount, "payment_method_id": method_id}
    return OrderPayment.model_validate(line).model_dump()


def require_items(order: Json, item_ids: Any, complaint: str) -> None:
    """Raise `complaint` on the first id that is asked for more often than the order has it."""
    held = [item["item_id"] for item in order["items"]]
    for item_id in item_ids:
        if item_ids.count(item_id) > held.count(item_id):
            raise ValueError(complaint.format(item_id))


def first_item(order: Json, item_id: str) -> Json:
    for item in order["items"]:
        if item["item_id"] == item_id:
            found: Json = item
            return found
    raise ValueError(f"Item {item_id} not found")


def exchange(
    store: Store, order: Json, item_ids: Any, new_item_ids: Any, *, differ: bool = False
) -> tuple[float, Json]:
    """Price the exchange of items for variants of the same products.

    Returns the difference to be paid (an int 0 where there is no item) and the last variant.
    With `differ`, exchanging an item for itself is refused.
    """
    difference: float = 0
    variant: Json = {}
    for item_id, new_item_id in zip(item_ids, new_item_ids, strict=False):
        if differ and item_id == new_item_id:
            raise ValueError("The new item id should be different from the old item id")
        item = first_item(order, item_id)
        product = find(store, "products", "Product", item["product_id"])
        if new_item_id not in product["variants"]:
            raise ValueError("Variant not found")
        variant = product["variants"][new_item_id]
        if not variant["available"]:
            raise ValueError(f"New item {new_item_id} not found or available")
        difference += variant["price"] - item["price"]
    return difference, variant
