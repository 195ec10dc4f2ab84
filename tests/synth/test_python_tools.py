"""Tools in Python over a world's tables, beside tools in SQL."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from harness.conformance import check_environment
from harness.faults import ModelFault, ToolFault
from harness.types import ToolCall, ToolSpec
from synth.guard import build_image
from synth.package import fill
from synth.program import parse_program
from synth.python_tools import Overtime, PythonProgram, ToolCrash
from synth.rows import BadRows, Change, changes
from synth.sandbox import Limits, probe
from synth.sandbox.kernel import machine
from synth.world import Blueprint, SqlWorld, Tool
from tests.synth.desk import PROGRAMS, ROWS, SCHEMA

pytestmark = pytest.mark.skipif(
    not machine() or not probe()["seccomp"], reason="this kernel has no seccomp: nothing runs"
)
HEAD = """
class Tool:
    def __init__(self, state):
        self.state = state
        self.rows = {row["id"]: row for row in state["ticket"]}

    def info(self):
        return {"name": "@"}

"""
BODIES = {
    "get": "return self.rows[id]",
    "close": """
        ticket = self.rows.get(id)
        if ticket is None:
            raise ToolError(f"no ticket {id}")
        ticket["status"] = "Closed"
        if note == "":
            raise ToolError("a note needs a text")
        if note == "crash":
            self.state["junk"] = object()
            return 1 / 0
        return {"closed": id}""",
    "create": """
        number = max(self.rows, default=0) + 1
        self.state["ticket"].append({"id": number, "title": title, "priority": 1})
        return {"id": number}""",
    "remove": """
        self.state["ticket"].remove(self.rows[id])
        return {"removed": id}""",
    "spin": """
        self.state["ticket"].clear()
        while True:
            pass""",
    "break_in": """
        import json
        return json.codecs.open("/etc/passwd").read()""",
    "spoil": """
        exec(what, {"state": self.state})
        return None""",
}
ARGUMENTS = {
    "get": "id",
    "close": "id, note=None",
    "create": "title",
    "remove": "id",
    "spoil": "what",
}
ID, TEXT = {"type": "integer"}, {"type": "string"}
PROPERTIES: dict[str, dict[str, Any]] = {
    "get": {"id": ID},
    "close": {"id": ID, "note": TEXT},
    "create": {"title": TEXT},
    "remove": {"id": ID},
    "spoil": {"what": TEXT},
}


def spec(name: str, **properties: Any) -> ToolSpec:
    required = [key for key in properties if key != "note"]
    return ToolSpec(name, "", {"type": "object", "properties": properties, "required": required})


def source(name: str, body: str) -> str:
    given = ARGUMENTS.get(name, "")
    return HEAD.replace("@", name) + f"    def invoke(self, {given}):\n        {body.strip()}\n"


def blueprint(**sources: str) -> Blueprint:
    """Return the desk's tables with tools in Python, and `close_ticket` in SQL beside them."""
    columns = ("id", "title", "status", "priority", "remark")
    rows = [[row[name] for name in columns] for row in ROWS]
    image = build_image(SCHEMA, lambda connection: fill(connection, {"ticket": rows}))
    found = sources or {name: source(name, body) for name, body in BODIES.items()}
    tools = {
        name: Tool(spec(name, **PROPERTIES.get(name, {})), PythonProgram(text))
        for name, text in found.items()
    }
    closing = spec("close_ticket", id=ID, remark=TEXT)
    closing.parameters["required"].remove("remark")  # type: ignore[index]
    program = parse_program(PROGRAMS["close_ticket"], closing.parameters["properties"])
    tools["close_ticket"] = Tool(closing, program)
    return Blueprint(image, tools, limits=Limits(seconds=0.5))


BLUEPRINT = blueprint()
CLOSED = {"ticket": {"[1]": [1, "Printer jams", "Closed", 2, None]}}


def run(world: SqlWorld, name: str, **arguments: Any) -> Any:
    return json.loads(world.run(name, arguments))


def test_both_languages_work_on_the_same_rows() -> None:
    world = SqlWorld(BLUEPRINT)
    assert world.state() == {}
    assert run(world, "get", id=1)["status"] == "Open"
    assert run(world, "close", id=1) == {"closed": 1}
    assert world.state() == CLOSED
    with pytest.raises(ToolFault, match="closed already"):
        run(world, "close_ticket", id=1)
    run(world, "close_ticket", id=2, remark="done")
    assert run(world, "get", id=2)["remark"] == "done"
    assert run(world, "create", title="New") == {"id": 5}
    assert run(world, "remove", id=4) == {"removed": 4}
    found = world.state()["ticket"]
    assert found["[5]"] == [5, "New", "Open", 1, None], "what is left out has its default"
    assert found["[4]"] is None
    assert SqlWorld(BLUEPRINT).state() == {}


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("close", {"id": 9}, "no ticket 9"),
        ("close", {"id": "1"}, "must be integer"),
        ("close", {}, "missing required argument"),
        ("close", {"id": 1, "x": 2}, "unexpected argument"),
        ("close", {"id": 2, "note": ""}, "a note needs a text"),
        ("close", {"id": 2, "note": "crash"}, "ZeroDivisionError: division by zero at line"),
        ("get", {"id": 9}, "KeyError"),
        ("spin", {}, "ran out of time"),
        ("break_in", {}, "the code tried open"),
    ],
)
def test_a_refused_call_says_why_and_leaves_nothing(
    name: str, arguments: dict[str, Any], text: str
) -> None:
    world = SqlWorld(BLUEPRINT)
    run(world, "close", id=1)
    with pytest.raises(ToolFault, match=text) as told:
        world.run(name, arguments)
    assert list(json.loads(str(told.value))) == ["error"]
    assert world.state() == CLOSED
    assert run(world, "close", id=2) == {"closed": 2}


SPOILED = {
    "another table": ("state['x'] = []", "exactly the tables ticket"),
    "a table gone": ("state.clear()", "exactly the tables"),
    "no rows": ("state['ticket'] = 5", "must be a list"),
    "a row of another kind": ("state['ticket'].append(7)", "must be an object"),
    "another column": ("state['ticket'][0]['colour'] = 'red'", "must be an object of"),
    "a nested value": ("state['ticket'][0]['remark'] = ['a']", "a list or an object"),
    "a key twice": ("state['ticket'].append(dict(state['ticket'][0]))", "two rows"),
    "no key": ("state['ticket'].append({'title': 'x', 'priority': 1})", "has no id"),
    "a number too long": ("state['ticket'][0]['priority'] = 2 ** 64", "64 bits"),
    "another type": ("state['ticket'][0]['priority'] = 'high'", "cannot store TEXT"),
    "nothing where something must be": ("state['ticket'][0]['title'] = None", "NOT NULL"),
    "no number": ("state['ticket'][0]['priority'] = float('nan')", "the change would|NOT NULL|NaN"),
    "half a character": ("state['ticket'][0]['title'] = '\\ud800'", "surrogates"),
    "no JSON": ("state['ticket'][0]['title'] = {1}", "not JSON serializable"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_rows_that_no_table_holds_are_the_tools_failure(name: str) -> None:
    what, text = SPOILED[name]
    world = SqlWorld(BLUEPRINT)
    with pytest.raises(ToolCrash, match=text):
        run(world, "spoil", what=f"state['ticket'][3]['title'] = 'half done'\n{what}")
    assert world.state() == {}
    assert run(world, "get", id=1)["title"] == "Printer jams"


def test_truth_values_become_numbers_and_an_untouched_state_is_no_change() -> None:
    world = SqlWorld(BLUEPRINT)
    run(world, "spoil", what="state['ticket'][0]['priority'] = True")
    assert world.state()["ticket"]["[1]"][3] == 1
    run(world, "spoil", what="state['ticket'].reverse()")
    assert list(world.state()["ticket"]) == ["[1]"]


def test_changes_name_what_went_came_and_differs() -> None:
    columns = {"t": [("k", 1), ("v", 0)]}
    before = {"t": [{"k": 1, "v": "a"}, {"k": 2, "v": "b"}, {"k": 3, "v": None}]}
    after = {"t": [{"k": 4, "v": "d"}, {"k": 2, "v": "b"}, {"k": 3, "v": "c"}]}
    assert changes(before, after, columns) == [
        Change("t", (1,), None),
        Change("t", (3,), {"v": "c"}),
        Change("t", (4,), {"k": 4, "v": "d"}, new=True),
    ]
    with pytest.raises(BadRows):
        changes(before, [], columns)


def test_it_keeps_the_contract_of_every_world() -> None:
    read = ToolCall("1", "get", {"id": 1})
    asyncio.run(check_environment(SqlWorld(BLUEPRINT), [read]))
    with pytest.raises(AssertionError, match="changed the state"):
        asyncio.run(check_environment(SqlWorld(BLUEPRINT), [ToolCall("1", "close", {"id": 1})]))


def test_only_offered_tools_can_be_called_and_only_by_the_agent() -> None:
    world = SqlWorld(BLUEPRINT, offered=["get"])
    for role, name in (("agent", "close"), ("user", "get")):
        with pytest.raises(ToolFault, match="unknown tool"):
            asyncio.run(world.call(role, ToolCall("1", name, {"id": 1})))  # type: ignore[arg-type]


def test_a_stored_change_is_what_a_class_sees() -> None:
    world = SqlWorld(BLUEPRINT, past=json.loads(json.dumps(CLOSED)))
    assert world.state() == CLOSED
    assert run(world, "get", id=1)["status"] == "Closed"


def test_slow_calls_of_many_worlds_do_not_wait_for_each_other() -> None:
    worlds = [SqlWorld(BLUEPRINT) for _ in range(4)]

    async def spin(world: SqlWorld) -> None:
        with pytest.raises(Overtime, match="ran out of time"):
            await world.call("agent", ToolCall("1", "spin", {}))

    async def both() -> None:
        await asyncio.gather(*map(spin, worlds))

    for world in worlds:
        run(world, "get", id=1)
    started = time.monotonic()
    asyncio.run(both())
    assert time.monotonic() - started < 4 * 0.5


MEMORY = """
SEEN = []
class Tool:
    KEPT = []
    def info(self):
        return {"name": "get"}
    def invoke(self, id):
        SEEN.append(id)
        self.KEPT.append(id)
        return [len(SEEN), len(self.KEPT)]
"""


def test_what_a_class_keeps_to_itself_is_gone_at_the_next_call() -> None:
    world = SqlWorld(blueprint(get=MEMORY))
    assert [run(world, "get", id=n) for n in (1, 1, 1)] == [[1, 1]] * 3


POISON = """
import json
class Tool:
    def info(self):
        return {"name": "get"}
    def invoke(self, id):
        json.dumps = lambda *given, **more: '"poisoned"'
        json.codecs.sys.modules["builtins"].len = lambda given: 0
        return id
"""


def test_a_class_that_spoils_its_process_spoils_no_other_tool() -> None:
    close = source("close", BODIES["close"])
    world = SqlWorld(blueprint(get=POISON, close=close))
    with pytest.raises(ToolCrash):
        run(world, "get", id=1)
    assert run(world, "close", id=1) == {"closed": 1}
    assert world.state() == CLOSED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("class A:\n    def info(self): return {'name': 'x'}\n    def invoke(self): pass", "names"),
        ("x = 1", "one class with invoke"),
        ("class A(:", "SyntaxError"),
        ("import os", "the module os is not available"),
        ("while True: pass", "ran out of time"),
        ("x = bytearray(1 << 30)", "MemoryError"),
        ("class A:\n    def info(self): return 5\n    def invoke(self): pass", "TypeError"),
        ("class A:\n    def info(self): return {'name': []}\n    def invoke(self): pass", "names"),
    ],
)
def test_sources_that_do_not_load_are_a_fault_of_the_world(text: str, reason: str) -> None:
    with pytest.raises(ModelFault, match=reason) as caught:
        SqlWorld(blueprint(get=text)).run("get", {"id": 1})
    assert caught.value.kind == "env"


def test_guards_stand_before_a_class() -> None:
    guard = parse_program(
        [{"require": "select :id <> 3", "else": "{id} is taboo"}, {"return": "select 1"}], ["id"]
    ).requirements
    tools = {"get": Tool(spec("get", id=ID), PythonProgram(source("get", BODIES["get"]), guard))}
    world = SqlWorld(Blueprint(BLUEPRINT.image, tools))
    assert run(world, "get", id=1)["id"] == 1
    with pytest.raises(ToolFault, match="3 is taboo"):
        run(world, "get", id=3)
