"""The LLM path, whole, against a loopback server with recorded replies: good and hostile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.faults import ModelFault
from harness.models.openai import OpenAIModel
from synth.acceptance.inputs import check_labels
from synth.llm.ask import Asker, Rejected
from synth.llm.cache import Cache
from synth.llm.environment import Author, Made, Roles, Sizes, default_roles
from synth.llm.programs import MixedImplementation, PythonImplementation, SqlImplementation
from synth.llm.prompts import prompt_hashes
from synth.llm.samples import InputSampler, StateSampler
from synth.llm.specs import OutputSchemas, SpecNormalizer
from synth.package import load_package, save_package
from synth.python_tools import PythonProgram
from synth.sandbox import probe
from synth.sandbox.kernel import machine
from synth.world import SqlWorld
from tests.fakes.author import recorded
from tests.fakes.server import FakeServer, refuses
from tests.synth.desk import CLASSES, DOMAIN, PROGRAMS, ROWS, good_book

needs_sandbox = pytest.mark.skipif(
    not machine() or not probe()["seccomp"], reason="this kernel has no seccomp: nothing runs"
)
Book = Mapping[tuple[str, str], Sequence[str]]


LANGUAGES: dict[str, Any] = {
    "sql": SqlImplementation,
    "python": PythonImplementation,
    "mixed": MixedImplementation,
}


def roles(asker: Asker, language: str) -> Roles:
    return replace(default_roles(asker), implementation=LANGUAGES[language](asker))


def write(
    book: Book, language: str = "sql", cache: Path | None = None
) -> tuple[Made, Asker, list[Any]]:
    """Write the desk against a server that answers from a book."""

    async def play() -> tuple[Made, Asker, list[Any]]:
        async with FakeServer(recorded(book)) as server:
            model = OpenAIModel(
                model="author",
                base_url=server.base_url,
                api_key_env=None,
                price={"input": 1.0, "output": 2.0},
            )
            asker = Asker(model, Cache(cache) if cache else None)
            author = Author(asker, roles(asker, language), Sizes(states=2, calls=20))
            try:
                return await author.write(DOMAIN), asker, server.requests
            finally:
                await model.aclose()

    return asyncio.run(play())


def names(made: Made) -> list[str]:
    return [record.spec.name for record in made.package.records]


def test_a_sql_environment_is_written_whole(tmp_path: Path) -> None:
    made, asker, requests = write(good_book())
    package = made.package
    assert names(made) == list(PROGRAMS)
    assert made.rejected == ()
    assert "Numbers start at 1." in package.records[0].spec.description
    assert package.records[0].annotations["effect"] == "read"
    assert package.records[0].response_origin == "llm"
    world = SqlWorld(package.blueprint("s00001"))
    assert json.loads(world.run("close_ticket", {"id": 1})) == {"id": 1, "status": "Closed"}
    assert world.state() == {"ticket": {"[1]": [1, "Printer jams", "Closed", 2, None]}}
    for record in package.records:
        assert check_labels(record.spec, package.inputs[record.spec.name]) is None
    folder = save_package(package, tmp_path)
    again = load_package(folder)
    assert again.hash == package.hash
    generator = again.about["generator"]
    assert generator["llm"]["prompt_sha"] == prompt_hashes()
    assert generator["llm"]["model"]["model"] == "author"
    assert len(requests) == sum(stage.calls for _, stage in asker.ledger) == 3 * 4 + 1 + 2
    assert asker.ledger["sql_program"].tokens_in == 300
    assert asker.ledger["sql_program"].cost_usd == pytest.approx((300 + 2 * 60) / 1e6)


@needs_sandbox
def test_a_python_environment_is_written_whole(tmp_path: Path) -> None:
    made, _, _ = write(good_book(), "python")
    package = made.package
    assert (names(made), made.rejected) == (list(CLASSES), ())
    assert all(isinstance(program, PythonProgram) for program in package.programs.values())
    folder = save_package(package, tmp_path)
    assert (folder / "programs" / "get_ticket.py").read_text() == CLASSES["get_ticket"]
    again = load_package(folder)
    assert again.hash == package.hash
    world = SqlWorld(again.blueprint("s00000"))
    assert json.loads(world.run("close_ticket", {"id": 4, "remark": "New cable"}))["id"] == 4
    assert world.state() == {"ticket": {"[4]": [4, "Slow network", "Closed", 2, "New cable"]}}


@needs_sandbox
def test_a_class_is_written_where_no_program_is_accepted() -> None:
    book = good_book()
    book["sql_program", "count_tickets"] = ["I only speak Python."]
    made, asker, _ = write(book, "mixed")
    assert names(made) == list(PROGRAMS)
    kinds = {name: isinstance(p, PythonProgram) for name, p in made.package.programs.items()}
    assert kinds == {"get_ticket": False, "close_ticket": False, "count_tickets": True}
    assert asker.ledger["sql_program"].rejected == asker.ledger["python_class"].accepted == 1
    assert made.validity.tools["count_tickets"].passed == 9
    assert made.validity.tools["get_ticket"].passed == 1


def test_a_rerun_asks_nothing_and_gives_the_same_bytes(tmp_path: Path) -> None:
    first, _, asked = write(good_book(), cache=tmp_path)
    again, asker, requests = write(good_book(), cache=tmp_path)
    assert (len(asked), len(requests)) == (15, 0)
    assert again.package.hash == first.package.hash
    assert sum(stage.cached for _, stage in asker.ledger) == 15
    assert all(stage.tokens_in == 0 and stage.cost_usd == 0 for _, stage in asker.ledger)
    damaged = next(tmp_path.rglob("*.json"))
    damaged.write_text("{")
    assert len(write(good_book(), cache=tmp_path)[2]) == 1


BAD_TEXTS = {
    "empty": ("", "the reply is empty"),
    "prose": ("I am sorry, I cannot do that.", "no JSON"),
    "cut off": ('{"steps": [{"return": "select', "no JSON"),
    "another shape": ('{"program": []}', "lacks the field 'steps'"),
    "a list": ("[1, 2]", "must be object"),
    "no step": ('{"steps": []}', "minItems"),
    "not a number": ('{"steps": NaN}', "no JSON"),
    "half a character": ('{"steps": ["\\ud800"]}', "half a character"),
}
RETURN = {"return": "select json_object('id', :id, 'title', '', 'status', '')"}
COUNT = "with recursive c(n) as (select 1 union all select n + 1 from c) select max(n) from c"
HUGE = "'aaaaaaaaaa'"
for _ in range(6):
    HUGE = f"replace({HUGE}, 'a', 'aaaaaaaaaaaaaaaaaaaa')"
MANY = ", ".join(f"ticket t{number}" for number in range(14))
BAD_PROGRAMS: dict[str, tuple[list[Any], str]] = {
    "memory": ([{"require": f"select length({HUGE})", "else": "x"}], "too big"),
    "time": ([{"require": f"select sum(t1.id) from {MANY}", "else": "x"}], "timeout"),
    "endless": ([{"require": COUNT, "else": "x"}], "not authorized"),
    "blob": ([{"require": "select zeroblob(900000000)", "else": "x"}], "not authorized"),
    "attach": ([{"run": "attach 'x.db' as x"}], "does not take"),
    "hidden attach": ([{"run": "update ticket set title = 1; attach 'x' as x"}], "one statement"),
    "pragma": ([{"require": "pragma writable_schema = 1", "else": "x"}], "does not take"),
    "pragma as a table": ([{"let": "p", "be": "select * from pragma_database_list"}], "prohibited"),
    "schema": ([{"let": "s", "be": "select sql from sqlite_master"}], "prohibited|not authorized"),
    "drop": ([{"run": "drop table ticket"}], "does not take"),
    "extension": ([{"let": "x", "be": "select load_extension('x')"}], "not auth"),
    "file": ([{"let": "x", "be": "select readfile('/etc/passwd')"}], "no such function"),
    "chance": ([{"let": "x", "be": "select random()"}], "not authorized"),
    "clock": ([{"let": "x", "be": "select date('now')"}], "not authorized"),
    "write in a read": ([{"run": "delete from ticket where id = :id"}], "only reads"),
    "unknown table": ([{"let": "x", "be": "select 1 from secrets"}], "no such table"),
    "unbound": ([{"let": "x", "be": "select :nothing"}], "which nothing binds"),
    "no mapping": (["select 1"], "item 0 must be object"),
    "format": ([{"let": "x", "be": "select printf('%1000000000d', 1)"}], "not authorized"),
    "unordered": ([{"let": "x", "be": "select json_group_array(id) from ticket"}], "ORDER BY"),
}
WHOLE: dict[str, tuple[list[Any], str]] = {
    "no return": ([{"require": "select :id", "else": "x"}], "ends with its one return"),
    "unused": ([{"return": "select 1"}], "'id' is never used"),
    "wrong result": ([{"return": "select json_object('id', :id)"}], "lacks the field 'title'"),
    "no json": ([{"return": "select 'ticket ' || :id"}], "no JSON"),
    "never works": ([{"require": "select :id < 0", "else": "closed"}, RETURN], "none of the"),
}


def bad_steps() -> dict[str, tuple[str, str]]:
    """Return every bad reply to get_ticket's implementation with what is said about it."""
    found = dict(BAD_TEXTS)
    for name, (steps, reason) in BAD_PROGRAMS.items():
        found[name] = (json.dumps({"steps": [*steps, RETURN]}), reason)
    for name, (steps, reason) in WHOLE.items():
        found[name] = (json.dumps({"steps": steps}), reason)
    return found


@pytest.mark.parametrize("name", bad_steps())
def test_a_bad_program_is_repaired_with_the_reason(name: str) -> None:
    bad, reason = bad_steps()[name]
    book = good_book()
    book["sql_program", "get_ticket"] = [bad, *book["sql_program", "get_ticket"]]
    made, asker, requests = write(book)
    assert names(made) == list(PROGRAMS)
    assert asker.ledger["sql_program"].repairs == 1
    assert asker.ledger["sql_program"].rounds == {1: 2, 2: 1}
    (repair,) = [r["messages"][-1]["content"] for r in requests if len(r["messages"]) == 4]
    assert any(part in repair for part in reason.split("|")), repair


@pytest.mark.parametrize("name", ["empty", "memory", "time", "attach", "wrong result"])
def test_what_is_never_repaired_is_rejected_and_the_rest_goes_on(name: str) -> None:
    bad, reason = bad_steps()[name]
    book = good_book()
    book["sql_program", "get_ticket"] = [bad]
    made, asker, _ = write(book)
    assert names(made) == ["close_ticket", "count_tickets"]
    assert [rejection.name for rejection in made.rejected] == ["get_ticket"]
    stage = asker.ledger["sql_program"]
    assert (stage.rejected, stage.calls, stage.accepted) == (1, 8 + 2, 2)
    assert "get_ticket" in stage.reasons[0]
    assert reason in stage.reasons[0]


BAD_SCHEMAS = {
    "chance": (
        "create table t (id integer primary key, x integer default (random())) strict",
        "random",
    ),
    "clock": (
        "create table t (id integer primary key, x text default current_timestamp) strict",
        "not authorized",
    ),
    "no key": ("create table t (x text) strict", "no primary key"),
    "loose": ("create table t (id integer primary key)", "STRICT"),
    "attach": ("attach 'x.db' as x", "not auth"),
    "pragma": ("pragma writable_schema = 1", "not authorized"),
    "view": ("create view v as select 1", "not auth"),
    "trigger": (
        "create table t (id integer primary key) strict; "
        "create trigger g after insert on t begin delete from t; end",
        "not authorized",
    ),
    "virtual": ("create virtual table f using fts5(x)", "not auth"),
    "generated": (
        "create table t (id integer primary key, x any as (random())) strict",
        "not auth",
    ),
    "insert": (
        "create table t (id integer primary key) strict; insert into t values (1)",
        "not auth",
    ),
    "nothing": ("-- no table", "makes no table"),
}


@pytest.mark.parametrize("name", BAD_SCHEMAS)
def test_bad_tables_are_repaired_or_end_the_domain(name: str) -> None:
    sql, reason = BAD_SCHEMAS[name]
    bad, book = json.dumps({"schema_sql": sql}), good_book()
    book["tables", ""] = [bad, *book["tables", ""]]
    assert names(write(book)[0]) == list(PROGRAMS)
    book["tables", ""] = [bad]
    with pytest.raises(Rejected, match=reason):
        write(book)


BAD_ROWS = {
    "a table too few": ({}, "left out"),
    "a table too many": ({"ticket": ROWS, "x": []}, "no table x"),
    "no rows": ({"ticket": []}, "has no rows"),
    "a column too many": ({"ticket": [{**ROWS[0], "colour": "red"}]}, "no column colour"),
    "one key twice": ({"ticket": [ROWS[0], ROWS[0]]}, "UNIQUE"),
    "a wrong type": ({"ticket": [{**ROWS[0], "priority": "high"}]}, "cannot store TEXT"),
    "nothing where something must be": ({"ticket": [{"id": 1, "priority": 1}]}, "NOT NULL"),
    "nested": ({"ticket": [{**ROWS[0], "remark": ["a"]}]}, "JSON text"),
    "rows as text": ({"ticket": "none"}, "no list of objects"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_bad_states_are_repaired_with_the_reason(name: str) -> None:
    tables, reason = BAD_ROWS[name]
    book = good_book()
    book["initial_state", "1"] = [json.dumps({"tables": tables}), *book["initial_state", ""]]
    made, asker, requests = write(book)
    assert len(made.package.states) == 2
    assert asker.ledger["initial_state"].rounds == {1: 1, 2: 1}
    assert reason in next(r["messages"][-1]["content"] for r in requests if len(r["messages"]) == 4)


CLASS = CLASSES["get_ticket"]
BODY = "        ticket = self.tickets.get(id)\n"
OS = "        import json\n        os = json.codecs.sys.modules['os']\n"
BAD_CLASSES = {
    "syntax": ("class GetTicket(:", "no Python"),
    "nested": ("x = " + "(" * 5_000, "no Python"),
    "no class": ("ticket = 1\nid = 1\nprint(id)", "one class with invoke"),
    "another name": (CLASS.replace('"get_ticket"', '"get"'), "info names the tool"),
    "unused": (CLASS.replace("id", "number").replace("ident", "not auth"), "never used"),
    "import": ("import os\n" + CLASS, "the module os is not available"),
    "loop while loading": ("while True: pass\n" + CLASS, "ran out of time"),
    "loop": (CLASS.replace(BODY, "        while True: pass\n" + BODY), "timeout"),
    "memory": (CLASS.replace(BODY, "        x = [0] * 10 ** 10\n" + BODY), "MemoryError"),
    "file": (CLASS.replace(BODY, OS + "        os.open('/etc/passwd', 0)\n" + BODY), "tried open"),
    "fork": (CLASS.replace(BODY, OS + "        os.fork()\n" + BODY), "tried os.fork"),
    "shell": (CLASS.replace(BODY, OS + "        os.system('id')\n" + BODY), "tried os.system"),
    "environment": (
        CLASS.replace(BODY, OS + "        os.environ['SECRET']\n" + BODY),
        "runtime error",
    ),
    "exit": (CLASS.replace(BODY, OS + "        os._exit(0)\n" + BODY), "status 0"),
    "forgery": (
        CLASS.replace(BODY, OS + "        os.write(3, b'\\2\\0\\0\\0{}')\n" + BODY),
        "out of turn",
    ),
    "bug": (CLASS.replace("raise ToolError", "raise KeyError"), "runtime error"),
    "clock": (
        "import datetime\n"
        + CLASS.replace(
            "return {key: ticket[key]",
            "return {key: ticket[key] if key != 'title' else str(datetime.datetime.now())",
        ),
        "not deterministic",
    ),
    "wrong result": (CLASS.replace('("id", "title", "status")', '("id",)'), "lacks the field"),
    "write in a read": (
        CLASS.replace(BODY, BODY + "        self.tickets[1]['status'] = 'Seen'\n"),
        "only reads",
    ),
    "too long": (CLASS + "#" * 50_000, "characters"),
}


@needs_sandbox
@pytest.mark.parametrize("name", BAD_CLASSES)
def test_a_bad_class_is_repaired_with_the_reason(name: str) -> None:
    source, reason = BAD_CLASSES[name]
    book = good_book()
    good = book["python_class", "get_ticket"]
    book["python_class", "get_ticket"] = [json.dumps({"source": source}), *good]
    made, _, requests = write(book, "python")
    assert sorted(names(made)) == sorted(CLASSES)
    (repair,) = [r["messages"][-1]["content"] for r in requests if len(r["messages"]) == 4]
    assert reason in repair


def test_an_endpoint_that_fails_is_a_fault_and_nothing_is_lost(tmp_path: Path) -> None:
    async def play() -> None:
        async with FakeServer(recorded(good_book()), refuses(401, "no key")) as server:
            server.behaviours = [recorded(good_book())] * 3 + [refuses(401, "no key")]
            model = OpenAIModel(model="author", base_url=server.base_url, api_key_env=None)
            try:
                asker = Asker(model, Cache(tmp_path))
                await Author(asker, roles(asker, "sql"), Sizes(2, 20)).write(DOMAIN)
            finally:
                await model.aclose()

    with pytest.raises(ModelFault, match="no key"):
        asyncio.run(play())
    assert len(list(tmp_path.rglob("*.json"))) == 3


@pytest.mark.parametrize("rounds", [1, 3])
def test_every_role_keeps_to_the_rounds_that_it_is_given(rounds: int) -> None:
    async def play() -> Asker:
        async with FakeServer(recorded({key: ["No."] for key in good_book()})) as server:
            model = OpenAIModel(model="author", base_url=server.base_url, api_key_env=None)
            asker = Asker(model)
            built = Roles(
                SpecNormalizer(asker, rounds),
                OutputSchemas(asker, rounds),
                SqlImplementation(asker, rounds),
                StateSampler(asker, rounds),
                InputSampler(asker, rounds=rounds),
            )
            with pytest.raises(Rejected):
                await Author(asker, built, Sizes(2, 20)).write(DOMAIN)
            await model.aclose()
            return asker

    ledger = asyncio.run(play()).ledger
    calls = {name: stage.calls for name, stage in ledger}
    three = {"normalize_spec": 3 * rounds, "response_schema": 3 * rounds}
    assert calls == {**three, "tables": rounds}
    assert ledger["normalize_spec"].by_rules.keys() == set(PROGRAMS)


def test_states_and_calls_fall_to_rules_and_are_named() -> None:
    book = good_book()
    for number in ("1", "2"):
        book["initial_state", number] = ["No."]
    book["inputs", "get_ticket"] = ["No."]
    made, asker, _ = write(book)
    assert "get_ticket" in names(made)
    assert asker.ledger["initial_state"].by_rules == {"state 1": "the reply is no JSON"}
    assert asker.ledger["inputs"].by_rules == {"get_ticket": "the reply is no JSON"}
    (state,) = made.package.states.values()
    assert len(state["ticket"]) >= 6
    assert (
        check_labels(made.package.records[0].spec, made.package.inputs["get_ticket"][:20]) is None
    )


BREAKS_LATER = [
    {"require": "select 1 from ticket where id = :id", "else": "no ticket {id}"},
    {"let": "note", "be": "select json_extract(coalesce(remark, '{}'), '$') from ticket "
     "where id = :id"},
    PROGRAMS["get_ticket"][1],
]  # fmt: skip


def test_a_tool_that_fails_beside_the_others_is_left_out_with_the_reason() -> None:
    """It reads remarks as JSON, which they are until another tool writes one."""
    book = good_book()
    book["sql_program", "get_ticket"] = [json.dumps({"steps": BREAKS_LATER})]
    made, asker, _ = write(book)
    assert asker.ledger["sql_program"].accepted == 3
    assert names(made) == ["close_ticket", "count_tickets"]
    (lost,) = made.rejected
    assert "runtime error" in lost.reason
    assert "malformed JSON" in lost.reason
    assert asker.ledger["composition"].failures == {"runtime error": 1}
    assert made.validity.tools["get_ticket"].passed == 0
    assert made.validity.composed["runtime error"] > 0
