"""The retail tools as tau-bench v1 answers them; where tau2 differs, v1's way is kept.

v1 gives every exchanged item its own price, allows an item to be exchanged for itself, and
refuses to change an order whose items were changed before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from evaluators.tau2.v1.toolkit import V1Toolkit, find
from evaluators.tau2.worlds.retail import ADDRESS
from evaluators.tau2.worlds.retail_orders import first_item, people, require_items
from evaluators.tau2.worlds.store import Json, clone
from evaluators.tau2.worlds.toolkit import Dump, tool


class RetailV1(V1Toolkit):
    """The agent's tools."""

    domain = "retail"

    @tool("read")
    def find_user_id_by_email(self, email: str) -> str:
        for user_id in people(self.store, "email").get(email.lower(), ()):
            return user_id
        raise ValueError("user not found")

    @tool("read")
    def find_user_id_by_name_zip(self, first_name: str, last_name: str, zip: str) -> str:  # noqa: A002
        for user_id in people(self.store, "first_name").get(first_name.lower(), ()):
            user = self.store["users"][user_id]
            same_name = user["name"]["last_name"].lower() == last_name.lower()
            if same_name and user["address"]["zip"] == zip:
                return user_id
        raise ValueError("user not found")

    @tool("read")
    def get_order_details(self, order_id: str) -> Dump:
        return Dump(find(self.store, "orders", order_id, "order"))

    @tool("read")
    def get_product_details(self, product_id: str) -> Dump:
        return Dump(find(self.store, "products", product_id, "product"))

    @tool("read")
    def get_user_details(self, user_id: str) -> Dump:
        return Dump(find(self.store, "users", user_id, "user"))

    @tool("read")
    def list_all_product_types(self) -> str:
        products = self.store["products"].values()
        return json.dumps({p["name"]: p["product_id"] for p in products}, sort_keys=True)

    def _order(self, order_id: str, status: str, complaint: str) -> Json:
        """Return an order for reading that must have a status, word for word."""
        order = find(self.store, "orders", order_id, "order")
        if order["status"] != status:
            raise ValueError(f"non-{status} order cannot be {complaint}")
        return order

    def _method(self, order: Json, name: str) -> Json:
        methods = self.store["users"][order["user_id"]]["payment_methods"]
        if name not in methods:
            raise ValueError("payment method not found")
        method: Json = methods[name]
        return method

    def _credit(self, order: Json, name: str, amount: Any) -> None:
        """Add to a gift card's balance; a negative amount charges it."""
        user = self.store.record("users", order["user_id"])
        card = user["payment_methods"][name]
        card["balance"] = round(card["balance"] + amount, 2)

    @tool("write")
    def cancel_pending_order(self, order_id: str, reason: str) -> Dump:
        self._order(order_id, "pending", "cancelled")
        if reason not in ["no longer needed", "ordered by mistake"]:
            raise ValueError("invalid reason")
        order = self.store.record("orders", order_id)
        refunds = []
        for paid in order["payment_history"]:
            name = paid["payment_method_id"]
            refunds.append(line("refund", paid["amount"], name))
            if "gift_card" in name:
                self._credit(order, name, paid["amount"])
        order["status"] = "cancelled"
        order["cancel_reason"] = reason
        order["payment_history"].extend(refunds)
        return Dump(order)

    def _difference(self, order: Json, item_ids: Any, new_item_ids: Any) -> Any:
        """Price the exchange of items for variants of the same products."""
        require_items(order, item_ids, "{} not found")
        if len(item_ids) != len(new_item_ids):
            raise ValueError("the number of items to be exchanged should match")
        difference = 0
        for old, new in zip(item_ids, new_item_ids, strict=True):
            item = first_item(order, old)
            variants = self.store["products"][item["product_id"]]["variants"]
            if not (new in variants and variants[new]["available"]):
                raise ValueError(f"new item {new} not found or available")
            difference += variants[new]["price"] - item["price"]
        return difference

    @tool("write")
    def exchange_delivered_order_items(
        self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str
    ) -> Dump:
        order = self._order(order_id, "delivered", "exchanged")
        difference = round(self._difference(order, item_ids, new_item_ids), 2)
        method = self._method(order, payment_method_id)
        if method["source"] == "gift_card" and method["balance"] < difference:
            raise ValueError("insufficient gift card balance to pay for the price difference")
        order = self.store.record("orders", order_id)
        order["status"] = "exchange requested"
        order["exchange_items"] = sorted(item_ids)
        order["exchange_new_items"] = sorted(new_item_ids)
        order["exchange_payment_method_id"] = payment_method_id
        order["exchange_price_difference"] = difference
        return Dump(order)

    @tool("write")
    def modify_pending_order_items(
        self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str
    ) -> Dump:
        order = self._order(order_id, "pending", "modified")
        difference = self._difference(order, item_ids, new_item_ids)
        method = self._method(order, payment_method_id)
        if method["source"] == "gift_card" and method["balance"] < difference:
            raise ValueError("insufficient gift card balance to pay for the new item")
        order = self.store.record("orders", order_id)
        kind = "payment" if difference > 0 else "refund"
        order["payment_history"].append(line(kind, abs(difference), payment_method_id))
        if method["source"] == "gift_card":
            self._credit(order, payment_method_id, -difference)
        for old, new in zip(item_ids, new_item_ids, strict=True):
            item = first_item(order, old)
            variant = self.store["products"][item["product_id"]]["variants"][new]
            item |= {
                "item_id": new,
                "price": variant["price"],
                "options": clone(variant["options"]),
            }
        order["status"] = "pending (item modified)"
        return Dump(order)

    @tool("write")
    def modify_pending_order_payment(self, order_id: str, payment_method_id: str) -> Dump:
        order = self._order(order_id, "pending", "modified")
        method = self._method(order, payment_method_id)
        history = order["payment_history"]
        if len(history) > 1 or history[0]["transaction_type"] != "payment":
            raise ValueError("there should be exactly one payment for a pending order")
        old, amount = history[0]["payment_method_id"], history[0]["amount"]
        if old == payment_method_id:
            raise ValueError("the new payment method should be different from the current one")
        if method["source"] == "gift_card" and method["balance"] < amount:
            raise ValueError("insufficient gift card balance to pay for the order")
        order = self.store.record("orders", order_id)
        order["payment_history"] += [
            line("payment", amount, payment_method_id),
            line("refund", amount, old),
        ]
        if method["source"] == "gift_card":
            self._credit(order, payment_method_id, -amount)
        if "gift_card" in old:
            self._credit(order, old, amount)
        return Dump(order)

    @tool("write", takes=("order_id", *ADDRESS))
    def modify_pending_order_address(self, given: Mapping[str, Any]) -> Dump:
        self._order(given["order_id"], "pending", "modified")
        order = self.store.record("orders", given["order_id"])
        order["address"] = {name: clone(given[name]) for name in ADDRESS}
        return Dump(order)

    @tool("write", takes=("user_id", *ADDRESS))
    def modify_user_address(self, given: Mapping[str, Any]) -> Dump:
        find(self.store, "users", given["user_id"], "user")
        user = self.store.record("users", given["user_id"])
        user["address"] = {name: clone(given[name]) for name in ADDRESS}
        return Dump(user)

    @tool("write")
    def return_delivered_order_items(
        self, order_id: str, item_ids: list[str], payment_method_id: str
    ) -> Dump:
        order = self._order(order_id, "delivered", "returned")
        self._method(order, payment_method_id)
        paid_with = order["payment_history"][0]["payment_method_id"]
        if "gift_card" not in payment_method_id and payment_method_id != paid_with:
            raise ValueError(
                "payment method should be either the original payment method or a gift card"
            )
        require_items(order, item_ids, "some item not found")
        order = self.store.record("orders", order_id)
        order["status"] = "return requested"
        order["return_items"] = sorted(item_ids)
        order["return_payment_method_id"] = payment_method_id
        return Dump(order)


def line(kind: str, amount: Any, method_id: str) -> Json:
    """Return a line of a payment history."""
    return {"transaction_type": kind, "amount": amount, "payment_method_id": method_id}
