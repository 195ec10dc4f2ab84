"""What a tool's result and a wrong call read like: the official texts."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.tau2.worlds.store import Base, Store
from evaluators.tau2.worlds.toolkit import (
    Dump,
    Toolkit,
    error_text,
    reject_reserved,
    require_exactly,
    to_text,
    tool,
)
from evaluators.tau2.worlds.world import World


class Desk(Toolkit):
    @tool("read")
    def look(self, key: str) -> Dump:
        return Dump(self.store["t"][key])

    @tool("write", takes=("a", "b", "c"))
    def put(self, given: Any) -> str:
        return "put"

    @tool("write", mutates=False)
    def shout(self) -> str:
        return "!"

    @tool("generic", hidden=True)
    def whisper(self) -> str:
        return "."

    def is_open(self) -> bool:
        return True

    def answer(self) -> int:
        return 42


class Phone(Toolkit):
    @tool("read")
    def ring(self) -> str:
        return "ring"


def world(*, solo: bool = False, user: bool = True) -> World:
    base = Base({"t": {"x": {"n": 1}}})
    phone = Phone(Store(base)) if user else None
    return World(Desk(Store(base)), phone, specs={}, solo=solo)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("as it is", "as it is"),
        (
            Dump({"n": 1, "f": 2.0, "b": True, "z": None}),
            '{"n": 1, "f": 2.0, "b": true, "z": null}',
        ),
        (
            {"n": 1, "f": 2.0, "b": True, "z": None},
            '{"n": "1", "f": "2.0", "b": "True", "z": null}',
        ),
        ([1, [2.5, False]], '["1", ["2.5", "False"]]'),
        ({"in": Dump({"n": 1}), "out": 1}, '{"in": {"n": 1}, "out": "1"}'),
        ((1, "a"), '["1", "a"]'),
        (7, '"7"'),
        (None, "null"),
    ],
)
def test_numbers_become_strings_outside_records_only(result: Any, text: str) -> None:
    assert to_text(result) == text


def test_a_result_of_another_type_is_refused() -> None:
    with pytest.raises(ValueError, match="Unsupported type"):
        to_text(object())


@given(st.dictionaries(st.sampled_from(["a", "b", "c", "d", "e"]), st.integers(), max_size=5))
def test_a_wrong_call_reads_as_python_says_it(arguments: dict[str, int]) -> None:
    def put(a: int, b: int, c: int) -> None:
        """Take three."""

    def words(action: Any) -> str:
        try:
            action()
        except TypeError as error:
            return re.sub(r"^\S*put\(\)", "put()", error_text(error)[len("Error: ") :])
        return ""

    native = words(lambda: put(**arguments))
    assert words(lambda: require_exactly("put()", ("a", "b", "c"), arguments)) == native


def test_a_suggestion_of_a_newer_python_is_left_out() -> None:
    said = TypeError("f() got an unexpected keyword argument 'nam'. Did you mean 'name'?")
    assert error_text(said) == "Error: f() got an unexpected keyword argument 'nam'"
    assert error_text(ValueError("x. Did you mean y?")) == "Error: x. Did you mean y?"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"requestor": 1, "self": 2}, "tau2.environment.environment.Environment.make_tool_call() "),
        (
            {"self": 1, "tool_name": 2},
            "Environment.make_tool_call() got multiple values for argume",
        ),
    ],
)
def test_names_of_the_official_machinery_collide(arguments: Any, text: str) -> None:
    with pytest.raises(TypeError, match=re.escape(text)):
        reject_reserved(arguments)
    reject_reserved({"name": 1, "kwargs": 2})


@pytest.mark.parametrize(
    ("role", "name", "arguments", "text", "error"),
    [
        ("agent", "look", {"key": "x"}, '{"n": 1}', False),
        ("agent", "look", {"key": "y"}, "Error: 'y'", True),
        ("agent", "look", {"key": []}, "Error: unhashable type: 'list'", True),
        ("agent", "ring", {}, "Error: Tool 'ring' not found.", True),
        ("agent", "is_open", {}, "Error: Tool 'is_open' not found.", True),
        ("agent", "whisper", {}, ".", False),
        ("user", "ring", {}, "ring", False),
        ("user", "look", {"key": "x"}, "Error: Tool 'look' not found.", True),
        (
            "user",
            "ring",
            {"a": 1},
            "Error: Phone.ring() got an unexpected keyword argument 'a'",
            True,
        ),
    ],
)
def test_calls_go_to_the_callers_tools(
    role: Any, name: str, arguments: Any, text: str, error: bool
) -> None:
    assert world().respond(role, name, arguments) == (text, error)


def test_alone_the_agent_holds_both_toolkits() -> None:
    assert world(solo=True).respond("agent", "ring", {}) == ("ring", False)
    refused = "Error: User tool calls are not allowed in solo mode"
    assert world(solo=True).respond("user", "ring", {}) == (refused, True)
    assert world(user=False).respond("user", "ring", {}) == (
        "Error: User tools not available",
        True,
    )


def test_only_mutating_tools_are_replayed() -> None:
    kit = world()
    assert [kit.mutates(name) for name in ("look", "put", "shout", "whisper", "ring", "new")] == [
        False, True, False, False, False, True,
    ]  # fmt: skip
