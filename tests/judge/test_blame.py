"""Whose fault a failed run was, and verdicts on wishes out of the ordinary."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from evaluators.judge.attribution import Attribution
from evaluators.judge.case import Action, Case, GoldCall, Intent
from evaluators.judge.intents import IntentVerdict, judge_intent
from harness.types import Message
from tests.judge.runs import OK, case, gold, judgement, turn

PIN = {"name": "bo", "pin": "4411-XK"}
ORDER = ("order_item", {"item_id": "EQ77", "count": "2"}, OK)
WANTED = gold("order_item", item_id="EQ77", count="2")


def blamed(turns: Any, plan: Any, **about: Any) -> str | None:
    found: Attribution | None = judgement(turns, plan, passed=False, **about).attribution
    return found


def test_the_agent_where_no_rule_names_another() -> None:
    assert blamed([turn("Order two EQ77.", "No.")], [[WANTED]]) == "agent"


def test_a_task_whose_credentials_nobody_shows() -> None:
    plan = [[GoldCall("sign_in", PIN), gold("list_orders")]]
    asked = "I need you to log in first. Please give me your PIN."
    assert blamed([turn("I am bo. My orders?", asked)], plan) == "task"
    assert blamed([turn("I am bo, 4411-XK. My orders?", asked)], plan) == "agent"
    assert blamed([turn("My orders?", asked)], plan, policy="bo has the PIN 4411-XK") == "agent"
    any_pin = [[gold("sign_in", name="*", pin="*"), gold("list_orders")]]
    assert blamed([turn("I am bo. My orders?", asked)], any_pin) == "agent"


def test_ids_that_an_unmade_call_may_have_shown_blame_nobody_else() -> None:
    plan = [[gold("list_orders"), gold("cancel_order", order_id="OR5512")]]
    assert blamed([turn("Cancel my order.", "No.")], plan) == "agent"
    shown = [[GoldCall("list_orders", result={"orders": []}), plan[0][1]]]
    assert blamed([turn("Cancel my order.", "No.")], shown) == "task"
    assert blamed([turn("Cancel my order.", "No.")], shown, require_reads=False) == "agent"


def test_a_task_that_contradicts_itself_or_fails_by_its_own_plan() -> None:
    action = Action("order_item")
    assert (
        blamed([turn("Hi", "No.")], [[WANTED]], required=(action,), forbidden=(action,)) == "task"
    )
    assert blamed([turn("Hi", "No.")], [[WANTED]], task_fault="the plan misses its goal") == "task"


def test_a_service_that_keeps_failing() -> None:
    down = ("order_item", {"item_id": "EQ77", "count": "2"}, {"error": "Request timed out."})
    once = [turn("Order two EQ77.", [down], "Done.")]
    twice = [turn("Order two EQ77.", [down], [down], "It keeps timing out, I am sorry.")]
    assert blamed(once, [[WANTED]]) == "agent"
    assert blamed(twice, [[WANTED]]) == "environment"


def test_a_user_who_leaves_before_the_write() -> None:
    talk = turn("Order two EQ77.", "Shall I order them? (yes/no)")
    bye = Message("user", "###STOP###", stop=True)
    assert blamed([[*talk, bye]], [[WANTED]], user_mode="model") == "user"
    assert blamed([talk], [[WANTED]], user_mode="model") == "agent"
    assert blamed([[*talk, bye]], [[WANTED]], user_mode="fixed_queries") == "agent"


def test_a_user_who_invents_an_id_before_the_agent_errs() -> None:
    wrong = ("order_item", {"item_id": "EQ4410", "count": "2"}, OK)
    talk = [turn("Order two EQ4410.", [wrong], "Done.")]
    assert blamed(talk, [[WANTED]], user_mode="model", scenario="You want two EQ77.") == "user"
    assert blamed(talk, [[WANTED]], user_mode="model", scenario="Two EQ77, not EQ4410.") == "agent"


def test_ends_that_name_their_cause() -> None:
    run = [turn("Order two EQ77.", "Soon.")]
    assert blamed(run, [[WANTED]], end="timeout") == "infrastructure"
    assert blamed(run, [[WANTED]], end="env_error") == "environment"
    assert blamed(run, [[WANTED]], end="user_error") == "user"


# --- intents ---------------------------------------------------------------------------------


def verdict(subject: Case) -> IntentVerdict:
    found = judge_intent(subject)
    assert found is not None
    return found


def test_infeasible_wishes() -> None:
    must, never = Action("get_item", {"item_id": "EQ77"}), Action("order_item")
    rules: dict[str, Any] = {"required": (must,), "forbidden": (never,)}
    look = ("get_item", {"item_id": "EQ77"}, {"available": False})
    refused = ("order_item", {"item_id": "EQ77"}, {"error": "not available"})
    good = case([turn("Order EQ77.", [look], "It is not available.")], None, **rules)
    assert verdict(good).passed is True
    lazy = case([turn("Order EQ77.", "No.")], None, **rules)
    assert (verdict(lazy).passed, len(verdict(lazy).unmet)) == (False, 1)
    tried = verdict(case([turn("Order EQ77.", [look], [refused], "No.")], None, **rules))
    assert (tried.passed, tried.attempted, tried.executed) == (False, (("order_item", 3),), ())
    done = verdict(case([turn("Order EQ77.", [look], [ORDER], "Done.")], None, **rules))
    assert done.executed == (("order_item", 3),)


def test_an_infeasible_wish_without_rules_is_not_decided() -> None:
    bare = case([turn("Order EQ77.", "No.")], None, intent=Intent("infeasible"))
    assert verdict(bare).passed is None
    assert judge_intent(case([turn("Order EQ77.", "No.")], None)) is None


def test_changing_wishes() -> None:
    old = ("cancel_order", {"order_id": "OR5"}, OK)
    intent = Intent("changing", change_turn=1, superseded=(Action("cancel_order"),))
    plan = [[], [WANTED]]
    kept = [turn("Cancel OR5.", "Sure?"), turn("No, order two EQ77.", [ORDER], "Done.")]
    stubborn = [turn("Cancel OR5.", "Sure?"), turn("No, order two EQ77.", [old, ORDER], "Done.")]
    before = [turn("Cancel OR5.", [old], "Done."), turn("Order two EQ77.", [ORDER], "Done.")]
    lazy = [turn("Cancel OR5.", "Sure?"), turn("No, order two EQ77.", "Soon.")]
    assert verdict(case(kept, plan, intent=intent)).passed is True
    assert verdict(case(stubborn, plan, intent=intent)).passed is False
    assert verdict(case(before, plan, intent=intent)).passed is True
    assert verdict(case(lazy, plan, intent=intent)).passed is False


def test_ambiguous_wishes() -> None:
    intent = Intent("ambiguous", {"count": "2"})
    asked = [turn("Order EQ77.", "How many?"), turn("2 of them.", [ORDER], "Done.")]
    guessed = [turn("Order EQ77.", [ORDER], "Done.")]
    plan = [[WANTED]]
    assert verdict(case(asked, plan, intent=intent, flat=True)).guessed == ()
    found = verdict(case(guessed, plan, intent=intent, flat=True))
    assert (found.passed, found.guessed) == (True, (("count", 1),))
    failed = replace(case(guessed, plan, intent=intent, flat=True), passed=False)
    assert verdict(failed).passed is False
    assert verdict(failed).as_json()["guessed"] == [["count", 1]]
