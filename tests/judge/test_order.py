"""Calls in the wrong order, and calls whose order means nothing."""

from __future__ import annotations

from typing import Any

from tests.judge.runs import OK, gold, labels, turn

FIND = ("find_items", {"kind": "saw"}, {"items": [{"item_id": "EQ77"}]})
ITEM = ("get_item", {"item_id": "EQ77"}, {"item_id": "EQ77", "price": 12.5})
WRONG = (["Incorrect Tool or Arguments"], ["Wrong Order"])
PLAN = [[gold("find_items", kind="saw"), gold("get_item", item_id="EQ77")]]


def run(request: str, *steps: Any) -> list[Any]:
    return [turn(request, *steps, "There you are.")]


def test_a_call_that_uses_an_answer_before_it_came() -> None:
    assert labels(run("Show me a saw.", [ITEM], [FIND]), PLAN) == WRONG
    assert labels(run("Show me a saw.", [ITEM, FIND]), PLAN) == WRONG
    assert labels(run("Show me a saw.", [FIND], [ITEM]), PLAN) == ([], [])
    assert labels(run("Show me a saw.", [ITEM], [FIND], [ITEM]), PLAN) == ([], [])


def test_values_that_the_user_named_depend_on_nothing() -> None:
    assert labels(run("Show me EQ77 and all saws.", [ITEM], [FIND]), PLAN) == ([], [])


def test_independent_calls_have_no_order() -> None:
    plan = [[gold("get_weather", city="Bonn"), gold("find_items", kind="saw")]]
    weather = ("get_weather", {"city": "Bonn"}, {"sky": "grey"})
    assert labels(run("Weather in Bonn, and saws.", [FIND], [weather]), plan) == ([], [])


def test_small_numbers_count_only_under_a_related_key() -> None:
    plan = [[gold("list_orders"), gold("cancel_order", order_id=3)]]
    cancel = ("cancel_order", {"order_id": 3}, OK)
    listed = ("list_orders", {}, {"orders": [{"id": 3}]})
    by_chance = ("list_orders", {}, {"count": 3})
    assert labels(run("Cancel my saw.", [cancel], [listed]), plan) == WRONG
    assert labels(run("Cancel my saw.", [cancel], [by_chance]), plan) == ([], [])


def test_looking_at_a_record_before_it_is_changed() -> None:
    plan = [[gold("order_item", item_id="EQ77", count="2"), gold("get_item", item_id="EQ77")]]
    order = ("order_item", {"item_id": "EQ77", "count": "2"}, OK)
    assert labels(run("Order two EQ77, then show it.", [ITEM], [order]), plan) == WRONG
    assert labels(run("Order two EQ77, then show it.", [order], [ITEM]), plan) == ([], [])


def test_logging_in_comes_first() -> None:
    plan = [[gold("sign_in", name="bo", pin="1"), gold("list_orders")]]
    login, orders = ("sign_in", {"name": "bo", "pin": "1"}, OK), ("list_orders", {}, OK)
    assert labels(run("I am bo, 1. My orders?", [orders], [login]), plan) == WRONG
    assert labels(run("I am bo, 1. My orders?", [login], [orders]), plan) == ([], [])


def test_where_only_the_outcome_counts_order_matters_only_in_failed_runs() -> None:
    outcome: dict[str, Any] = {"flat": True, "require_reads": False}
    swapped = run("Show me a saw.", [ITEM], [FIND])
    assert labels(swapped, PLAN, **outcome) == ([], [])
    assert labels(swapped, PLAN, passed=False, **outcome) == WRONG
