"""Telecom by hand: what one side does to the other, odd arguments, and both modes."""

import json
from typing import Any

import pytest

from evaluators.tau2.tasks import load_tasks
from evaluators.tau2.worlds.domain import domain
from evaluators.tau2.worlds.telecom import TelecomWorld
from harness.faults import ModelFault, UserMistake
from harness.types import Role
from tests.tau2.data import needs_pack

pytestmark = needs_pack

ME = [
    {
        "env_type": "user",
        "func_name": "set_user_info",
        "arguments": {"name": "John Smith", "phone_number": "555-123-2002"},
    }
]
LINE = {"customer_id": "C1001", "line_id": "L1002"}
OVERDUE_CHECK = {"customer_id": "C1001", "overdue_bill_id": "B77"}
OVERDUE: dict[str, Any] = {
    "env_type": "assistant",
    "func_name": "suspend_line_for_overdue_bill",
    "arguments": {**LINE, "new_bill_id": "B77", "contract_ended": False},
}


def world(*actions: object, solo: bool = False) -> TelecomWorld:
    made = domain("telecom").world(
        {"initial_state": {"initialization_actions": [*ME, *actions]}}, solo=solo
    )
    assert isinstance(made, TelecomWorld)
    return made


def ask(place: TelecomWorld, role: Role, tool: str, **arguments: object) -> str:
    text, error = place.respond(role, tool, arguments)
    assert not error, text
    return text


def fault(place: TelecomWorld, role: Role, tool: str, **arguments: object) -> str:
    text, error = place.respond(role, tool, arguments)
    assert error, text
    return text


def holds(place: TelecomWorld, side: str, name: str, **arguments: object) -> bool:
    return place.check({"env_type": side, "func_name": name, "arguments": arguments})


def action(name: str, side: str = "user", /, **arguments: object) -> dict[str, object]:
    return {"env_type": side, "func_name": name, "arguments": arguments}


def test_suspending_a_line_cuts_the_phone_off_when_it_looks_again() -> None:
    place = world()
    assert "Suspended" in ask(place, "agent", "suspend_line", **LINE, reason="asked")
    assert "Good" in ask(place, "user", "check_status_bar")  # it has not looked yet
    assert "No Signal" in ask(place, "user", "reboot_device")
    assert not holds(place, "user", "assert_service_status", expected_status="connected")
    assert "resumed successfully" in ask(place, "agent", "resume_line", **LINE)
    assert "Excellent" in ask(place, "user", "reboot_device")
    assert holds(place, "user", "assert_service_status", expected_status="connected")


def test_a_line_is_suspended_and_resumed_once() -> None:
    place = world()
    assert fault(place, "agent", "resume_line", **LINE) == (
        "Error: Line must be suspended to resume"
    )
    ask(place, "agent", "suspend_line", **LINE, reason="asked")
    assert fault(place, "agent", "suspend_line", **LINE, reason="again") == (
        "Error: Line must be active to suspend"
    )


def test_a_payment_goes_from_desk_to_phone_and_back() -> None:
    place = world(OVERDUE)
    assert ask(place, "user", "check_payment_request") == "No payment request has been made."
    assert ask(place, "user", "make_payment") == "You do not have a payment request."
    ask(place, "agent", "send_payment_request", customer_id="C1001", bill_id="B77")
    request = "You have a payment request for bill B77 of 65.0 USD."
    assert ask(place, "user", "check_payment_request") == request
    assert not holds(place, "assistant", "assert_no_overdue_bill", overdue_bill_id="B77")
    second = {"customer_id": "C1001", "bill_id": "B1002"}
    assert fault(place, "agent", "send_payment_request", **second) == (
        "Error: A bill is already awaiting payment for this customer"
    )
    paid = "Payment of 65.0 USD has been made for bill B77."
    assert ask(place, "user", "make_payment") == paid
    assert holds(place, "assistant", "assert_no_overdue_bill", overdue_bill_id="B77")
    assert ask(place, "user", "check_payment_request") == "No payment request has been made."
    ask(place, "agent", "send_payment_request", **second)


def test_gold_actions_run_without_synchronising() -> None:
    place = world(OVERDUE)
    place.use("agent", "send_payment_request", {"customer_id": "C1001", "bill_id": "B77"})
    assert place.use("user", "make_payment", {}) == "You do not have a payment request."
    place.sync()
    assert "made for bill B77" in place.use("user", "make_payment", {})
    assert place.agent.ledger.find("bills", "B77")["status"] == "Awaiting Payment"
    place.sync()
    assert place.agent.ledger.find("bills", "B77")["status"] == "Paid"


def test_data_stops_at_the_limit_and_returns_with_a_refuel() -> None:
    place = world(action("set_data_usage", "assistant", **LINE, data_used_gb=15.1))
    assert ask(place, "user", "run_speed_test") == "Speed test failed: No Connection."
    text = ask(place, "agent", "refuel_data", **LINE, gb_amount=2.0)
    assert '"charge": "4.0"' in text
    assert ask(place, "user", "run_speed_test").startswith("Speed Test Result: 220.00 Mbps")
    assert holds(place, "assistant", "assert_data_refueling_amount", **LINE, expected_amount=2.0)
    draft = place.agent.ledger.find("bills", "B1003")
    assert draft["total_due"] == 4.0
    assert draft["line_items"][0]["description"] == "Data refueling: 2.0 GB at $2.0/GB"


def test_a_refuel_that_fails_charges_nothing() -> None:
    place = world()
    before = place.digests()
    assert "must be positive" in fault(place, "agent", "refuel_data", **LINE, gb_amount=0)
    assert "not supported" in fault(place, "agent", "refuel_data", **LINE, gb_amount="2")
    assert place.digests() == before


def test_a_new_bill_has_the_same_id_in_every_replay() -> None:
    def refuelled(amount: float) -> tuple[str, str | None]:
        place = world()
        other = {"customer_id": "C1003", "line_id": "L1009"}
        ask(place, "agent", "refuel_data", **other, gb_amount=amount)
        assert "Draft" in ask(place, "agent", "get_bills_for_customer", customer_id="C1003")
        return place.digests()

    assert refuelled(1) == refuelled(1)
    assert refuelled(1) != refuelled(2)


@pytest.mark.parametrize("bill_id", ["B0", "BZ"])
def test_bills_come_back_in_the_order_they_were_made(bill_id: str) -> None:
    opened = {**OVERDUE, "arguments": {**OVERDUE["arguments"], "new_bill_id": bill_id}}
    place = world(opened)
    ask(place, "agent", "refuel_data", customer_id="C1003", line_id="L1009", gb_amount=1)
    state = json.loads(json.dumps(place.state()))
    assert domain("telecom").restored({}, state).digests() == place.digests()


def test_abroad_both_sides_must_allow_roaming() -> None:
    place = world(action("set_user_location", abroad=True), action("turn_roaming_off"))
    works = {"expected_status": True}
    assert not holds(place, "user", "assert_mobile_data_status", **works)
    ask(place, "user", "toggle_roaming")
    assert holds(place, "user", "assert_mobile_data_status", **works)
    assert ask(place, "agent", "disable_roaming", **LINE) == "Roaming disabled successfully"
    assert not holds(place, "user", "assert_mobile_data_status", **works)
    assert ask(place, "agent", "disable_roaming", **LINE) == "Roaming was already disabled"


@pytest.mark.parametrize(
    ("trouble", "remedy"),
    [
        ("unseat_sim_card", ["reseat_sim_card"]),
        ("break_apn_settings", ["reset_apn_settings", "reboot_device"]),
        ("turn_airplane_mode_on", ["toggle_airplane_mode"]),
    ],
)
def test_troubles_have_remedies(trouble: str, remedy: list[str]) -> None:
    place = world(action(trouble))
    assert holds(place, "user", "assert_service_status", expected_status="no_service")
    for tool in remedy[:-1]:
        ask(place, "user", tool)
        assert holds(place, "user", "assert_service_status", expected_status="no_service")
    ask(place, "user", remedy[-1])
    assert holds(place, "user", "assert_service_status", expected_status="connected")


def test_a_locked_sim_has_no_remedy() -> None:
    place = world(action("lock_sim_card", mode="pin"))
    assert ask(place, "user", "check_sim_status") == "The SIM card is locked with a PIN code."
    for tool in ("reseat_sim_card", "reboot_device", "toggle_airplane_mode"):
        ask(place, "user", tool)
    assert holds(place, "user", "assert_service_status", expected_status="no_service")


def test_picture_messages_need_permissions_and_more_than_2g() -> None:
    place = world(
        action("remove_app_permission", app_name="messaging", permission="sms"),
        action("set_network_mode_preference", mode="2g_only"),
    )
    can, cannot = "Your messaging app can send", "Your messaging app cannot send"
    granted = ask(place, "user", "grant_app_permission", app_name="messaging", permission="SMS")
    assert granted.startswith("Success. Permission 'sms' granted")
    assert ask(place, "user", "can_send_mms").startswith(cannot)
    ask(place, "user", "set_network_mode_preference", mode="4g_only")
    assert ask(place, "user", "can_send_mms").startswith(can)
    wrong = ask(place, "user", "grant_app_permission", app_name="messaging", permission="camera")
    assert "available permissions: ['sms', 'storage', 'phone', 'network']" in wrong


def test_a_wrong_text_is_refused_but_a_wrong_type_is_stored() -> None:
    place = world()
    before = place.digests()
    text = ask(place, "user", "set_network_mode_preference", mode="6g")
    assert text.startswith("Failed to set network mode: '6g' is not a valid option.")
    assert place.digests() == before
    assert fault(place, "user", "set_network_mode_preference", mode=6) == (
        "Error: 'int' object has no attribute 'value'"
    )
    assert place.digests() != before
    assert "has no attribute 'value'" in fault(place, "user", "check_network_mode_preference")


def test_apn_settings_that_are_no_settings_break_the_phone() -> None:
    place = world()
    assert "no attribute 'apn_name'" in fault(
        place, "user", "set_apn_settings", apn_settings="internet"
    )
    assert "no attribute 'reset_at_reboot'" in fault(place, "user", "reboot_device")
    assert "no attribute 'mmsc_url'" in fault(place, "user", "can_send_mms")
    assert ask(place, "user", "check_vpn_status") == "VPN is turned OFF."
    text = ask(place, "user", "set_apn_settings", apn_settings={"mms_port": "80"})
    assert text.startswith("APN settings set to: internet")
    assert ask(place, "user", "can_send_mms").startswith("Your messaging app can send")


def test_apn_settings_are_validated() -> None:
    place = world()
    before = place.digests()
    text = fault(place, "user", "set_apn_settings", apn_settings={"apn_name": "x", "y": 1})
    assert text.startswith("Error: 2 validation errors for APNSettings\napn_name\n")
    assert "Input should be 'internet' or 'broken' [type=enum" in text
    assert place.digests() == before


def test_the_vpn_slows_the_phone() -> None:
    place = world()
    assert ask(place, "user", "connect_vpn").startswith("VPN connected successfully.")
    assert ask(place, "user", "connect_vpn") == "VPN already connected."
    assert "<PerformanceLevel.POOR: 'poor'>" in ask(place, "user", "check_vpn_status")
    assert "22.00 Mbps (Fair)" in ask(place, "user", "run_speed_test")
    ask(place, "user", "disconnect_vpn")
    assert "220.00 Mbps (Excellent)" in ask(place, "user", "run_speed_test")


def test_sides_have_their_own_tools() -> None:
    place = world()
    assert fault(place, "agent", "toggle_data") == "Error: Tool 'toggle_data' not found."
    assert fault(place, "user", "enable_roaming", **LINE) == (
        "Error: Tool 'enable_roaming' not found."
    )


def test_alone_the_agent_holds_the_phone() -> None:
    place = world(solo=True)
    assert ask(place, "agent", "toggle_data").startswith("Mobile Data is now OFF.")
    assert "not allowed in solo mode" in fault(place, "user", "toggle_data")
    assert len(place.tools("agent", 1)) == 43
    assert place.tools("user", 1) == ()
    assert len(world().tools("agent", 1)) == 13


def test_assertions_that_raise_are_faults() -> None:
    place = world()
    with pytest.raises(ModelFault, match="not a valid NetworkStatus"):
        holds(place, "user", "assert_service_status", expected_status="perfect")
    with pytest.raises(ModelFault, match="assert_overdue_bill_exists"):
        holds(place, "assistant", "assert_overdue_bill_exists", **OVERDUE_CHECK)
    assert holds(world(OVERDUE), "assistant", "assert_overdue_bill_exists", **OVERDUE_CHECK)


def test_an_unknown_phone_number_is_a_fault_of_the_task() -> None:
    wrong = action("set_user_info", name="N", phone_number="000")
    with pytest.raises(ModelFault, match="Line with phone number 000 not found"):
        world(wrong)


def test_initial_data_is_refused() -> None:
    row = {"initial_state": {"initialization_data": {"agent_data": {}}}}
    with pytest.raises(ModelFault, match="initialization_data"):
        domain("telecom").world(row)


def test_policies_of_both_forms_and_modes() -> None:
    texts = {
        (form, solo): domain("telecom", policy=form).policy(solo)
        for form in ("manual", "workflow")
        for solo in (False, True)
    }
    assert len(set(texts.values())) == 4
    assert len(texts["manual", False]) == 23318  # as the official environment builds it
    assert len(texts["manual", True]) == 22819
    with pytest.raises(UserMistake, match="manual, workflow"):
        domain("telecom", policy="x")


def test_splits_have_their_official_sizes() -> None:
    sizes = {split: len(load_tasks("telecom", split)) for split in ("base", "small", "full")}
    assert sizes == {"base": 114, "small": 20, "full": 2285}
