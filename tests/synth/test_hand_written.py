"""Programs written by hand replay every official gold call of two classes: the language carries."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import apsw
import pytest
import yaml

from evaluators.bfcl.data import BfclData
from evaluators.bfcl.gold_calls import multi_turn_calls
from evaluators.bfcl.multi_turn import MultiTurnChecker
from harness.faults import ToolFault, UserMistake
from harness.packs import locate
from harness.types import ToolSpec
from synth.fidelity.side import public
from synth.guard import build_image
from synth.program import parse_program
from synth.sources import bfcl_domain
from synth.world import Blueprint, SqlWorld, Tool

FIXTURES = Path(__file__).parent / "fixtures"
CATEGORIES = ("multi_turn_base", "multi_turn_miss_func", "multi_turn_miss_param")
Fill = Callable[[apsw.Connection], None]
Spoil = Callable[[list[dict[str, str]]], list[dict[str, str]]]
State = Mapping[str, Any]


def fill_tickets(state: State) -> Fill:
    def fill(connection: apsw.Connection) -> None:
        values = (state["current_user"], state["ticket_counter"])
        connection.execute("insert into session values (1, ?, ?)", values)
        for record in state["ticket_queue"]:
            connection.execute("insert into ticket (record) values (?)", (json.dumps(record),))

    return fill


def show_tickets(world: SqlWorld) -> dict[str, Any]:
    user, counter = world.own("select user, counter from session")[0]
    rows = world.own("select record from ticket order by place")
    queue = [json.loads(record) for (record,) in rows]
    return {"current_user": user, "ticket_counter": counter, "ticket_queue": queue}


def fill_posts(state: State) -> Fill:
    def fill(connection: apsw.Connection) -> None:
        connection.execute(
            "insert into session values (1, ?, ?, ?, ?, ?)",
            (
                state["username"],
                state["password"],
                state["authenticated"],
                state["tweet_counter"],
                json.dumps(state["following_list"]),
            ),
        )
        for key, record in state["tweets"].items():
            connection.execute("insert into post values (?, ?)", (int(key), json.dumps(record)))
        for post, records in state["comments"].items():
            for record in records:
                values = (post, json.dumps(record))
                connection.execute("insert into comment (post, record) values (?, ?)", values)
        for user, posts in state["retweets"].items():
            for post in posts:
                connection.execute("insert into share (user, post) values (?, ?)", (user, post))

    return fill


def show_posts(world: SqlWorld) -> dict[str, Any]:
    session = world.own("select user, password, inside, counter, following from session")[0]
    user, password, inside, counter, following = session
    comments: dict[str, list[Any]] = {}
    for post, record in world.own("select post, record from comment order by place"):
        comments.setdefault(post, []).append(json.loads(record))
    shares: dict[str, list[int]] = {}
    for who, post in world.own("select user, post from share order by place"):
        shares.setdefault(who, []).append(post)
    posts = world.own("select id, record from post")
    return {
        "username": user,
        "password": password,
        "authenticated": bool(inside),
        "tweet_counter": counter,
        "following_list": json.loads(following),
        "tweets": {str(key): json.loads(record) for key, record in posts},
        "comments": comments,
        "retweets": shares,
    }


CLASSES = {
    "TicketAPI": ("ticket", fill_tickets, show_tickets),
    "TwitterAPI": ("posting", fill_posts, show_posts),
}


@pytest.fixture(scope="module")
def root() -> Path:
    try:
        return locate("bfcl").root
    except UserMistake as mistake:
        pytest.skip(str(mistake))


def fixture_of(name: str) -> dict[str, Any]:
    text = (FIXTURES / f"{CLASSES[name][0]}.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def tools_of(name: str, root: Path, data: Mapping[str, Any]) -> tuple[str, dict[str, Tool]]:
    """Return the schema and the tools of a fixture; parameters are the docs', types left open."""
    tools = {}
    for record in bfcl_domain(name, root).intake.records:
        properties = {key: {} for key in record.spec.parameters["properties"]}
        spec = ToolSpec(record.spec.name, "", {"type": "object", "properties": properties})
        program = parse_program(data["programs"][spec.name], properties)
        tools[spec.name] = Tool(spec, program)
    return data["schema"], tools


def replay(
    name: str, root: Path, category: str, fixture: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, Any, Any, Any, Any]]:
    """Yield (call, official result, ours, official state, ours) of every gold call of a class."""
    data, checker = BfclData(root), MultiTurnChecker(BfclData(root))
    schema, tools = tools_of(name, root, fixture or fixture_of(name))
    _, fill, show = CLASSES[name]
    for row in data.entries(category):
        if name not in row["involved_classes"]:
            continue
        official = checker.blueprint(row["id"]).world()
        image = build_image(schema, fill(public(official.objects[name])))
        ours = SqlWorld(Blueprint(image, tools))
        for turn in multi_turn_calls(data, checker.classes, row["id"]):
            for tool, arguments in turn:
                theirs = json.loads(json.dumps(official.respond((tool, arguments))))
                if tool not in tools:
                    continue
                result = run(ours, tool, arguments)
                state = public(official.objects[name])
                yield f"{row['id']} {tool}", json.loads(theirs), result, state, show(ours)


def run(world: SqlWorld, tool: str, arguments: Mapping[str, Any]) -> Any:
    try:
        return json.loads(world.run(tool, arguments))
    except ToolFault as fault:
        return json.loads(str(fault))


@pytest.mark.parametrize(("name", "calls"), [("TicketAPI", 48), ("TwitterAPI", 65)])
def test_every_gold_call_is_replayed_exactly(name: str, calls: int, root: Path) -> None:
    count = 0
    for call, theirs, ours, state, our_state in replay(name, root, "multi_turn_base"):
        assert ours == theirs, call
        assert our_state == state, call
        count += 1
    assert count == calls


@pytest.mark.parametrize("category", CATEGORIES[1:])
@pytest.mark.parametrize("name", list(CLASSES))
def test_other_categories_too(name: str, category: str, root: Path) -> None:
    seen = list(replay(name, root, category))
    assert seen
    assert all(ours == theirs and mine == state for _, theirs, ours, state, mine in seen)


def without_effect(program: list[dict[str, str]]) -> list[dict[str, str]]:
    return [step for step in program if "run" not in step]


def without_result(program: list[dict[str, str]]) -> list[dict[str, str]]:
    return [*program[:-1], {"return": "select json_object('silent', 1)"}]


@pytest.mark.parametrize("spoil", [without_effect, without_result])
@pytest.mark.parametrize("name", list(CLASSES))
def test_every_spoiled_program_is_noticed(name: str, spoil: Spoil, root: Path) -> None:
    """The twin: a program that does nothing, or says something else, breaks the replay."""
    fixture = fixture_of(name)
    used = {call.split()[1] for call, *_ in replay(name, root, "multi_turn_base")}
    assert len(used) > 4
    for tool in sorted(used):
        program = fixture["programs"][tool]
        spoiled = spoil(program)
        if spoiled == program:
            continue
        changed = {**fixture, "programs": {**fixture["programs"], tool: spoiled}}
        rows = list(replay(name, root, "multi_turn_base", changed))
        wrong = [
            call for call, theirs, ours, state, mine in rows if ours != theirs or mine != state
        ]
        assert any(call.endswith(f" {tool}") for call in wrong), tool
