"""The bank by hand: looking up, unlocking, giving tools, the log of reads, and the documents."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from evaluators.tau2.tasks import load_tasks, rows_of
from evaluators.tau2.worlds.banking_query import empty, listing
from evaluators.tau2.worlds.banking_tables import Bank, BankBase
from evaluators.tau2.worlds.domain import domain
from evaluators.tau2.worlds.world import World
from harness.faults import ModelFault, UserMistake
from tests.tau2.banking_calls import agent, answer, call, customer, give, unlock, world
from tests.tau2.data import needs_pack

pytestmark = needs_pack
CARD = "cc_lj82d4f1a9_silver"


def logged(place: World) -> list[str]:
    return [row["tool_name"] for row in place.agent.store["agent_discoverable_tools"].values()]


def test_a_look_up_lists_records_and_says_when_there_are_none() -> None:
    place = world()
    found = agent(place, "get_user_information_by_id", user_id="123")
    assert found.startswith(
        "Found 1 record(s) in 'users':\n\n1. Record ID: 123\n   name: Mia Smith"
    )
    assert found.endswith("date_of_birth: 03/15/1992\n")
    assert agent(place, "get_user_information_by_id", user_id="0") == (
        "No records found in 'users'."
    )


def test_a_quote_in_an_argument_changes_the_question() -> None:
    place = world()
    broken = agent(place, "get_user_information_by_name", customer_name='Mia"')
    assert broken.startswith("Error: Invalid JSON: ")
    narrowed = 'Mia Smith", "user_id__startswith": "9'
    assert empty(agent(place, "get_user_information_by_name", customer_name=narrowed))
    wider = 'Mia Smith", "user_id__in": ["123"], "email__endswith": "com'
    assert "Found 1" in agent(place, "get_user_information_by_name", customer_name=wider)


@pytest.mark.parametrize(
    ("constraints", "count"),
    [
        ({}, 39),
        ({"limit": 2}, 2),
        ({"user_id": "123"}, 1),
        ({"user_id__ne": "123"}, 38),
        ({"user_id__gt": 5}, 0),
        ({"name__contains": "Mia Smith"}, 1),
        ({"name__unheard_of": "Mia Smith"}, 1),
        ({"user_id__nin": ["123"], "user_id__gte": "0"}, 38),
    ],
)
def test_constraints(constraints: Mapping[str, Any], count: int) -> None:
    text = listing(Bank(world().agent), "users", json.dumps(constraints))
    found = 0 if empty(text) else int(text.split()[1])
    assert found == count


@pytest.mark.parametrize("name", ["db", "db_name", "return_ids"])
def test_constraints_that_collide_with_the_official_call(name: str) -> None:
    text = listing(Bank(world().agent), "users", json.dumps({name: 1}))
    assert text.startswith("Error querying database: ")
    assert "got multiple values for" in text


def test_an_unlisted_tool_must_be_unlocked() -> None:
    place, name = world(), "get_payment_history_6183"
    arguments = {"credit_card_account_id": CARD, "months": 3}
    locked = agent(place, "call_discoverable_agent_tool", agent_tool_name=name)
    assert locked.startswith(f"Error: Tool '{name}' has not been unlocked.")
    shown = agent(place, "unlock_discoverable_agent_tool", agent_tool_name=name)
    assert shown.startswith(f"Tool unlocked: {name}\nDescription: ")
    assert f"\n\nTool: {name}\nDescription: " in shown
    assert "  - months: integer (required)" in shown
    assert call(place, name, arguments).startswith("No payment history found for account")
    unknown = agent(place, "unlock_discoverable_agent_tool", agent_tool_name="get_everything")
    assert unknown == "Error: Unknown agent tool 'get_everything'. This tool is not available."


def test_unlocking_holds_for_one_world_only() -> None:
    first, second = world(), world()
    unlock(first, "freeze_debit_card_3892")
    assert "frozen" not in call(second, "freeze_debit_card_3892", {"card_id": "x"}, unlocked=False)


def test_an_unlisted_tool_can_be_called_by_its_own_name() -> None:
    place = world()
    text = agent(place, "get_payment_history_6183", credit_card_account_id=CARD, months=3)
    assert text.startswith("No payment history found")
    text, error = answer(place, "agent", "get_payment_history_6183", {"months": 3})
    assert error
    assert text == (
        "Error: KnowledgeTools.get_payment_history_6183() missing 1 required positional "
        "argument: 'credit_card_account_id'"
    )


def test_wrong_arguments_of_an_unlocked_tool_are_an_answer_not_an_error() -> None:
    place, name = world(), "freeze_debit_card_3892"
    assert call(place, name, {}).startswith(
        f"Error: Invalid arguments: KnowledgeTools.{name}() missing 1 required"
    )
    assert "must be a mapping, not list" in call(place, name, [])
    assert call(place, name, "{card").startswith("Error: Invalid JSON in arguments: ")
    assert logged(place) == []
    assert call(place, name, {"card_id": "x"}) == "Error: Debit card 'x' not found."
    assert logged(place) == [name]  # a refusal is a call all the same


def test_only_the_reads_of_the_solution_are_logged() -> None:
    read = "get_closure_reason_history_8293"
    given = {"agent_tool_name": read, "arguments": "{}"}
    wanted = {"name": "call_discoverable_agent_tool", "arguments": given}
    strict = domain("banking_knowledge").world({"evaluation_criteria": {"actions": [wanted]}})
    for place, names in ((world(), []), (strict, [read])):
        call(place, read, {"credit_card_account_id": CARD})
        assert logged(place) == names


def test_numbers_are_floats_however_they_are_written() -> None:
    name = "apply_statement_credit_8472"
    given = {"user_id": "lj82d4f1a9", "credit_card_account_id": CARD, "reason": "other"}
    whole, point = world(), world()
    call(whole, name, {**given, "amount": 25})
    call(point, name, {**given, "amount": 25.0})
    assert whole.digests() == point.digests()
    call(point, name, {**given, "amount": 26})
    assert whole.digests() != point.digests()


def test_the_customer_uses_what_the_agent_gave() -> None:
    place, name = world(), "get_referral_link"
    arguments = {"user_id": "123", "card_name": "EcoCard"}
    refused = customer(place, name, arguments)
    assert refused.startswith(f"Error: Tool '{name}' has not been given to you by the agent.")
    assert "EcoCard" not in agent(place, "get_referrals_by_user", user_id="123")
    assert give(place, name).startswith(f"Tool given to user: {name}\nDescription: Ge")
    assert "Referral link: https://rhobank.com/refer/" in customer(place, name, arguments)
    assert "may have already been generated" in customer(place, name, arguments)
    assert "EcoCard" in agent(place, "get_referrals_by_user", user_id="123")
    calls = list(place.agent.store["user_discoverable_tool_calls"].values())
    assert [entry["arguments"] for entry in calls] == [arguments]


def test_the_customer_must_fill_in_everything() -> None:
    place, name = world(), "deposit_check_3847"
    give(place, name)
    missing = "Error: Missing required parameter: check_amount"
    assert customer(place, name, {"account_id": "01"}) == missing
    odd = {"account_id": "01", "check_amount": 5, "memo": "x"}
    assert customer(place, name, odd) == "Error: Unexpected parameter: memo"
    assert "New Balance: $5.00" in customer(place, name, {"account_id": "01", "check_amount": 5})


def test_only_the_customers_unlisted_tools_can_be_given() -> None:
    place = world()
    for name in ("apply_for_credit_card", "get_payment_history_6183", "db"):
        assert give(place, name) == f"Error: Unknown discoverable tool '{name}'."
    extra = give(place, "get_referral_link", '{"colour": "red"}')
    assert extra == "Error: Unexpected parameter: colour"
    assert place.agent.store["user_discoverable_tools"] == {}


def test_transfers_are_counted() -> None:
    place = world()
    texts = [answer(place, "user", "request_human_agent_transfer", {})[0] for _ in range(3)]
    assert [text.split()[2] for text in texts] == ["#1", "#2", "#3"]


def test_a_transfer_needs_a_known_reason() -> None:
    place = world()
    known = agent(place, "transfer_to_human_agents", summary="s", reason="third_party_inquiry")
    assert known.startswith("Transfer successful (reason: third_party_inquiry).")
    unknown = agent(place, "transfer_to_human_agents", summary="s", reason="bored")
    assert unknown.startswith("Error: Invalid transfer reason 'bored'. Must be one of: fraud_or")


def test_an_identity_is_logged_once() -> None:
    names = ["name", "user_id", "address", "email"]
    names += ["phone_number", "date_of_birth", "time_verified"]
    given = {name: name for name in names}
    place = world()
    assert agent(place, "log_verification", **given).startswith("Verification logged")
    assert agent(place, "log_verification", **given).startswith("Failed to log verification")
    text, error = answer(place, "agent", "log_verification", {"name": "N"})
    assert error
    assert text.startswith(
        "Error: KnowledgeTools.log_verification() missing 6 required positional arguments: "
        "'user_id', 'address', 'email', 'phone_number', 'date_of_birth', and 'time_verified'"
    )


def test_initial_records_are_merged_and_the_rest_is_shared() -> None:
    base = world().agent.store.base
    assert isinstance(base, BankBase)
    data = {"users": {"data": {"123": {"email": "new"}, "x": {"name": "X"}}, "notes": "n"}}
    merged = base.merged(data)
    assert merged is base.merged(data)
    assert merged.root["users"]["123"] == {**base.root["users"]["123"], "email": "new"}
    assert merged.root["users"]["x"] == {"name": "X"}
    assert merged.root["accounts"]["01"] is base.root["accounts"]["01"]
    assert "x" not in base.root["users"]
    assert (merged.table_notes["users"], base.table_notes["users"]) == ("n", "")


@pytest.mark.parametrize("data", [{"vaults": {"data": {}}}, {"users": {"data": {"1": 5}}}])
def test_initial_records_that_do_not_fit_are_a_fault(data: Any) -> None:
    with pytest.raises(ModelFault, match="banking data"):
        world(data)


def test_each_task_says_what_its_customer_may_do() -> None:
    row = rows_of("banking_knowledge")["task_001"]
    offered = domain("banking_knowledge").world(row).tools("user", 1)
    assert [tool.name for tool in offered] == ["apply_for_credit_card"]
    assert len(world().tools("user", 1)) == 6
    assert len(world().tools("agent", 1)) == 14
    assert len(load_tasks("banking_knowledge")) == 97


def test_searching_the_documents() -> None:
    place = domain("banking_knowledge", retrieval="grep_only").world({})
    assert place.tools("agent", 1)[0].name == "grep"
    found = agent(place, "grep", pattern="gold rewards card")
    assert found.startswith("1. ")
    scores = [float(line.split()[1]) for line in found.splitlines() if line[:9] == "   Score:"]
    assert len(scores) == 10
    assert scores == sorted(scores, reverse=True)
    assert agent(place, "grep", pattern="(no such") == "No matches found for pattern: (no such"
    assert agent(place, "grep", pattern=" ") == "No matches found for pattern:  "
    text, error = answer(place, "agent", "grep", {})
    assert (text, error) == (
        "Error: GrepMixin.grep() missing 1 required positional argument: 'pattern'", True
    )  # fmt: skip
    assert answer(world(), "agent", "grep", {"pattern": "x"})[1]


def test_policies_of_the_retrieval_variants() -> None:
    sizes = {
        name: len(domain("banking_knowledge", retrieval=name).policy(False))
        for name in ("no_knowledge", "grep_only", "full_kb")
    }
    assert sizes == {"no_knowledge": 5598, "grep_only": 5728, "full_kb": 866655}
    with pytest.raises(UserMistake, match="need a network"):
        domain("banking_knowledge", retrieval="alltools")
    with pytest.raises(UserMistake, match="no solo mode"):
        domain("banking_knowledge").world({}, solo=True)
