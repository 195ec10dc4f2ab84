"""The retail domain: the agent's tools (the user has none)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evaluators.tau2.pack import read_json, read_text
from evaluators.tau2.worlds import arithmetic
from evaluators.tau2.worlds.domain import Domain, Row, specs_of
from evaluators.tau2.worlds.retail_orders import (
    entry,
    exchange,
    find,
    first_item,
    payment_method,
    people,
    require_items,
)
from evaluators.tau2.worlds.retail_records import UserAddress, dump
from evaluators.tau2.worlds.store import Base, Json, Store, clone
from evaluators.tau2.worlds.toolkit import Dump, Toolkit, tool
from evaluators.tau2.worlds.world import World

ADDRESS = ("address1", "address2", "city", "state", "country", "zip")


class RetailTools(Toolkit):
    """The agent's tools."""

    def _order(self, order_id: str) -> Json:
        return find(self.store, "orders", "Order", order_id)

    def _user(self, user_id: str) -> Json:
        return find(self.store, "users", "User", user_id)

    def _own_order(self, order_id: str) -> Json:
        record: Json = self.store.record("orders", order_id)
        return record

    # --- reading --------------------------------------------------------------------------

    @tool("read")
    def find_user_id_by_name_zip(self, first_name: str, last_name: str, zip: str) -> str:  # noqa: A002
        for user_id in people(self.store, "first_name").get(first_name.lower(), ()):
            user = self.store["users"][user_id]
            same_name = user["name"]["last_name"].lower() == last_name.lower()
            if same_name and user["address"]["zip"] == zip:
                return str(user_id)
        raise ValueError("User not found")

    @tool("read")
    def find_user_id_by_email(self, email: str) -> str:
        for user_id in people(self.store, "email").get(email.lower(), ()):
            return str(user_id)
        raise ValueError("User not found")

    @tool("read")
    def get_order_details(self, order_id: str) -> Dump:
        return Dump(self._order(order_id))

    @tool("read")
    def get_product_details(self, product_id: str) -> Dump:
        return Dump(find(self.store, "products", "Product", product_id))

    @tool("read")
    def get_item_details(self, item_id: str) -> Dump:
        for product in self.store["products"].values():
            if item_id in product["variants"]:
                return Dump(product["variants"][item_id])
        raise ValueError("Item not found")

    @tool("read")
    def get_user_details(self, user_id: str) -> Dump:
        return Dump(self._user(user_id))

    @tool("read")
    def list_all_product_types(self) -> str:
        products = self.store["products"].values()
        return json.dumps({p["name"]: p["product_id"] for p in products}, sort_keys=True)

    @tool("generic")
    def calculate(self, expression: str) -> str:
        return arithmetic.calculate(expression)

    @tool("generic")
    def transfer_to_human_agents(self, summary: str) -> str:
        return "Transfer successful"

    @tool("write")
    def cancel_pending_order(self, order_id: str, reason: str) -> Dump:
        if self._order(order_id)["status"] != "pending":
            raise ValueError("Non-pending order cannot be cancelled")
        if reason not in {"no longer needed", "ordered by mistake"}:
            raise ValueError("Invalid reason")
        order = self._own_order(order_id)
        refunds = []
        for paid in order["payment_history"]:
            method_id = paid["payment_method_id"]
            refunds.append(entry("refund", paid["amount"], method_id))
            self._credit(order["user_id"], method_id, paid["amount"])
        order["status"] = "cancelled"
        order["cancel_reason"] = reason
        order["payment_history"].extend(refunds)
        return Dump(order)

    def _credit(self, user_id: str, method_id: str, amount: float) -> None:
        """Add to a gift card (other methods keep no balance); a negative amount charges it."""
        if payment_method(self._user(user_id), method_id)["source"] == "gift_card":
            card = self.store.record("users", user_id)["payment_methods"][method_id]
            card["balance"] = round(card["balance"] + amount, 2)

    @tool("write")
    def exchange_delivered_order_items(
        self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str
    ) -> Dump:
        order = self._order(order_id)
        if order["status"] != "delivered":
            raise ValueError("Non-delivered order cannot be exchanged")
        require_items(order, item_ids, "Number of {} not found.")
        if len(item_ids) != len(new_item_ids):
            raise ValueError("The number of items to be exchanged should match.")
        difference, _ = exchange(self.store, order, item_ids, new_item_ids)
        difference = round(difference, 2)
        method = payment_method(self._user(order["user_id"]), payment_method_id)
        if method["source"] == "gift_card" and method["balance"] < difference:
            raise ValueError("Insufficient gift card balance to pay for the price difference")
        order = self._own_order(order_id)
        order["status"] = "exchange requested"
        order["exchange_items"] = sorted(item_ids)
        order["exchange_new_items"] = sorted(new_item_ids)
        order["exchange_payment_method_id"] = payment_method_id
        order["exchange_price_difference"] = difference
        return Dump(order)

    @tool("write", takes=("order_id", *ADDRESS))
    def modify_pending_order_address(self, given: Mapping[str, Any]) -> Dump:
        if "pending" not in self._order(given["order_id"])["status"]:
            raise ValueError("Non-pending order cannot be modified")
        address = UserAddress(**{name: given[name] for name in ADDRESS})
        order = self._own_order(given["order_id"])
        order["address"] = address.model_dump()
        return Dump(order)

    @tool("write")
    def modify_pending_order_items(
        self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str
    ) -> Dump:
        order = self._order(order_id)
        if order["status"] != "pending":
            raise ValueError("Non-pending order cannot be modified")
        require_items(order, item_ids, "{} not found")
        if len(item_ids) != len(new_item_ids):
            raise ValueError("The number of items to be exchanged should match")
        difference, variant = exchange(self.store, order, item_ids, new_item_ids, differ=True)
        method = payment_method(self._user(order["user_id"]), payment_method_id)
        if method["source"] == "gift_card" and method["balance"] < difference:
            raise ValueError("Insufficient gift card balance to pay for the new item")
        order = self._own_order(order_id)
        kind = "payment" if difference > 0 else "refund"
        order["payment_history"].append(entry(kind, abs(difference), payment_method_id))
        self._credit(order["user_id"], payment_method_id, -difference)
        for item_id, new_item_id in zip(item_ids, new_item_ids, strict=False):
            item = first_item(order, item_id)
            item["item_id"] = new_item_id
            item["price"] = variant["price"]  # the last variant's, for every item: official
            item["options"] = clone(variant["options"])
        order["status"] = "pending (item modified)"
        return Dump(order)

    @tool("write")
    def modify_pending_order_payment(self, order_id: str, payment_method_id: str) -> Dump:
        order = self._order(order_id)
        if "pending" not in order["status"]:
            raise ValueError("Non-pending order cannot be modified")
        method = payment_method(self._user(order["user_id"]), payment_method_id)
        history = order["payment_history"]
        if len(history) != 1 or history[0]["transaction_type"] != "payment":
            raise ValueError("There should be exactly one payment for a pending order")
        old_id, amount = history[0]["payment_method_id"], history[0]["amount"]
        if old_id == payment_method_id:
            raise ValueError("The new payment method should be different from the current one")
        if method["source"] == "gift_card" and method["balance"] < amount:
            raise ValueError("Insufficient gift card balance to pay for the order")
        order = self._own_order(order_id)
        order["payment_history"] += [
            entry("payment", amount, payment_method_id),
            entry("refund", amount, old_id),
        ]
        self._credit(order["user_id"], payment_method_id, -amount)
        self._credit(order["user_id"], old_id, amount)
        return Dump(order)

    @tool("write", takes=("user_id", *ADDRESS))
    def modify_user_address(self, given: Mapping[str, Any]) -> Dump:
        self._user(given["user_id"])
        address = UserAddress(**{name: given[name] for name in ADDRESS})
        user = self.store.record("users", given["user_id"])
        user["address"] = address.model_dump()
        return Dump(user)

    @tool("write")
    def return_delivered_order_items(
        self, order_id: str, item_ids: list[str], payment_method_id: str
    ) -> Dump:
        order = self._order(order_id)
        if order["status"] != "delivered":
            raise ValueError("Non-delivered order cannot be returned")
        method = payment_method(self._user(order["user_id"]), payment_method_id)
        paid_with = order["payment_history"][0]["payment_method_id"]
        if method["source"] != "gift_card" and payment_method_id != paid_with:
            raise ValueError("Payment method should be the original payment method")
        require_items(order, item_ids, "Some item not found")
        order = self._own_order(order_id)
        order["status"] = "return requested"
        order["return_items"] = sorted(item_ids)
        order["return_payment_method_id"] = payment_method_id
        return Dump(order)


def load(folder: Path, options: Mapping[str, str]) -> Domain:
    """Read the domain's database."""
    base = Base(read_json(folder / "db.json"), dump)
    specs = specs_of("retail")

    def new(row: Row, solo: bool) -> World:
        return World(RetailTools(Store(base)), specs=specs)

    return Domain("retail", new, lambda solo: read_text(folder / "policy.md"))
