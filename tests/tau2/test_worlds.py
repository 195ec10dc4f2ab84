"""Airline, retail and mock: whatever is called, nothing escapes and the rules of state hold."""

import json
import random
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.tau2.pack import root
from evaluators.tau2.tasks import rows_of
from evaluators.tau2.worlds.domain import Domain, domain
from evaluators.tau2.worlds.world import World
from harness.faults import ModelFault, UserMistake
from harness.types import Role
from tests.tau2.data import needs_pack

pytestmark = needs_pack
DOMAINS = ("airline", "retail", "mock")
ODD = [None, True, -1, 0, 2, 1.5, "", "x", "2", [], {}, ["a"], {"a": 1}, [{}, 1], float("inf")]


@cache
def schemas() -> Any:
    return json.loads((root() / "tool_schemas.json").read_text())


@cache
def gold_calls(name: str) -> list[tuple[Role, str, Mapping[str, Any]]]:
    roles: dict[str, Role] = {"assistant": "agent", "user": "user"}
    return [
        (roles[action.get("requestor", "assistant")], action["name"], action["arguments"])
        for row in rows_of(name).values()
        for action in (row["evaluation_criteria"] or {}).get("actions") or ()
    ]


def odd_call(name: str, rng: random.Random) -> tuple[Role, str, dict[str, Any]]:
    """A gold call, often with something wrong about it."""
    role, tool, given = rng.choice(gold_calls(name))
    arguments = json.loads(json.dumps(given))
    twist = rng.randrange(6)
    if arguments and twist < 3:
        key = rng.choice(sorted(arguments))
        if twist == 0:
            arguments[key] = rng.choice(ODD)
        elif twist == 1:
            del arguments[key]
        elif isinstance(arguments[key], list) and arguments[key]:
            arguments[key][0] = rng.choice(ODD)
    elif twist == 3:
        arguments[rng.choice(["extra", "self", "requestor"])] = 1
    elif twist == 4:
        tool = rng.choice([tool + "_x", "calculate", "transfer_to_human_agents"])
    return role, tool, arguments


def fresh(name: str) -> tuple[Domain, World]:
    found = domain(name)
    return found, found.world({})


@pytest.mark.parametrize("name", DOMAINS)
@given(st.integers(0, 2**32), st.integers(1, 8))
@settings(max_examples=60)
def test_any_calls_keep_the_invariants(name: str, seed: int, length: int) -> None:
    rng = random.Random(seed)
    found, world = fresh(name)
    for _ in range(length):
        role, tool, arguments = odd_call(name, rng)
        before = json.dumps(world.state())
        text, error = world.respond(role, tool, arguments)
        assert isinstance(text, str)
        assert text.startswith("Error: ") or not error
        if not world.knows(tool) or not world.mutates(tool):
            assert json.dumps(world.state()) == before
    state = json.loads(json.dumps(world.state()))
    again = found.restored({}, state)
    assert again.state() == world.state()
    assert found.world({}).state() == {}


@pytest.mark.parametrize("name", DOMAINS)
def test_the_delta_gives_back_the_official_hash(name: str) -> None:
    rng = random.Random(1)
    found, world = fresh(name)
    untouched = world.digests()
    for _ in range(30):
        world.respond(*odd_call(name, rng))
    assert found.restored({}, json.loads(json.dumps(world.state()))).digests() == world.digests()
    assert world.digests() != untouched
    assert found.world({}).digests() == untouched


@pytest.mark.parametrize("name", DOMAINS)
def test_declared_tools_are_the_official_ones(name: str) -> None:
    world = fresh(name)[1]
    for side, kit in (("agent", world.agent), ("user", world.user)):
        official = schemas()[name]["types"].get(side, {})
        kinds = {} if kit is None else {tool: d.kind for tool, d in kit.declared.items()}
        assert kinds == official
        offered = [tool.name for tool in world.tools(side, 1)]  # type: ignore[arg-type]
        assert offered == [tool["function"]["name"] for tool in schemas()[name][side]]


def test_a_write_may_change_state_before_it_fails() -> None:
    """A fraction of a bag: the gift card is charged, then the payment is refused (official)."""
    world = fresh("airline")[1]
    for reservation in world.agent.store["reservations"].values():
        methods = world.agent.store["users"][reservation["user_id"]]["payment_methods"]
        cards = [m for m in methods.values() if m["source"] == "gift_card" and m["amount"] > 5]
        if cards and reservation["nonfree_baggages"] == 0:
            break
    arguments = {
        "reservation_id": reservation["reservation_id"],
        "total_baggages": 1,
        "nonfree_baggages": 0.05,
        "payment_id": cards[0]["id"],
    }
    before = cards[0]["amount"]
    text, error = world.respond("agent", "update_reservation_baggages", arguments)
    assert error
    assert "1 validation error for Payment" in text
    changed = world.agent.store["users"][reservation["user_id"]]["payment_methods"]
    assert changed[cards[0]["id"]]["amount"] == before - 2.5


def test_initial_data_makes_both_sides_share_one_database() -> None:
    data = {"agent_data": {"users": {"user_9": {"user_id": "user_9", "name": "N", "tasks": []}}}}
    row = {"initial_state": {"initialization_data": data}}
    world = domain("mock").world(row)
    assert world.respond("agent", "create_task", {"user_id": "user_9", "title": "T"})[1] is False
    text, error = world.respond("user", "check_notifications", {})
    assert (text, error) == ("Error: 'MockDB' object has no attribute 'notifications'", True)
    assert world.digests()[0] == world.digests()[1]
    state = json.loads(json.dumps(world.state()))
    assert domain("mock").restored(row, state).digests() == world.digests()
    assert domain("mock").world({}).digests()[0] != world.digests()[0]


@pytest.mark.parametrize(
    "state",
    [
        {"initialization_data": {"agent_data": {"users": 5}}},
        {"initialization_data": {"agent_data": {"unknown_table": {}}}},
        {"initialization_actions": [{"env_type": "user", "func_name": "fly", "arguments": {}}]},
        {"initialization_actions": [{"env_type": "user", "func_name": "add_notification"}]},
    ],
)
def test_an_initial_state_that_does_not_fit_is_a_fault(state: Any) -> None:
    with pytest.raises(ModelFault, match="initial state"):
        domain("mock").world({"initial_state": state})


def test_a_task_may_offer_the_user_fewer_tools() -> None:
    offered = domain("mock").world({"user_tools": ["check_notifications"]}).tools("user", 1)
    assert [tool.name for tool in offered] == ["check_notifications"]
    assert domain("mock").world({"user_tools": []}).tools("user", 1) == ()
    assert domain("mock").world({"user_tools": ["no_such_tool"]}).tools("user", 1) == ()


def test_wrong_names_are_told_in_one_line() -> None:
    with pytest.raises(UserMistake, match="unknown tau2 domain 'hotel'"):
        domain("hotel")
    with pytest.raises(UserMistake, match="no solo mode"):
        domain("retail").world({}, solo=True)
