"""Unlisted tools for accounts, payments, limits and disputes: each rule with its failing twin."""

from typing import Any

import pytest

from evaluators.tau2.worlds.store import merge
from evaluators.tau2.worlds.world import World
from tests.tau2.banking_calls import agent, call, customer, give, world
from tests.tau2.data import needs_pack

pytestmark = needs_pack
USER, CHECKING, CARD = "u1", "a1", "cc1"


def account(place: World, account_id: str) -> Any:
    return place.agent.store["accounts"][account_id]


def bank(data: dict[str, Any] | None = None, **fields: Any) -> World:
    """A bank with a customer of ours: one checking account, with these fields, and one card."""
    checking = {
        "user_id": USER,
        "class": "checking",
        "level": "Bluest Account",
        "date_opened": "01/01/2024",
        "status": "OPEN",
        "current_holdings": "0",
    }
    card = {"account_id": CARD, "user_id": USER, "current_balance": "$842.15"}
    ours = {
        "users": {"data": {USER: {"name": "N"}}},
        "accounts": {"data": {CHECKING: {**checking, **fields}}},
        "credit_card_accounts": {"data": {CARD: card}},
    }
    return world(merge(ours, data or {}))


OPENING = {"user_id": USER, "account_class": "Gold Account"}


@pytest.mark.parametrize(
    ("kind", "fields", "opens"),
    [
        ("checking", {}, True),
        ("savings", {"date_opened": "10/31/2025"}, True),
        ("savings", {"date_opened": "11/01/2025"}, False),
        ("savings", {"date_opened": "unknown"}, False),
        ("savings", {"status": "FROZEN"}, False),
        ("business_checking", {}, True),
        ("business_checking", {"status": "CLOSED"}, False),
        ("business_savings", {}, False),
        ("business_savings", {"account_type": "business_checking"}, True),
        (
            "business_savings",
            {"account_type": "business_checking", "current_holdings": "-0.01"},
            False,
        ),
        (
            "business_savings",
            {"account_type": "business_checking", "date_opened": "10/16/2025"},
            False,
        ),
    ],
)
def test_who_may_open_an_account(kind: str, fields: dict[str, Any], opens: bool) -> None:
    place = bank(**fields)
    text = call(place, "open_bank_account_4821", {**OPENING, "account_type": kind})
    refused = "Error: Account eligibility requirements not met."
    assert text.startswith("Bank account opened") if opens else text == refused


def test_an_account_is_opened_once() -> None:
    place, given = bank(), {**OPENING, "account_type": "checking"}
    assert "  - Initial Balance: $0.00\n" in call(place, "open_bank_account_4821", given)
    assert "may already exist" in call(place, "open_bank_account_4821", given)
    other = {**given, "account_type": "vault"}
    assert call(place, "open_bank_account_4821", other).startswith("Error: Invalid account_type.")


@pytest.mark.parametrize(
    ("fields", "waived", "closes"),
    [
        ({"current_holdings": "0"}, False, True),
        ({"current_holdings": "0.01"}, False, False),
        ({"current_holdings": "-5"}, False, False),
        ({"level": "Blue Account", "date_opened": "10/01/2025"}, False, True),
        ({"level": "Blue Account", "date_opened": "09/14/2025"}, False, False),
        ({"level": "Blue Account", "date_opened": "10/01/2025"}, True, False),
        ({"level": "Evergreen Account", "date_opened": "10/01/2025"}, False, False),
    ],
)
def test_closing_an_account_leaves_nothing(
    fields: dict[str, Any], waived: bool, closes: bool
) -> None:
    """The Blue Account costs $25 within sixty days, and that is what this one holds."""
    place = bank(**{"current_holdings": "25.00", **fields})
    given = {"account_id": CHECKING, "waive_early_closure_fee": waived}
    text = call(place, "close_bank_account_7392", given)
    assert text.startswith("Bank account closed" if closes else "Error: Account ")
    assert (account(place, CHECKING)["status"] == "CLOSED") == closes
    if closes:
        again = call(place, "close_bank_account_7392", given)
        assert again == f"Error: Account '{CHECKING}' is already closed."


def test_transfers_move_what_is_there() -> None:
    place = bank(current_holdings="$1,000.00")
    name = "transfer_funds_between_bank_accounts_7291"
    given = {"source_account_id": CHECKING, "destination_account_id": "01"}
    assert "Insufficient funds" in call(place, name, {**given, "amount": 1000.01})
    text = call(place, name, {**given, "amount": 250})
    assert f"  - From: {CHECKING} (new balance: $750.00)\n" in text
    assert account(place, CHECKING)["current_holdings"] == "$750.00"
    assert account(place, "01")["current_holdings"] == "$250.00"
    same = {**given, "destination_account_id": CHECKING, "amount": 1}
    assert "cannot be the same" in call(place, name, same)
    assert "must be positive" in call(place, name, {**given, "amount": 0})
    assert "Must be a number" in call(place, name, {**given, "amount": "much"})


def test_a_card_is_paid_from_checking_up_to_its_debt() -> None:
    place = bank(current_holdings="900")
    name = "pay_credit_card_from_checking_9182"
    given = {
        "user_id": USER,
        "checking_account_id": CHECKING,
        "credit_card_account_id": CARD,
        "amount": 842.15,
    }
    assert "exceeds credit card balance ($842.15)" in call(place, name, {**given, "amount": 850})
    assert "Insufficient funds" in call(place, name, {**given, "amount": 901})
    stranger = {**given, "user_id": "123"}
    assert "does not belong to user '123'" in call(place, name, stranger)
    assert "  - New Credit Card Balance: $0.00\n" in call(place, name, given)
    assert account(place, CHECKING)["current_holdings"] == "57.85"
    assert "exceeds credit card balance ($0.00)" in call(place, name, {**given, "amount": 1})


@pytest.mark.parametrize(
    ("tool", "kind", "own", "other", "written"),
    [
        ("apply_checking_account_credit_5829", "rebate_credit", "checking", "savings", "$105.00"),
        ("apply_savings_account_credit_6831", "goodwill_credit", "savings", "checking", "105.00"),
    ],
)
def test_credits_go_to_their_class_of_account(
    tool: str, kind: str, own: str, other: str, written: str
) -> None:
    given = {"account_id": CHECKING, "amount": 5, "credit_type": kind}
    place = bank(**{"class": other, "current_holdings": 100})
    assert f"is not a {own} account" in call(place, tool, given)
    place = bank(**{"class": own, "current_holdings": 100})
    assert "Invalid credit_type" in call(place, tool, {**given, "credit_type": "gift"})
    assert "  - New Balance: $105.00" in call(place, tool, given)
    assert account(place, CHECKING)["current_holdings"] == written
    listed = call(place, "get_bank_account_transactions_9173", {"account_id": CHECKING})
    assert f"   type: {kind}\n" in listed


def test_transactions_are_listed_latest_first() -> None:
    rows = {
        key: {"account_id": "01", "date": date, "amount": 1.0}
        for key, date in {
            "a": "11/01/2025",
            "b": "bad",
            "c": "11/02/2025",
            "d": "11/01/2025",
        }.items()
    }
    place = bank({"bank_account_transaction_history": {"data": rows}})
    text = call(place, "get_bank_account_transactions_9173", {"account_id": "01"})
    order = [line.split()[-1] for line in text.splitlines() if "Record ID" in line]
    assert order == ["c", "a", "d", "b"]
    unknown = call(place, "get_bank_account_transactions_9173", {"account_id": "zz"})
    assert unknown == "Error: Account 'zz' not found."


@pytest.mark.parametrize(
    ("data", "approved"),
    [
        ({}, True),
        ({"transaction_disputes": {"data": {"d": {"user_id": USER, "status": "PENDING"}}}}, False),
        ({"transaction_disputes": {"data": {"d": {"user_id": USER, "status": "CLOSED"}}}}, True),
        (
            {
                "credit_card_orders": {
                    "data": {"o": {"credit_card_account_id": CARD, "status": "SHIPPED"}}
                }
            },
            False,
        ),
        ({"credit_card_accounts": {"data": {CARD: {"account_status": "past_due"}}}}, False),
    ],
)
def test_a_limit_rises_unless_something_is_open(data: dict[str, Any], approved: bool) -> None:
    place = bank(data)
    given = {"credit_card_account_id": CARD, "user_id": USER, "new_credit_limit": 7500}
    text = call(place, "approve_credit_limit_increase_5847", given)
    assert text.startswith("Credit limit increase approved!") == approved
    limit = place.agent.store["credit_card_accounts"][CARD].get("credit_limit")
    assert (limit == "$7500.00") == approved


def test_a_limit_request_is_whole_dollars_and_made_once() -> None:
    place, name = bank(), "submit_credit_limit_increase_request_7392"
    given = {"credit_card_account_id": CARD, "user_id": USER}
    assert "whole number of dollars" in call(
        place, name, {**given, "requested_increase_amount": 0.5}
    )
    assert "must be positive" in call(place, name, {**given, "requested_increase_amount": 0})
    asked = {**given, "requested_increase_amount": 2500}
    assert "  - Requested Increase: $2,500\n" in call(place, name, asked)
    assert call(place, name, asked) == "Error: A similar request may already exist."


def test_payments_are_counted_from_the_latest() -> None:
    rows = {
        str(month): {
            "credit_card_account_id": CARD,
            "payment_date": f"0{month}/15/2025",
            "amount": "$1",
            "status": "LATE" if month == 3 else "ON_TIME",
        }
        for month in range(1, 6)
    }
    place = bank({"payment_history": {"data": rows}})
    name, given = "get_payment_history_6183", {"credit_card_account_id": CARD}
    text = call(place, name, {**given, "months": 4})
    assert text.splitlines()[1] == "Consecutive on-time payments: 2"
    assert text.count("Payment Date") == 4
    assert "must be a positive integer" in call(place, name, {**given, "months": 0})


DISPUTE = {
    "transaction_id": "t",
    "card_action": "keep_active",
    "card_last_4_digits": "1",
    "full_name": "N",
    "user_id": USER,
    "phone": "p",
    "email": "e",
    "address": "a",
    "contacted_merchant": True,
    "purchase_date": "d",
    "issue_noticed_date": "d",
    "dispute_reason": "duplicate_charge",
    "resolution_requested": "partial_refund",
    "eligible_for_provisional_credit": False,
}


def test_a_credit_card_dispute_is_filed_once() -> None:
    place, name = bank(), "file_credit_card_transaction_dispute_4829"
    assert "partial_refund_amount is required" in call(place, name, DISPUTE)
    text = call(place, name, {**DISPUTE, "partial_refund_amount": 5})
    assert "Reason: Duplicate Charge\n" in text
    assert "Partial Refund Amount: $5.00\n" in text
    again = {**DISPUTE, "resolution_requested": "full_refund"}
    assert call(place, name, again).startswith("Error: Dispute may have already been filed")
    odd = {**DISPUTE, "card_action": "burn"}
    assert "['keep_active', 'cancel_and_reissue']" in call(place, name, odd)
    listed = call(place, "get_user_dispute_history_7291", {"user_id": USER})
    fields = [line.split(":")[0].strip() for line in listed.splitlines()]
    assert fields.index("partial_refund_amount") < fields.index("eligible_for_provisional_credit")


def test_missing_arguments_of_a_long_list_are_named_in_order() -> None:
    place, name = bank(), "file_credit_card_transaction_dispute_4829"
    text = call(place, name, {**DISPUTE, "colour": "red"})
    assert text.endswith(f"KnowledgeTools.{name}() got an unexpected keyword argument 'colour'")
    fewer = {key: value for key, value in DISPUTE.items() if key not in ("phone", "email")}
    assert "missing 2 required positional arguments: 'phone' and 'email'" in call(
        place, name, fewer
    )
    assert "got multiple values for argument 'self'" in call(place, name, {"self": 1})


def test_a_cash_back_dispute_is_settled_where_the_task_says_so() -> None:
    name, given = "submit_cash_back_dispute_0589", {"user_id": USER, "transaction_id": "t"}
    settled = {"task_config": {"data": {"dispute_settings": {"auto_resolve_disputes": True}}}}
    for place, status in ((bank(), "SUBMITTED"), (bank(settled), "RESOLVED")):
        give(place, name)
        assert f"Status: {status} - " in customer(place, name, given)
        assert "may have already been submitted" in customer(place, name, given)


def test_an_unknown_card_account_is_refused_but_a_broken_question_is_not() -> None:
    place, name = bank(), "apply_statement_credit_8472"
    given = {"user_id": USER, "amount": 5, "reason": "other"}
    unknown = call(place, name, {**given, "credit_card_account_id": "zz"})
    assert unknown == "Error: Credit card account 'zz' not found."
    broken = call(place, name, {**given, "credit_card_account_id": 'z"z'})
    assert broken.startswith("Statement credit applied successfully.")


def test_interest_reports_leave_no_trace() -> None:
    place = bank()
    before = place.agent.store["users"]
    given = {"account_id": CHECKING, "user_id": USER, "expected_apy": 2.5, "actual_apy": 2}
    text = call(place, "submit_interest_discrepancy_report_7294", {**given, "amount_difference": 1})
    assert "  - APY Difference: 0.5%\n" in text
    assert place.agent.store["users"] is before
    assert set(place.state()["agent"]) == {"agent_discoverable_tools"}
    wrong = {**given, "amount_difference": "some"}
    assert "must be numbers" in call(place, "submit_interest_discrepancy_report_7294", wrong)


def test_a_purchase_earns_points_by_category() -> None:
    place = bank()
    given = {
        "user_id": USER,
        "credit_card_type": "Silver Rewards Card",
        "merchant_name": "m",
        "amount": 99.99,
    }
    travel, error = place.respond("user", "submit_transaction", {**given, "category": "Travel"})
    assert not error
    assert "Rewards Earned: 399 points (4.0% cashback rate)" in travel
    food, error = place.respond("user", "submit_transaction", {**given, "category": "Food"})
    assert "Rewards Earned: 99 points (1.0% cashback rate)" in food
    listed = agent(place, "get_credit_card_transactions_by_user", user_id=USER)
    assert listed.count("merchant_name: m\n") == 2
    odd = {**given, "credit_card_type": "Tin Card", "category": "Food"}
    assert (
        "Unknown credit card type 'Tin Card'" in place.respond("user", "submit_transaction", odd)[0]
    )
