import asyncio
import json
from typing import Any

import apsw
import pytest

from harness.conformance import check_environment
from harness.faults import ToolFault
from harness.types import ToolCall, ToolSpec
from synth.guard import BadSchema, BadStatement, build_image, inspect
from synth.program import BadProgram, names_in, parse_program
from synth.world import Blueprint, SqlWorld, Tool

SCHEMA = """
create table ticket (
    id integer primary key, title text not null, status text default 'Open'
) strict;
create table note (ticket integer references ticket, line integer, text text,
                   primary key (ticket, line)) strict;
"""


def fill(connection: apsw.Connection) -> None:
    connection.executemany(
        "insert into ticket (id, title) values (?, ?)", [(i, f"t{i}") for i in (1, 2, 3)]
    )


IMAGE = build_image(SCHEMA, fill)
CLOSE = [
    {"require": "select status = 'Open' from ticket where id = :id", "else": "no open ticket {id}"},
    {"run": "update ticket set status = 'Closed' where id = :id"},
    {"return": "select json_object('closed', :id)"},
]
GET = [
    {"require": "select 1 from ticket where id = :id", "else": "no ticket {id}"},
    {"return": "select json_object('id', id, 'title', title) from ticket where id = :id"},
]
ADD = [
    {"let": "line", "be": "select count(*) + 1 from note where ticket = :id"},
    {"run": "insert into note values (:id, :line, :text)"},
    {"require": "select :text <> ''", "else": "a note needs a text"},
    {"return": "select json_object('line', :line)"},
]
DROP = [{"run": "delete from ticket where id = :id"}, {"return": "select 'null'"}]
ID = {"type": "integer"}


def tool(name: str, steps: Any, **properties: Any) -> tuple[str, Tool]:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return name, Tool(ToolSpec(name, "", schema), parse_program(steps, properties))


TOOLS = dict(
    [
        tool("close", CLOSE, id=ID),
        tool("get", GET, id=ID),
        tool("add", ADD, id=ID, text={"type": "string"}),
        tool("drop", DROP, id=ID),
    ]
)
BLUEPRINT = Blueprint(IMAGE, TOOLS)


def run(world: SqlWorld, name: str, **arguments: Any) -> Any:
    return json.loads(world.run(name, arguments))


def test_a_program_runs_and_the_state_is_the_change() -> None:
    world = SqlWorld(BLUEPRINT)
    assert run(world, "get", id=1) == {"id": 1, "title": "t1"}
    assert world.state() == {}
    run(world, "close", id=1)
    run(world, "add", id=2, text="hello")
    assert world.state() == {
        "note": {"[2, 1]": [2, 1, "hello"]},
        "ticket": {"[1]": [1, "t1", "Closed"]},
    }


def test_worlds_do_not_share_their_state() -> None:
    run(SqlWorld(BLUEPRINT), "close", id=1)
    assert SqlWorld(BLUEPRINT).state() == {}


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("get", {"id": 9}, "no ticket 9"),
        ("get", {"id": "1"}, "must be integer"),
        ("get", {}, "missing required argument 'id'"),
        ("get", {"id": 1, "x": 2}, "unexpected argument 'x'"),
        ("get", {"id": True}, "not boolean"),
        ("get", {"id": 2**70}, "beyond 64 bits"),
        ("add", {"id": 1, "text": ""}, "a note needs a text"),
        ("add", {"id": 1, "text": "\ud800"}, "surrogates"),
    ],
)
def test_a_refused_call_says_why_and_leaves_nothing(
    name: str, arguments: dict[str, Any], text: str
) -> None:
    world = SqlWorld(BLUEPRINT)
    with pytest.raises(ToolFault, match=text):
        world.run(name, arguments)
    assert world.state() == {}
    assert run(world, "get", id=1)["id"] == 1


def test_a_stored_change_replays_to_the_same_state() -> None:
    world = SqlWorld(BLUEPRINT)
    for name, arguments in (
        ("close", {"id": 1}),
        ("drop", {"id": 3}),
        ("add", {"id": 2, "text": "x"}),
    ):
        world.run(name, arguments)
    again = SqlWorld(BLUEPRINT, past=json.loads(json.dumps(world.state())))
    assert again.state() == world.state()
    with pytest.raises(ToolFault):
        again.run("get", {"id": 3})


def test_the_world_keeps_the_contract_of_every_world() -> None:
    read = ToolCall("1", "get", {"id": 1})
    asyncio.run(check_environment(SqlWorld(BLUEPRINT), [read]))
    with pytest.raises(AssertionError, match="changed the state"):
        asyncio.run(check_environment(SqlWorld(BLUEPRINT), [ToolCall("1", "close", {"id": 1})]))


def test_only_offered_tools_can_be_called_and_only_by_the_agent() -> None:
    world = SqlWorld(BLUEPRINT, offered=["get"])
    assert [spec.name for spec in world.tools("agent", 1)] == ["get"]
    assert world.tools("user", 1) == ()
    for role, name in (("agent", "close"), ("user", "get")):
        with pytest.raises(ToolFault, match="unknown tool"):
            asyncio.run(world.call(role, ToolCall("1", name, {"id": 1})))  # type: ignore[arg-type]


def access(steps: Any) -> Any:
    program = parse_program(steps, ["id", "text"])
    return inspect(IMAGE, [(step.sql, names_in(step.sql)) for step in program.steps])


def test_the_engine_says_what_a_program_touches() -> None:
    found = access(CLOSE)
    assert (found.reads, found.writes) == ({"ticket.status", "ticket.id"}, {"ticket.status"})
    assert access(DROP).writes == {"ticket.*"}


ATTACKS = {
    "clock": "select datetime('now')",
    "current time": "select current_timestamp",
    "randomness": "select random()",
    "random blob": "select hex(randomblob(10))",
    "extension": "select load_extension('x')",
    "file": "select writefile('/tmp/x', 'y')",
    "attach": "attach '/tmp/x.db' as other",
    "pragma": "pragma writable_schema = 1",
    "pragma function": "select * from pragma_database_list",
    "schema": "select sql from sqlite_master",
    "schema write": "update sqlite_master set sql = ''",
    "new table": "create table x (y)",
    "trigger": "create trigger x after insert on note begin select 1; end",
    "view": "create view x as select 1",
    "drop": "drop table note",
    "vacuum": "vacuum into '/tmp/x.db'",
    "transaction": "rollback",
    "recursion": "with recursive c(n) as (select 1 union all select n + 1 from c) select * from c",
    "two statements": "select 1; delete from ticket",
    "unknown table": "select 1 from nowhere",
    "double quotes as text": 'select "no such column"',
    "printf": "select printf('%1000000000d', 1)",
    "zeroblob": "select zeroblob(1000000000)",
    "empty": "-- nothing",
}


@pytest.mark.parametrize("sql", ATTACKS.values(), ids=ATTACKS.keys())
def test_a_hostile_statement_is_refused_before_it_runs(sql: str) -> None:
    with pytest.raises((BadStatement, BadProgram)):
        access([{"return": sql}])


BOMBS = {
    "time": "select count(*) from ticket a, ticket b, ticket c, ticket d, ticket e, ticket f, "
    "ticket g, ticket h, ticket i, ticket j, ticket k, ticket l, ticket m, ticket n, ticket o",
    "memory": "select replace(replace(replace(replace('aaaaaaaaaa', 'a', "
    "'bbbbbbbbbbbbbbbbbbbbbb'), 'b', 'cccccccccccccccccccccccccc'), 'c', "
    "'dddddddddddddddddddddddddddd'), 'd', "
    "'eeeeeeeeeeeeeeeeeeeeeeeeeeeeee')",
}


@pytest.mark.parametrize("sql", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_ends_as_a_refused_call(sql: str) -> None:
    name, bomb = tool("bomb", [{"return": sql}])
    world = SqlWorld(Blueprint(IMAGE, {name: bomb}))
    with pytest.raises(ToolFault, match=r"more work|too big"):
        world.run("bomb", {})


@pytest.mark.parametrize(
    "schema",
    [
        "create table t (id integer primary key, x default (random()))",
        "create table t (id integer primary key, x default current_timestamp)",
        "create table t (id int); create trigger x after insert on t begin select 1; end",
        "create view v as select 1",
        "attach '/tmp/x.db' as other",
        "create virtual table t using fts5(x)",
        "create table t (",
        "pragma journal_mode = wal",
        "create table t as select load_extension('x')",
    ],
)
def test_a_hostile_schema_is_refused(schema: str) -> None:
    with pytest.raises(BadSchema):
        build_image(schema)


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ([], "list of steps"),
        ("select 1", "list of steps"),
        ([{"run": "delete from note"}], "ends with its one return"),
        ([{"return": "select 1"}, {"return": "select 2"}], "ends with its one return"),
        ([{"return": "select :nothing"}], ":nothing, which nothing binds"),
        ([{"require": "select 1"}], "require takes else, require"),
        ([{"return": 7}], "where text is needed"),
        ([{"let": "a b", "be": "select 1"}, {"return": "select 1"}], "not a name"),
        (["return"], "not a mapping"),
        ([{"do": "x"}], "has none of"),
    ],
)
def test_a_wrong_program_is_refused_with_its_reason(steps: Any, text: str) -> None:
    with pytest.raises(BadProgram, match=text):
        parse_program(steps, ["id"])


def test_names_in_literals_and_comments_are_not_parameters() -> None:
    assert names_in("select ':a', \":b\" -- :c\n, :d /* :e */") == {"d"}
