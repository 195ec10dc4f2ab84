"""The worlds of multi-turn tasks: official answers, fresh instances, nothing shared."""

from __future__ import annotations

import asyncio
import json
from decimal import getcontext
from pathlib import Path
from typing import Any

import pytest

from evaluators.bfcl.classes import OfficialClasses, clone
from evaluators.bfcl.conversations import Conversations
from evaluators.bfcl.data import BfclData
from evaluators.bfcl.multi_turn import checker_of
from evaluators.bfcl.worlds import Instances
from harness.conformance import check_environment
from harness.faults import ToolFault, UserMistake
from harness.types import Task, ToolCall

FILES = "multi_turn_base_0"  # a file system and posts
MATHS = "multi_turn_base_5"


def world(data: BfclData, task_id: str) -> Instances:
    return checker_of(data).blueprint(task_id).world()


def task_with(data: BfclData, *classes: str, category: str = "multi_turn_base") -> str:
    rows = data.entries(category)
    return next(str(r["id"]) for r in rows if set(classes) <= set(r["involved_classes"]))


def test_worlds_keep_the_contract(bfcl: BfclData) -> None:
    kind = Conversations(bfcl, "native")
    for row in bfcl.entries("multi_turn_miss_func")[::20]:
        task = Task(row["id"], "bfcl", {"root": str(bfcl.root), "mode": "native", "row": row})
        asyncio.run(check_environment(kind.environment(task)))


def test_a_call_changes_the_world_and_its_state(bfcl: BfclData) -> None:
    kind = Conversations(bfcl, "native")
    env = kind.environment(Task(FILES, "bfcl"))
    assert env.state() == {}
    asyncio.run(env.call("agent", ToolCall("1", "mkdir", {"dir_name": "a/b"})))
    assert env.state() == {}
    asyncio.run(env.call("agent", ToolCall("2", "mkdir", {"dir_name": "new"})))
    (path,) = env.state()["set"]
    assert path.endswith("/contents/new")
    asyncio.run(env.call("agent", ToolCall("3", "rmdir", {"dir_name": "new"})))
    assert env.state() == {}


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("no_such", {}, "Error during execution: name 'no_such' is not defined"),
        ("kill", {}, "Error during execution: Function call kill is not allowed."),
        ("cd", {"folder": float("nan")}, "Error during execution: name 'nan' is not defined"),
        (
            "ls",
            {"b": 1},
            "Error during execution: GorillaFileSystem.ls() got an unexpected keyword argument 'b'",
        ),
        (
            "cd",
            {"a b": 1},
            "Error during execution: invalid syntax. Perhaps you forgot a comma? "
            "(<string>, line 1)",
        ),
        (
            "GorillaFileSystem.ls",
            {},
            "Error during execution: name 'GorillaFileSystem' is not defined",
        ),
        ("_load_scenario", {}, "Error during execution: name '_load_scenario' is not defined"),
        ("", {}, "()"),
    ],
)
def test_wrong_calls_get_the_official_text(
    bfcl: BfclData, name: str, arguments: dict[str, Any], text: str
) -> None:
    assert world(bfcl, FILES).respond((name, arguments)) == text


def test_errors_are_faults_and_answers_are_not(bfcl: BfclData) -> None:
    instances = world(bfcl, FILES)
    with pytest.raises(ToolFault, match="not defined"):
        instances.answer(("no_such", {}))
    assert json.loads(instances.answer(("cd", {"folder": "nowhere"})))["error"]


def test_blanks_before_a_parenthesis_are_lost_inside_arguments(bfcl: BfclData) -> None:
    answer = world(bfcl, FILES).answer(("echo", {"content": "now (or never)"}))
    assert json.loads(answer) == {"terminal_output": "now(or never)"}
    named = json.loads(world(bfcl, FILES).answer(("echo", {"content": "a sort (x)"})))
    assert named["terminal_output"].endswith("_GorillaFileSystem_instance.sort(x)")


def test_a_world_does_not_hold_on_to_arguments(bfcl: BfclData) -> None:
    instances = world(bfcl, task_with(bfcl, "TwitterAPI"))
    instances.objects["TwitterAPI"].authenticated = True
    given: dict[str, Any] = {"content": "a", "mentions": ["@b"]}
    number = json.loads(instances.answer(("post_tweet", given)))["id"]
    instances.answer(("mention", {"tweet_id": number, "mentioned_usernames": ["@c"]}))
    assert given["mentions"] == ["@b"]


def test_default_lists_stay_in_one_world(bfcl: BfclData) -> None:
    def posted() -> Any:
        instances = world(bfcl, task_with(bfcl, "TwitterAPI"))
        instances.objects["TwitterAPI"].authenticated = True
        post = json.loads(instances.answer(("post_tweet", {"content": "a"})))
        call = ("mention", {"tweet_id": post["id"], "mentioned_usernames": ["@c"]})
        instances.answer(call)
        return post["mentions"], json.loads(instances.answer(("post_tweet", {"content": "b"})))

    first, second = posted(), posted()
    assert first == second
    assert first[0] == []
    assert first[1]["mentions"] == ["@c"]  # within a world the official list is one object


def test_constants_of_the_pack_stay_as_they_are(bfcl: BfclData) -> None:
    task = task_with(bfcl, "TravelAPI", category="multi_turn_long_context")
    shared = checker_of(bfcl).classes.shared
    before = clone(list(shared.values()), {})
    instances = world(bfcl, task)
    for card in instances.objects["TravelAPI"].credit_card_list.values():
        card["balance"] = -1
    assert list(shared.values()) == before
    fresh = world(bfcl, task).objects["TravelAPI"].credit_card_list
    assert all(card.get("balance") != -1 for card in fresh.values())


def test_commons_know_when_they_were_touched(bfcl: BfclData) -> None:
    checker = checker_of(bfcl)
    blueprint = checker.blueprint(task_with(bfcl, "TravelAPI", category="multi_turn_long_context"))
    commons = blueprint.commons()
    one, other = blueprint.world("a", commons), blueprint.world("b", commons)
    assert not commons.touched()
    for card in one.objects["TravelAPI"].credit_card_list.values():
        card["balance"] = -1
    assert commons.touched()
    assert any(c["balance"] == -1 for c in other.objects["TravelAPI"].credit_card_list.values())


@pytest.mark.parametrize(
    "arguments",
    [
        {"base": 10, "exponent": 10**9},
        {"base": -3, "exponent": 10**18},
        {"base": 2, "exponent": 10**6},
    ],
)
def test_giant_powers_answer_at_once(bfcl: BfclData, arguments: dict[str, int]) -> None:
    answer = world(bfcl, task_with(bfcl, "MathAPI")).respond(("power", arguments))
    assert answer.startswith("Error during execution: Exceeds the limit")


def test_small_numbers_are_not_guarded(bfcl: BfclData) -> None:
    instances = world(bfcl, task_with(bfcl, "MathAPI"))
    assert instances.respond(("power", {"base": 2, "exponent": 10})) == '{"result": 1024}'
    assert (
        instances.respond(("round_number", {"number": 1.25, "decimal_places": 1}))[:11]
        == '{"result": '
    )
    endless = {"value": 2, "base": 10, "precision": 10**9}
    assert "precision" in instances.respond(("logarithm", endless))


def test_a_call_does_not_change_decimals_elsewhere(bfcl: BfclData) -> None:
    before = getcontext().prec
    call = ("square_root", {"number": 2, "precision": 3})
    answer = world(bfcl, task_with(bfcl, "MathAPI")).respond(call)
    assert answer == "{'result': Decimal('1.41')}"
    assert getcontext().prec == before


def test_tools_grow_at_the_turn_that_adds_them(bfcl: BfclData) -> None:
    env = Conversations(bfcl, "native").environment(Task("multi_turn_miss_func_0", "bfcl"))
    (turn,) = bfcl.held_out("multi_turn_miss_func_0")
    before, after = env.tools("agent", turn), env.tools("agent", turn + 1)
    assert [tool.name for tool in after] == [*(tool.name for tool in before), "sort"]
    assert env.tools("agent", turn + 1) is after
    assert env.tools("user", 1) == ()


def test_a_pack_without_the_classes_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="cannot load"):
        OfficialClasses(tmp_path).load("MathAPI")
    with pytest.raises(UserMistake, match="no class 'Nothing'"):
        OfficialClasses(tmp_path).load("Nothing")
