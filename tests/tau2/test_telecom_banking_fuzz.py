"""Telecom and banking under arbitrary calls: nothing escapes and the rules of state hold."""

import json
import random
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.tau2.pack import root
from evaluators.tau2.tasks import rows_of
from evaluators.tau2.worlds.banking_desk import KnowledgeTools
from evaluators.tau2.worlds.banking_discovery import is_discoverable, parameters
from evaluators.tau2.worlds.domain import Row, domain
from harness.types import Role
from tests.tau2.data import needs_pack

pytestmark = needs_pack
DOMAINS = ("telecom", "banking_knowledge")
ODD = [
    None, True, -1, 0, 2, 1.5, "", "x", "2", [], {}, ["a"], {"a": 1}, float("inf"), 10**400,
    'a"b', "\ud800", '{"user_id": "123"}', "[]", "{",
]  # fmt: skip
# Official oddity: this read writes its own call into the log of the customer's tools.
LOGS_ITSELF = "get_card_last_4_digits"


@cache
def rows(name: str) -> list[Row]:
    return list(rows_of(name).values())


@cache
def types(name: str) -> Any:
    return json.loads((root() / "tool_schemas.json").read_text())[name]["types"]


@cache
def gold_calls(name: str) -> list[tuple[Role, str, Any]]:
    roles: dict[str, Role] = {"assistant": "agent", "user": "user"}
    return [
        (roles[action.get("requestor", "assistant")], action["name"], action["arguments"])
        for row in rows(name)
        for action in row["evaluation_criteria"]["actions"] or ()
    ]


def odd_call(name: str, rng: random.Random) -> tuple[Role, str, dict[str, Any]]:
    """A gold call or any tool, often with something wrong about it."""
    role, tool, given = rng.choice(gold_calls(name))
    arguments = dict(given)
    twist = rng.randrange(8)
    if arguments and twist < 3:
        arguments[rng.choice(sorted(arguments))] = rng.choice(ODD)
    elif arguments and twist == 3:
        del arguments[rng.choice(sorted(arguments))]
    elif twist == 4:
        arguments[rng.choice(["extra", "self", "requestor"])] = 1
    elif twist == 5:
        role = rng.choice(["agent", "user"])
        tool = rng.choice(sorted(types(name)[role]))
    elif twist == 6:
        role, tool = "agent", rng.choice(sorted(types(name)["agent"]))
        hidden = is_discoverable(KnowledgeTools, tool)
        names = parameters(KnowledgeTools, tool) if hidden else arguments
        arguments = {name: rng.choice(ODD) for name in names if name != "self"}
    return role, tool, arguments


@pytest.mark.parametrize("name", DOMAINS)
@given(st.integers(0, 2**32), st.integers(1, 10))
@settings(max_examples=60)
def test_any_calls_keep_the_invariants(name: str, seed: int, length: int) -> None:
    rng = random.Random(seed)
    row, found = rng.choice(rows(name)), domain(name)
    world, start = found.world(row), found.world(row).digests()
    for _ in range(length):
        role, tool, arguments = odd_call(name, rng)
        before = world.digests()
        text, error = world.respond(role, tool, arguments)
        assert isinstance(text, str)
        assert text.startswith("Error: ") or not error
        if tool != LOGS_ITSELF and not (world.knows(tool) and world.mutates(tool)):
            assert world.digests() == before
    state = json.loads(json.dumps(world.state()))
    again = found.restored(row, state)
    assert again.digests() == world.digests()
    assert found.world(row).digests() == start


@pytest.mark.parametrize("name", DOMAINS)
def test_worlds_of_one_task_do_not_touch_each_other(name: str) -> None:
    row = rows(name)[0]
    worlds = [domain(name).world(row) for _ in range(2)]
    untouched = worlds[1].digests()
    rng = random.Random(3)
    for _ in range(60):
        worlds[0].respond(*odd_call(name, rng))
    assert worlds[0].digests() != untouched
    assert worlds[1].digests() == untouched


@pytest.mark.parametrize("name", DOMAINS)
def test_declared_tools_are_the_official_ones(name: str) -> None:
    world = domain(name).world({})
    for side, kit in (("agent", world.agent), ("user", world.user)):
        assert kit is not None
        assert {tool: d.kind for tool, d in kit.declared.items()} == types(name)[side]
        offered = {tool.name for tool in world.tools(side, 1)}  # type: ignore[arg-type]
        assert offered == {tool for tool, d in kit.declared.items() if not d.hidden}
