"""Every category with a run that deserves it and a twin that does not."""

from __future__ import annotations

from typing import Any

import pytest

from evaluators.judge.case import Action, GoldCall, Tool
from evaluators.judge.categories import TABLE_8, TABLE_9, primary_of, table_of
from evaluators.judge.rules import judge
from harness.types import Fault, Message
from tests.judge.runs import OK, TOOLS, case, gold, judgement, labels, turn

ITEM = {"item_id": "EQ77"}
FOUND = {"items": [{"item_id": "EQ77", "price": 12.5}, {"item_id": "EQ91", "price": 14.0}]}
FIND = ("find_items", {"kind": "saw"}, FOUND)
ORDER = ("order_item", {"item_id": "EQ77", "count": "2"}, {"order_id": "OR5"})
ASK = "Find a saw and order two of the cheapest."
PLAN = [[gold("find_items", kind="saw"), gold("order_item", item_id="EQ77", count="2")]]
DONE = "Your saws are ordered."


def test_a_plan_carried_out_has_no_category() -> None:
    found = judgement([turn(ASK, [FIND], [ORDER], DONE)], PLAN)
    assert (found.findings, found.hints, found.primary, found.attribution) == ((), (), None, None)
    assert found.score == 1.0


def test_no_tool_calls_stands_alone() -> None:
    silent = [turn(ASK, "It is all arranged.")]
    assert labels(silent, PLAN) == (["No Tool Calls"], ["Missing Required Tool Call"])
    assert labels(silent, [[]]) == ([], [])


def test_a_missing_call_and_an_undone_turn_are_told_apart() -> None:
    part = [turn(ASK, [FIND], DONE)]
    assert labels(part, PLAN) == (["Missing Tool Call"], ["Missing Required Tool Call"])
    two = [*PLAN, [gold("list_orders")]]
    undone = [turn(ASK, [FIND], [ORDER], DONE), turn("List my orders.", "You have one.")]
    assert labels(undone, two) == (["Incomplete Task"], ["Missing Required Tool Call"])
    ended = [turn(ASK, [FIND], [ORDER], DONE)]  # the second request was never made
    assert labels(ended, two) == (["Incomplete Task"], ["Missing Required Tool Call"])


def test_in_a_flat_plan_the_tail_is_incomplete_and_a_gap_is_missing() -> None:
    flat = [[*PLAN[0], gold("list_orders")]]
    tail = [turn(ASK, [FIND], [ORDER], DONE)]
    assert labels(tail, flat, flat=True)[0] == ["Incomplete Task"]
    gap = [turn(ASK, [FIND], [("list_orders", {}, {"orders": [1]})], DONE)]
    assert labels(gap, flat, flat=True)[0] == ["Missing Tool Call"]


def test_where_only_the_outcome_counts_lookups_may_be_left_out() -> None:
    no_lookup = [turn(ASK, [ORDER], DONE)]
    assert labels(no_lookup, PLAN, flat=True, require_reads=False) == ([], [])
    no_write = [turn(ASK, [FIND], DONE)]
    assert labels(no_write, PLAN, flat=True, require_reads=False)[0] == ["Incomplete Task"]


@pytest.mark.parametrize(
    ("given", "table8"),
    [
        ({"item_id": "EQ91", "count": "2"}, ["Argument Missing User Intent"]),  # it was shown
        ({"item_id": "EQ4410", "count": "2"}, ["Fabricated Value"]),
        ({"item_id": "EQ77"}, ["Missing Required Parameter"]),
        ({"item_id": " eq77 ", "count": 2.0}, []),  # the same, spelled otherwise
    ],
)
def test_wrong_arguments(given: dict[str, Any], table8: list[str]) -> None:
    run = [turn(ASK, [FIND], [("order_item", given, {"order_id": "OR5"})], DONE)]
    table9 = ["Incorrect Tool or Arguments"] if table8 else []
    assert labels(run, PLAN) == (table9, table8)


def test_a_wildcard_matches_any_value_but_excuses_no_error() -> None:
    plan = [[gold("order_item", item_id="EQ77", count="*")]]
    assert labels([turn(ASK, [ORDER], DONE)], plan) == ([], [])
    refused = ("order_item", {"item_id": "EQ77", "count": "900"}, {"error": "at most 10"})
    run = [turn(ASK, [refused], "At most ten can be ordered. Shall I order ten?")]
    assert labels(run, plan) == (["Tool Execution Error"], ["Failed to Recover"])


def test_wrong_tool() -> None:
    wrong = ("get_weather", {"kind": "saw"}, OK)  # the right arguments
    assert labels([turn(ASK, [wrong], [ORDER], DONE)], PLAN) == (
        ["Incorrect Tool or Arguments"], ["Wrong Tool Choice"],
    )  # fmt: skip
    unknown = ("search_everything", {}, ValueError("Tool 'search_everything' not found."))
    assert labels([turn(ASK, [unknown], [ORDER], DONE)], PLAN)[1] == ["Wrong Tool Choice"]
    extra = ("get_weather", {"city": "Bonn"}, OK)  # a lookup more, and nothing is missing
    assert labels([turn(ASK, [extra], [FIND], [ORDER], DONE)], PLAN) == ([], [])


def test_looking_something_up_before_giving_up_is_not_the_wrong_tool() -> None:
    lookup = ("list_orders", {}, {"orders": ["OR1"]})
    given_up = [turn(ASK, [FIND], [lookup], "I will now order two for you.")]
    assert labels(given_up, PLAN) == (["Missing Tool Call"], ["Missing Required Tool Call"])
    claimed = [turn(ASK, [FIND], [lookup], DONE)]  # stands in its place and is taken for it
    assert labels(claimed, PLAN)[1] == ["Wrong Tool Choice"]


def test_effects_that_nobody_asked_for() -> None:
    cancel = ("cancel_order", {"order_id": "OR5"}, OK)
    run = [turn(ASK, [FIND], [ORDER], [cancel], DONE)]
    assert labels(run, PLAN) == (["Incorrect Tool or Arguments"], ["Unexpected Tool Call"])
    refused = ("cancel_order", {"order_id": "OR5"}, {"error": "already sent"})
    assert labels([turn(ASK, [FIND], [ORDER], [refused], DONE)], PLAN) == ([], [])
    nothing = ("cancel_order", {"order_id": "OR5"}, {"message": "It was already cancelled."})
    assert labels([turn(ASK, [FIND], [ORDER], [nothing], DONE)], PLAN) == ([], [])
    again = [turn(ASK, [FIND], [ORDER], [ORDER], DONE)]  # a second order
    assert labels(again, PLAN)[1] == ["Unexpected Tool Call"]
    login = ("sign_in", {"name": "bo", "pin": "1"}, OK)
    assert labels([turn(ASK, [login], [FIND], [ORDER], DONE)], PLAN)[1] == ["Unexpected Tool Call"]
    asked = ("list_orders", {}, {"error": "not logged in"})
    assert labels([turn(ASK, [asked], [login], [FIND], [ORDER], DONE)], PLAN) == ([], [])


def test_a_forbidden_call_counts_even_if_it_is_refused() -> None:
    refused = ("cancel_order", {"order_id": "OR5"}, {"error": "not allowed now"})
    run = [turn(ASK, [FIND], [ORDER], [refused], DONE)]
    assert labels(run, PLAN, forbidden=(Action("cancel_order"),))[1] == ["Unexpected Tool Call"]
    other = (Action("cancel_order", {"order_id": "OR6"}),)
    assert labels(run, PLAN, forbidden=other) == ([], [])


def test_a_required_call() -> None:
    must = {"required": (Action("list_orders"),)}
    assert labels([turn("Cancel OR1.", "No.")], None, **must)[0] == ["No Tool Calls"]
    assert labels([turn("Cancel OR1.", [FIND], "No.")], None, **must)[0] == ["Missing Tool Call"]
    done = [turn("Cancel OR1.", [("list_orders", {}, {"orders": []})], "There is none.")]
    assert labels(done, None, **must) == ([], [])


def test_calls_where_a_text_is_due() -> None:
    called = [turn("Order it.", [ORDER], DONE)]
    none = {"behaviour": "no_call"}
    assert labels(called, [[]], **none)[1] == ["Unexpected Tool Call"]
    told = [turn("Order it, but do not use any tools.", [ORDER], DONE)]
    assert labels(told, [[]], **none)[1] == ["Plan Violation", "Unexpected Tool Call"]
    look = [turn("Which saws? Do not call any tools.", [FIND], "Two.")]
    assert labels(look, [[]])[1] == ["Plan Violation"]
    assert labels([turn("Which saws? Use any tools.", [FIND], "Two.")], [[]]) == ([], [])
    strict = {"policy": "Never call a function."}
    assert labels(called, [[]], **none, **strict)[1] == ["Plan Violation", "Unexpected Tool Call"]
    conditional = {"policy": "You should not make a tool call at the same time as a reply."}
    assert labels(called, [[]], **none, **conditional)[1] == ["Unexpected Tool Call"]
    assert labels([turn("Order it.", "Which item?")], [[]], **none) == ([], [])


def test_an_explanation_asks_or_names_what_is_missing() -> None:
    due = {"behaviour": "explain", "missing": ("item_id",)}
    assert labels([turn("Order it.", "Done as you wish.")], [[]], **due)[1] == [
        "Failed Expected Explanation"
    ]
    assert labels([turn("Order it.", "I lack the item id.")], [[]], **due) == ([], [])
    assert labels([turn("Order it.", "Which one?")], [[]], **due) == ([], [])


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "Out of paper."},
        {"success": False, "message": "Out of paper."},
        {"status": "error: out of paper"},
        "Error: out of paper",
        ValueError("out of paper"),
    ],
)
def test_an_error_that_the_agent_hides(answer: Any) -> None:
    failed = ("order_item", {"item_id": "EQ77", "count": "2"}, answer)
    run = [turn(ASK, [FIND], [failed], DONE)]
    assert labels(run, PLAN) == (["Tool Execution Error"], ["Failed to Recover"])
    healed = [turn(ASK, [FIND], [failed], [ORDER], DONE)]
    assert labels(healed, PLAN) == ([], [])


def test_errors_that_the_plan_expects() -> None:
    plan = [[gold("cancel_order", order_id="OR999")]]
    failed = ("cancel_order", {"order_id": "OR999"}, {"error": "There is no such order."})
    told = [turn("Cancel order OR999.", [failed], "OR999 does not exist.")]
    assert labels(told, plan) == ([], [])
    hidden = [turn("Cancel order OR999.", [failed], "It is cancelled.")]
    assert labels(hidden, plan)[0] == ["Tool Execution Error"]
    fails_too = [[GoldCall("cancel_order", {"order_id": "OR999"}, error=True)]]
    assert labels(hidden, fails_too) == ([], [])
    works = [[GoldCall("cancel_order", {"order_id": "OR999"}, error=False)]]
    assert labels(told, works)[0] == ["Tool Execution Error"]
    unrelated = [turn("Cancel order OR999.", [failed], "Your saw was not used.")]
    assert labels(unrelated, plan)[0] == ["Tool Execution Error"]
    related = [turn("Cancel order OR999.", [failed], "That order is not there.")]
    assert labels(related, plan) == ([], [])
    passing = ("cancel_order", {"order_id": "OR999"}, {"error": "Request timed out."})
    gone = [turn("Cancel order OR999.", [passing], "I could not do it: the request timed out.")]
    assert labels(gone, plan)[0] == ["Tool Execution Error"]


def test_a_failed_call_is_forgiven_where_everything_was_done_another_way() -> None:
    failed = ("get_item", {"item_id": "EQ1"}, {"error": "no such item"})
    assert labels([turn(ASK, [failed], [FIND], [ORDER], DONE)], PLAN) == ([], [])
    stopped = [turn(ASK, [FIND], [failed], "Done.")]
    assert "Tool Execution Error" in labels(stopped, PLAN)[0]


LOGIN = ("sign_in", {"name": "bo", "pin": "4411"}, {"signed_in": True})
SIGNED = [[gold("sign_in", name="bo", pin="4411"), *PLAN[0]]]
HELLO = "I am bo, PIN 4411. " + ASK


def test_a_login_that_is_left_out() -> None:
    run = [turn(HELLO, [FIND], [ORDER], DONE)]
    assert labels(run, SIGNED) == (["Authorization Failure"], ["Missing Required Tool Call"])
    assert labels([turn(HELLO, [LOGIN], [FIND], [ORDER], DONE)], SIGNED) == ([], [])


def test_an_undone_turn_is_about_its_login_only_if_the_agent_says_so() -> None:
    plan = [[gold("find_items", kind="saw")], SIGNED[0]]
    first = turn("Find saws.", [FIND], "Two saws.")
    about = [first, turn(HELLO, "I need you to log in first. Would you like that?")]
    assert labels(about, plan)[0] == ["Authorization Failure", "Incomplete Task"]
    idle = [first, turn(HELLO, "Certainly.")]
    assert labels(idle, plan)[0] == ["Incomplete Task"]


@pytest.mark.parametrize(
    "message",
    ["401 Unauthorized", "You must be logged in.", "Access denied", "Invalid access token",
     "No user is currently logged in", "Authentication required", "You do not have permission"],
)  # fmt: skip
def test_refusals_for_want_of_permission(message: str) -> None:
    refused = ("order_item", {"item_id": "EQ77", "count": "2"}, {"error": message})
    run = [turn(ASK, [FIND], [refused], DONE)]
    assert labels(run, PLAN) == (["Authorization Failure"], ["Failed to Recover"])
    late = [turn(HELLO, [FIND], [refused], [LOGIN], [ORDER], DONE)]
    assert labels(late, [[PLAN[0][0], SIGNED[0][0], PLAN[0][1]]]) == ([], [])


def test_an_answer_without_content() -> None:
    empty = [turn(ASK, [("find_items", {"kind": "saw"}, {"items": None})], [ORDER], DONE)]
    known = [[GoldCall("find_items", {"kind": "saw"}, result=FOUND), PLAN[0][1]]]
    found = judgement(empty, known)
    assert (found.categories(8), found.attribution) == (["Missing Expected Output"], "environment")
    assert labels(empty, PLAN) == ([], [])  # nothing says that there is more
    same = [[GoldCall("find_items", {"kind": "saw"}, result={"items": []}), PLAN[0][1]]]
    assert labels(empty, same) == ([], [])
    example = {**TOOLS, "find_items": Tool("find_items", write=False, example=FOUND)}
    assert labels(empty, PLAN, tools=example)[1] == ["Missing Expected Output"]
    promoted = judgement(empty, PLAN, passed=False)
    assert [f.decided_by for f in promoted.findings] == ["hint"]


def test_replies_that_misreport() -> None:
    priced = ("get_item", ITEM, {"item_id": "EQ77", "daily_price": 12.5})
    plan = [[gold("get_item", item_id="EQ77")]]
    wrong = [turn("What is EQ77?", [priced], "The daily price is 48.75.")]
    assert labels(wrong, plan)[0] == ["Inaccurate Response"]
    rights = [
        "The daily price is $12.50.",
        "The daily price is about 13.",
        "It costs 12.5.",
        "The daily price is 80% of that.",
        "Half the daily price for 30 days is 187.5.",
    ]
    for right in rights:
        assert labels([turn("What is EQ77?", [priced], right)], plan) == ([], [])


def test_hints_take_the_place_of_findings_only_in_runs_that_failed() -> None:
    priced = ("get_item", ITEM, {"item_id": "EQ77", "daily_price": 12.5})
    plan = [[gold("get_item", item_id="EQ77")]]
    run = [turn("What is EQ77?", [priced], "For that one 48.75 is what we take.")]
    unknown = judgement(run, plan)
    assert unknown.findings == ()
    assert unknown.hints[0].category == "Inaccurate Response"
    failed = judgement(run, plan, passed=False)
    assert [f.category for f in failed.findings] == ["Inaccurate Response", "Misused Tool Result"]
    assert {f.decided_by for f in failed.findings} == {"hint"}
    coded = [turn("What is EQ77?", [priced], "It is the same as QX9912.")]
    assert judgement(coded, plan, passed=False).primary == "Hallucinated Information"


def test_infos_that_must_be_told() -> None:
    run = [turn(ASK, [FIND], [ORDER], "Order OR5 costs 1,025 in all.")]
    assert labels(run, PLAN, communicate=("OR5", "1025")) == ([], [])
    assert labels(run, PLAN, communicate=("OR6",))[0] == ["Inaccurate Response"]


def test_without_a_plan_only_schemas_and_hidden_errors_are_decided() -> None:
    broken = ("order_item", {"item_id": "EQ77"}, {"error": "count is missing"})
    assert labels([turn("Order EQ77.", [broken], DONE)], None) == (
        ["Incorrect Tool or Arguments", "Tool Execution Error"],
        ["Failed to Recover", "Missing Required Parameter"],
    )
    fine = judgement([turn(ASK, [FIND], [ORDER], DONE)], None)
    assert fine.findings == ()
    assert any("no reference plan" in reason for reason in fine.undetermined)


def test_a_failed_run_without_other_fault_was_late_early_or_spelled_otherwise() -> None:
    plan = [[gold("find_items", kind="saw")], [gold("list_orders")]]
    orders = ("list_orders", {}, {"orders": ["OR1"]})
    late = [turn("Find saws.", "Sure."), turn("List orders.", [FIND, orders], "Here.")]
    assert labels(late, plan) == ([], [])
    assert labels(late, plan, passed=False) == (["Missing Tool Call"], ["Wrong Order"])
    early = [turn("Find saws.", [FIND, orders], "Here."), turn("List orders.", "Above.")]
    assert labels(early, plan, passed=False)[0] == ["Incorrect Tool or Arguments"]
    other = [turn(ASK, [("find_items", {"kind": "SAW"}, FOUND)], [ORDER], DONE)]
    assert labels(other, PLAN, passed=False)[1] == ["Argument Missing User Intent"]
    cut = judgement([turn(ASK, [FIND], [ORDER], DONE)], PLAN, passed=False, end="max_steps")
    assert cut.primary == "Incomplete Task"


def test_bad_input_is_judged_as_far_as_possible() -> None:
    empty = judgement([], PLAN)
    assert empty.primary == "No Tool Calls"
    assert "the log is empty" in empty.undetermined
    bare = judgement([turn(ASK, [FIND], [ORDER], DONE)], None, tools=None, passed=False)
    assert len(bare.undetermined) == 3
    stranger = judgement([turn(ASK, [("never_heard_of", {}, OK)], [FIND], [ORDER], DONE)], PLAN)
    assert stranger.findings == ()
    assert stranger.undetermined == ("tools without a spec: never_heard_of",)


def test_infrastructure_is_nobodys_error() -> None:
    fault = Fault("env", "http", "503")
    found = judgement([turn(ASK, [FIND])], PLAN, fault=fault, passed=False)
    assert (found.findings, found.attribution) == ((), "infrastructure")


def test_tags() -> None:
    promise = "Two saws cost 25. I will now order them for you."
    found = judgement([turn(ASK, [FIND], promise)], PLAN, user_mode="fixed_queries")
    assert [t.category for t in found.tags] == ["announced_not_executed"]
    condition = "Once you confirm, I will order them. Shall I?"
    found = judgement([turn(ASK, [FIND], condition)], PLAN, user_mode="fixed_queries")
    assert [t.category for t in found.tags] == ["asked_instead_of_acted"]
    asked = judgement([turn(ASK, [FIND], condition)], PLAN, user_mode="model")
    assert asked.tags == ()
    good = [turn(ASK, [FIND], [ORDER], "Done. Anything else?")]
    assert judgement(good, PLAN, user_mode="fixed_queries").tags == ()


def test_evidence_says_where() -> None:
    run = [turn("Hi.", "Hello."), turn(ASK, [FIND], [("order_item", {"item_id": "EQ4410"}, OK)])]
    found = judgement(run, [[], *PLAN])
    place = found.findings[0]
    assert (place.turn, place.message, place.call) == (1, 5, "order_item")
    assert found.first_error == 5
    assert place.evidence()["decided_by"] == "rule"


def test_the_primary_category_follows_the_order_of_the_table() -> None:
    assert primary_of(["Missing Tool Call", "Incomplete Task"], 9) == "Incomplete Task"
    assert primary_of(["Wrong Order"], 9) is None
    assert {table_of(c) for c in TABLE_8} == {8}
    assert {table_of(c) for c in TABLE_9} == {9}
    single = judgement([turn(ASK, "No.")], PLAN, single_turn=True)
    assert single.primary == "Missing Required Tool Call"


def test_undecodable_arguments() -> None:
    from harness.types import ToolCall

    call = ToolCall("c", "order_item", {}, raw='{"item_id": ')
    log = [Message("user", ASK), Message("agent", calls=(call,)),
           Message("tool", "Error: no JSON", owner="agent", call_id="c", error=True)]  # fmt: skip
    found = judge(case([log], [[PLAN[0][1]]]))
    assert "Incorrect Tool or Arguments" in found.categories(9)
