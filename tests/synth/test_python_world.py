from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from harness.conformance import check_environment
from harness.faults import ModelFault, ToolFault
from harness.types import ToolCall, ToolSpec
from synth.python_world import PythonBlueprint, PythonWorld, differences, patched
from synth.sandbox import Limits, probe
from synth.sandbox.kernel import machine

pytestmark = pytest.mark.skipif(
    not machine() or not probe()["seccomp"], reason="this kernel has no seccomp: nothing runs"
)
DESK = """
class Desk:
    def __init__(self, state):
        self.state = state
        self.tickets = state["tickets"]

    def info(self):
        return [{"name": "close"}, {"name": "get"}, {"name": "spin"}, {"name": "break_in"}]

    def invoke(self, tool, arguments):
        return getattr(self, tool)(**arguments)

    def get(self, id):
        if str(id) not in self.tickets:
            raise ToolError(f"no ticket {id}")
        return self.tickets[str(id)]

    def close(self, id, note=None):
        ticket = self.get(id)
        ticket["status"] = "Closed"
        self.state["closed"] = self.state.get("closed", 0) + 1
        if note == "":
            raise ToolError("a note needs a text")
        if note == "crash":
            self.state["junk"] = object()
            return 1 / 0
        return {"closed": id}

    def spin(self):
        self.state["closed"] = 99
        while True:
            pass

    def break_in(self):
        import json
        return json.codecs.open("/etc/passwd").read()
"""
SQUARE = """
class Square:
    def info(self):
        return {"name": "square"}

    def invoke(self, x):
        return {"result": x * x}
"""


def spec(name: str, required: tuple[str, ...] = (), **properties: Any) -> ToolSpec:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return ToolSpec(name, "", schema)


ID = {"type": "integer"}
SPECS = (
    spec("get", ("id",), id=ID),
    spec("close", ("id",), id=ID, note={"type": "string"}),
    spec("spin"),
    spec("break_in"),
    spec("square", ("x",), x={"type": "number"}),
)
STATE = {"tickets": {"1": {"title": "a", "status": "Open"}, "2": {"title": "b", "status": "Open"}}}
BLUEPRINT = PythonBlueprint(
    SPECS, {"desk": DESK, "square": SQUARE}, STATE, limits=Limits(seconds=0.5)
)
CLOSED = {"/closed": [1], "/tickets/1/status": ["Closed"]}


def run(world: PythonWorld, name: str, **arguments: Any) -> Any:
    return json.loads(world.run(name, arguments))


def test_classes_of_both_forms_share_one_world() -> None:
    world = PythonWorld(BLUEPRINT)
    assert world.state() == {}
    assert run(world, "get", id=1) == {"title": "a", "status": "Open"}
    assert run(world, "square", x=3) == {"result": 9}
    assert run(world, "close", id=1) == {"closed": 1}
    assert world.state() == CLOSED
    assert PythonWorld(BLUEPRINT).state() == {}
    assert world.verify() is None


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("get", {"id": 9}, "no ticket 9"),
        ("get", {"id": "1"}, "must be integer"),
        ("get", {}, "missing required argument"),
        ("get", {"id": 1, "x": 2}, "unexpected argument"),
        ("close", {"id": 2, "note": ""}, "a note needs a text"),
        ("close", {"id": 2, "note": "crash"}, "ZeroDivisionError: division by zero at line 26"),
        ("spin", {}, "ran out of time"),
        ("break_in", {}, "the code tried open"),
    ],
)
def test_a_refused_call_says_why_and_leaves_nothing(
    name: str, arguments: dict[str, Any], text: str
) -> None:
    world = PythonWorld(BLUEPRINT)
    run(world, "close", id=1)
    with pytest.raises(ToolFault, match=text):
        world.run(name, arguments)
    assert world.state() == CLOSED
    assert run(world, "get", id=1)["status"] == "Closed"
    assert run(world, "close", id=2) == {"closed": 2}


def test_it_keeps_the_contract_of_every_world() -> None:
    read = ToolCall("1", "get", {"id": 1})
    asyncio.run(check_environment(PythonWorld(BLUEPRINT), [read]))
    with pytest.raises(AssertionError, match="changed the state"):
        asyncio.run(check_environment(PythonWorld(BLUEPRINT), [ToolCall("1", "close", {"id": 1})]))


def test_only_offered_tools_can_be_called_and_only_by_the_agent() -> None:
    world = PythonWorld(BLUEPRINT, offered=["get"])
    assert [tool.name for tool in world.tools("agent", 1)] == ["get"]
    assert world.tools("user", 1) == ()
    for role, name in (("agent", "close"), ("user", "get")):
        with pytest.raises(ToolFault, match="unknown tool"):
            asyncio.run(world.call(role, ToolCall("1", name, {"id": 1})))  # type: ignore[arg-type]


def test_a_stored_change_replays_to_the_same_state() -> None:
    world = PythonWorld(BLUEPRINT)
    run(world, "close", id=1)
    again = PythonWorld(BLUEPRINT, past=json.loads(json.dumps(world.state())))
    assert again.state() == world.state()
    assert run(again, "get", id=1)["status"] == "Closed"


def test_slow_calls_of_many_worlds_do_not_wait_for_each_other() -> None:
    worlds = [PythonWorld(BLUEPRINT) for _ in range(4)]

    async def spin(world: PythonWorld) -> None:
        with pytest.raises(ToolFault, match="ran out of time"):
            await world.call("agent", ToolCall("1", "spin", {}))

    async def both() -> None:
        await asyncio.gather(*map(spin, worlds))

    for world in worlds:
        run(world, "get", id=1)
    started = time.monotonic()
    asyncio.run(both())
    assert time.monotonic() - started < 4 * 0.5


UNSTEADY = """
import datetime

class Unsteady:
    def info(self):
        return {"name": "get"}

    def invoke(self, id):
        return datetime.datetime.now().isoformat() if id else id
"""


def test_answers_that_cannot_be_replayed_are_found() -> None:
    blueprint = PythonBlueprint(SPECS[:1], {"unsteady": UNSTEADY})
    world = PythonWorld(blueprint)
    run(world, "get", id=0)
    assert world.verify() is None
    run(world, "get", id=1)
    assert world.verify() == "get answers differently on replay"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("class A:\n    def info(self): return {'name': 'x'}\n    def invoke(self): pass", "get"),
        ("x = 1", "one class with invoke"),
        ("class A(:", "SyntaxError"),
        ("import os", "the module os is not available"),
        ("while True: pass", "ran out of time"),
        ("x = bytearray(1 << 30)", "MemoryError"),
    ],
)
def test_sources_that_do_not_load_are_a_fault_of_the_world(source: str, text: str) -> None:
    blueprint = PythonBlueprint(SPECS[:1], {"bad": source}, limits=Limits(seconds=0.5))
    with pytest.raises(ModelFault, match=text) as caught:
        PythonWorld(blueprint).run("get", {"id": 1})
    assert caught.value.kind == "env"


def test_differences_and_patches_are_each_others_inverse() -> None:
    old = {"a": {"b": 1, "c/d~": [1, 2]}, "e": None, "f": {"g": {}}, "1": True}
    new = {"a": {"b": 1.0, "c/d~": [1]}, "f": {"g": {"h": {"i": None}}}, "1": 1}
    delta = dict(differences(old, new))
    assert delta["/a/c~1d~0"] == [[1]]
    assert delta["/e"] == []
    assert delta["/1"] == [1]
    assert json.dumps(patched(old, delta), sort_keys=True) == json.dumps(new, sort_keys=True)
    assert patched(old, {}) == old
