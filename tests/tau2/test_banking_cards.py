"""Unlisted tools for debit and credit cards: each rule with its failing twin."""

import json
from typing import Any

import pytest

from evaluators.tau2.worlds.banking_cards import SEQUENTIAL
from evaluators.tau2.worlds.banking_desk import KnowledgeTools
from evaluators.tau2.worlds.banking_ids import digest
from evaluators.tau2.worlds.banking_texts import Scan, Texts
from evaluators.tau2.worlds.world import World
from tests.tau2.banking_calls import answer, call, customer, give, unlock, world
from tests.tau2.data import needs_pack

pytestmark = needs_pack
USER, CHECKING, CREDIT = "u1", "a1", "cc1"
HOLDER = {"card_id": "c1", "last_4_digits": "1111", "expiration_date": "01/30", "cvv": "222"}


def card(place: World, card_id: str = "c1") -> Any:
    return place.agent.store["debit_cards"][card_id]


def bank(*cards: dict[str, Any], **account: Any) -> World:
    """A bank with one checking account of ours and these debit cards `c1`, `c2`, ..."""
    checking = {
        "user_id": USER,
        "class": "checking",
        "level": "Blue Account",
        "date_opened": "01/01/2024",
        "status": "OPEN",
        "current_holdings": "1,000",
    }
    ours = {"account_id": CHECKING, "user_id": USER, "last_4_digits": "1111", "status": "ACTIVE"}
    listed = {f"c{n}": {"card_id": f"c{n}", **ours, **own} for n, own in enumerate(cards, 1)}
    return world(
        {
            "users": {"data": {USER: {"name": "Ann Lee"}}},
            "accounts": {"data": {CHECKING: {**checking, **account}}},
            "debit_cards": {"data": listed},
            "credit_card_accounts": {"data": {CREDIT: {"account_id": CREDIT, "user_id": USER}}},
        }
    )


@pytest.mark.parametrize(
    ("reason", "tool", "status"),
    [
        ("first_card", "activate_debit_card_8291", "DEACTIVATED"),
        ("fraud", "activate_debit_card_8292", "DEACTIVATED"),
        ("expired", "activate_debit_card_8293", "GRACE_PERIOD"),
    ],
)
def test_each_kind_of_card_has_its_tool(reason: str, tool: str, status: str) -> None:
    place = bank({"status": "PENDING", "issue_reason": reason}, {}, {"account_id": "other"})
    for wrong in ("activate_debit_card_8291", "activate_debit_card_8292"):
        if wrong != tool:
            text = call(place, wrong, {**HOLDER, "pin": "9182"})
            assert text.endswith(f"Please use {tool} instead of {wrong}.")
    assert "Activation Successful" in call(place, tool, {**HOLDER, "pin": "9182"})
    assert [card(place, f"c{n}")["status"] for n in (1, 2, 3)] == ["ACTIVE", status, "ACTIVE"]
    assert "is already active" in call(place, tool, {**HOLDER, "pin": "9182"})


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("pin", "1234", "PIN cannot be sequential"),
        ("pin", "7777", "PIN cannot be all the same digit"),
        ("pin", "12a4", "PIN must be exactly 4 digits."),
        ("cvv", "22", "CVV must be exactly 3 digits."),
        ("last_4_digits", "1112", "Card verification failed."),
        ("last_4_digits", "11", "Last 4 digits must be exactly 4 digits."),
        ("card_id", "zz", "Debit card 'zz' not found."),
        ("cvv", "", "Missing required parameters. Required: card_id, last_4_digits"),
    ],
)
def test_a_card_is_activated_by_its_holder(field: str, value: str, text: str) -> None:
    place = bank({"status": "PENDING"})
    given = {**HOLDER, "pin": "9182", field: value}
    assert call(place, "activate_debit_card_8291", given).startswith(f"Error: {text}")
    assert card(place)["status"] == "PENDING"


def test_a_card_of_a_closed_account_stays_as_it_is() -> None:
    pending, frozen = bank({"status": "PENDING"}, status="CLOSED"), bank({"status": "FROZEN"})
    assert "no longer open. Card cannot be activated." in call(
        pending, "activate_debit_card_8291", {**HOLDER, "pin": "9182"}
    )
    assert "Unfrozen Successfully" in call(frozen, "unfreeze_debit_card_3893", {"card_id": "c1"})
    shut = bank({"status": "FROZEN"}, status="CLOSED")
    assert "cannot be unfrozen" in call(shut, "unfreeze_debit_card_3893", {"card_id": "c1"})


def test_a_number_for_a_pin_is_an_error_of_the_call() -> None:
    place = bank({"status": "PENDING"})
    unlock(place, "activate_debit_card_8291")
    given = {
        "agent_tool_name": "activate_debit_card_8291",
        "arguments": json.dumps({**HOLDER, "pin": 9182}),
    }
    text, error = answer(place, "agent", "call_discoverable_agent_tool", given)
    assert (text, error) == ("Error: 'float' object has no attribute 'isdigit'", True)


def test_there_are_fourteen_runs_of_four() -> None:
    assert len(SEQUENTIAL) == 14
    assert {"0123", "6789", "3210", "9876"} <= SEQUENTIAL


def test_freezing_and_unfreezing_take_turns() -> None:
    place, given = bank({}), {"card_id": "c1"}
    assert "is already active" in call(place, "unfreeze_debit_card_3893", given)
    assert "Frozen Successfully" in call(place, "freeze_debit_card_3892", given)
    assert "is already frozen" in call(place, "freeze_debit_card_3892", given)
    assert "Unfrozen Successfully" in call(place, "unfreeze_debit_card_3893", given)
    closed = bank({"status": "CLOSED"})
    assert "Only ACTIVE cards can be frozen." in call(closed, "freeze_debit_card_3892", given)
    assert "Only FROZEN cards" in call(closed, "unfreeze_debit_card_3893", given)


@pytest.mark.parametrize(
    ("fields", "reason", "cleared"),
    [
        ({"fraud_alert_active": True}, "customer_verified", True),
        ({"fraud_alert_active": True}, "velocity_clear", False),
        (
            {"fraud_alert_active": True, "alert_source": "bank_initiated"},
            "customer_verified",
            False,
        ),
        ({"velocity_blocked": True}, "velocity_clear", True),
        ({}, "customer_verified", False),
        ({"velocity_blocked": True}, "asked", False),
    ],
)
def test_alerts_are_cleared_by_their_reason(
    fields: dict[str, Any], reason: str, cleared: bool
) -> None:
    place = bank(fields)
    given = {"card_id": "c1", "reason": reason}
    text = call(place, "clear_debit_card_fraud_alert_4892", given)
    assert ("Cleared Successfully" in text) == cleared
    assert text.startswith("Error: ") != cleared


def test_pins_are_reset_with_the_digits_and_changed_with_the_old_pin() -> None:
    place = bank({"pin_locked": True})
    reset = {"card_id": "c1", "last_4_digits": "1112", "new_pin": "9182"}
    assert "verification failed" in call(place, "reset_debit_card_pin_6284", reset)
    assert card(place)["pin_locked"]
    reset["last_4_digits"] = "1111"
    assert "PIN Reset Successfully" in call(place, "reset_debit_card_pin_6284", reset)
    assert not card(place)["pin_locked"]
    change = {"card_id": "c1", "current_pin": "9182", "new_pin": "9182"}
    assert "must be different" in call(place, "change_debit_card_pin_6285", change)
    change["new_pin"] = "4827"
    assert "PIN Changed Successfully" in call(place, "change_debit_card_pin_6285", change)
    frozen = bank({"status": "FROZEN"})
    assert "Card status is FROZEN" in call(frozen, "change_debit_card_pin_6285", change)


def test_a_closed_card_stays_closed() -> None:
    place, given = bank({}), {"card_id": "c1", "reason": "STOLEN"}
    text = call(place, "close_debit_card_4721", given)
    assert "Closure Reason: Stolen\n" in text
    assert "immediately deactivated for security" in text
    assert "Current status: CLOSED" in call(place, "close_debit_card_4721", given)
    kept = call(bank({}), "close_debit_card_4721", {**given, "reason": "no_longer_needed"})
    assert "deactivated for security" not in kept


def test_recurring_payments_of_active_cards_are_blocked() -> None:
    place, given = bank({}), {"card_id": "c1", "block_recurring": True}
    assert "BLOCKED" in call(place, "set_debit_card_recurring_block_7382", given)
    assert card(place)["recurring_blocked"] is True
    given["block_recurring"] = False
    assert "UNBLOCKED" in call(place, "set_debit_card_recurring_block_7382", given)
    frozen = bank({"status": "FROZEN"})
    assert "Card must be ACTIVE" in call(frozen, "set_debit_card_recurring_block_7382", given)


@pytest.mark.parametrize(
    ("fields", "account", "kind", "limit", "granted"),
    [
        ({}, {}, "atm", 750, True),
        ({}, {}, "atm", 751, False),
        ({}, {}, "atm", 500, False),
        ({}, {}, "atm", 600.5, False),
        ({}, {}, "purchase", 600, False),
        ({"daily_purchase_limit": 1000}, {}, "purchase", 1500, True),
        ({"daily_atm_limit": 100}, {}, "atm", 150, True),
        ({}, {"level": "Light Green Account"}, "atm", 160, False),
        ({}, {"level": "Odd Account"}, "atm", 160, False),
        ({}, {"date_opened": "09/16/2025"}, "atm", 750, False),
        ({}, {"date_opened": "09/15/2025"}, "atm", 750, True),
        ({"status": "FROZEN"}, {}, "atm", 750, False),
        ({}, {"status": "CLOSED"}, "atm", 750, False),
        ({}, {}, "weekly", 750, False),
    ],
)
def test_limits_rise_for_a_day_by_half(
    fields: dict[str, Any], account: dict[str, Any], kind: str, limit: float, granted: bool
) -> None:
    place = bank(fields, **account)
    given = {"card_id": "c1", "limit_type": kind, "new_limit": limit}
    text = call(place, "request_temporary_debit_card_limit_increase_8374", given)
    assert ("Increase Granted Successfully" in text) == granted
    assert (card(place).get(f"daily_{kind}_limit") == limit) == granted


def test_the_cards_of_an_account_are_listed_latest_first() -> None:
    old = {"issue_date": "01/01/2024"}
    place = bank(old, {"created_date": "02/01/2024", "account_id": CHECKING})
    name, given = "get_debit_cards_by_account_id_7823", {"account_id": CHECKING}
    cards = json.loads(call(place, name, given))
    assert [c["date_issued"] for c in cards] == ["02/01/2024", "01/01/2024"]
    assert cards[0]["card_number_last_4"] == "1111"
    assert "last_4_digits" not in cards[0]
    assert call(bank(), name, given) == f"No debit cards found for account '{CHECKING}'."
    assert "is not a checking account" in call(bank(**{"class": "savings"}), name, given)


ORDER = {
    "account_id": CHECKING,
    "user_id": USER,
    "delivery_option": "rush",
    "delivery_fee": 25,
    "card_design": "classic",
    "design_fee": 0,
    "shipping_address": "s",
}


def test_an_ordered_card_is_paid_and_pending() -> None:
    place = bank({"status": "CLOSED", "closure_reason": "fraud_suspected"})
    text = call(place, "order_debit_card_5739", ORDER)
    assert "Total Fees: $25.00 (Delivery: $25.0) - CHARGED to account a1" in text
    assert text.endswith("New Account Balance: $975.00")
    made = card(place, f"dbc_{digest('debit_card:a1:u1:11/14/2025', 12)}")
    assert (made["status"], made["issue_reason"]) == ("PENDING", "fraud")
    assert (made["cardholder_name"], made["expiration_date"]) == ("ANN LEE", "11/30/2029")
    assert (len(made["last_4_digits"]), len(made["cvv"])) == (4, 3)
    history = call(place, "get_bank_account_transactions_9173", {"account_id": CHECKING})
    assert "   description: DEBIT CARD ORDER FEE - Delivery $25.0\n   amount: -25.0\n" in history
    assert "already a pending debit card order" in call(place, "order_debit_card_5739", ORDER)


@pytest.mark.parametrize(
    ("cards", "account", "given", "text"),
    [
        ([{}], {}, {}, "already has an active debit card"),
        ([], {"current_holdings": "24.99"}, {}, "minimum balance of $25"),
        ([], {"current_holdings": "$900"}, {}, "Current balance: $0.00"),
        ([], {"current_holdings": "30"}, {"design_fee": 10}, "Total fees: $35.00"),
        ([], {"class": "savings"}, {}, "is a savings account"),
        ([], {"status": "ACTIVE"}, {}, "has status: ACTIVE"),
        ([], {}, {"user_id": "123"}, "does not belong to user '123'"),
        ([], {}, {"delivery_option": "PIGEON"}, "['STANDARD', 'EXPEDITED', 'RUSH']"),
        ([], {}, {"delivery_fee": "free"}, "delivery_fee must be a number."),
        ([], {}, {"delivery_fee": None}, "Missing required parameters. Required: account_id"),
        ([], {}, {"account_id": "zz"}, "Account 'zz' not found."),
    ],
)
def test_a_card_that_cannot_be_ordered_costs_nothing(
    cards: list[dict[str, Any]], account: dict[str, Any], given: dict[str, Any], text: str
) -> None:
    place = bank(*cards, **account)
    assert text in call(place, "order_debit_card_5739", {**ORDER, **given})
    assert set(place.state()["agent"]) == {"agent_discoverable_tools"}


def test_a_debit_dispute_names_what_is_missing() -> None:
    flags = ["card_in_possession", "contacted_merchant", "police_report_filed"]
    given = {
        "transaction_id": "t",
        "account_id": CHECKING,
        "card_id": "c1",
        "user_id": USER,
        "dispute_category": "card_present_fraud",
        "transaction_date": "d",
        "discovery_date": "d",
        "disputed_amount": 501,
        "transaction_type": "atm_withdrawal",
        **dict.fromkeys(flags, False),
        "pin_compromised": "yes_shared",
        "written_statement_provided": True,
        "provisional_credit_eligible": True,
        "customer_max_liability_amount": -1,
        "card_action": "close_and_reissue",
    }
    place, name = bank({}), "file_debit_card_transaction_dispute_6281"
    assert "required boolean fields" in call(place, name, {**given, "contacted_merchant": None})
    liability = {**given, "customer_max_liability_amount": None}
    assert "customer_max_liability_amount is required." in call(place, name, liability)
    assert "must be a positive number" in call(place, name, {**given, "disputed_amount": -1})
    text = call(place, name, given)
    assert "Provisional Credit: ISSUED - $501.00 credited" in text
    assert "PIN was shared voluntarily" in text
    assert "filing a police report is recommended" in text
    listed = call(place, "get_debit_dispute_status_7483", {"user_id": USER})
    assert "   provisional_credit_amount: 501.0\n" in listed
    assert "may have already been filed" in call(place, name, given)


def test_deposits_are_photographed_at_our_machines_only() -> None:
    deposit = {"type": "atm_deposit", "description": "ATM DEPOSIT RHO-BANK", "amount": -5}
    rows = {
        "shot": deposit,
        "other": deposit,
        "away": {**deposit, "description": "CHASE"},
        "buy": {**deposit, "type": "debit_card_purchase"},
    }
    place = world({"bank_account_transaction_history": {"data": rows}})
    assert isinstance(place.agent, KnowledgeTools)
    place.agent.texts = Texts(scans={"shot": Scan("ATM #1", "\nONE CHECK\n", "All there.")})
    name = "get_atm_deposit_images_8473"
    texts = {key: call(place, name, {"transaction_id": key}) for key in (*rows, "none")}
    assert texts["shot"].endswith(
        "Transaction ID: shot\nATM: ATM #1\nDeposit Date: Unknown\n\n\nONE CHECK\n\n\n"
        "--- VERIFICATION NOTES ---\nAll there.\n"
    )
    assert "Amount Recorded: $5.00" in texts["other"]
    assert "IMAGES NOT AVAILABLE" in texts["other"]
    assert "third-party ATM" in texts["away"]
    assert "is not an ATM deposit" in texts["buy"]
    assert texts["none"] == "Error: Transaction 'none' not found."


def test_a_replaced_credit_card_is_closed() -> None:
    place, name = bank(), "order_replacement_credit_card_7291"
    given = {"credit_card_account_id": CREDIT, "user_id": USER, "shipping_address": "s"}
    assert "Invalid reason" in call(place, name, {**given, "reason": "bored"})
    text = call(place, name, {**given, "reason": "lost", "expedited_shipping": True})
    assert "Expected Delivery: 2-3 business days" in text
    assert place.agent.store["credit_card_accounts"][CREDIT]["status"] == "CLOSED"
    assert "may have already been placed" in call(place, name, {**given, "reason": "lost"})
    orders = call(place, "get_pending_replacement_orders_5765", {"credit_card_account_id": CREDIT})
    assert "   status: ORDERED\n" in orders


def test_flags_are_applied_once() -> None:
    place, name = bank(), "apply_credit_card_account_flag_6147"
    given = {"credit_card_account_id": CREDIT, "user_id": USER, "expiration_date": "d"}
    given |= {"flag_type": "annual_fee_waived", "reason": "retention_offer"}
    assert "Flag Type: Annual Fee Waived" in call(place, name, given)
    assert "may already exist" in call(place, name, given)
    assert "Invalid flag_type" in call(place, name, {**given, "flag_type": "x"})


def test_digits_of_a_credit_card_follow_from_its_account() -> None:
    place, name = bank(), "get_card_last_4_digits"
    give(place, name)
    texts = [customer(place, name, {"credit_card_account_id": CREDIT}) for _ in range(2)]
    assert texts[0] == texts[1]
    assert texts[0].splitlines()[-1].startswith("Last 4 digits of card: ")
    assert "not found" in customer(place, name, {"credit_card_account_id": "zz"})
