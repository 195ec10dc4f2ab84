"""Calls as text: rewriting, refusing, and carrying out without evaluating anything."""

from __future__ import annotations

import ast
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.bfcl.calls import (
    call_text,
    evaluate,
    parsed_text,
    refused,
    rendered,
    rewrite,
    written,
)
from harness.types import ToolCall

OWNERS = {"cat": "box"}


def cat(file_name: str = "", *, other: object = None) -> object:
    return {"seen": file_name, "other": other}


def run(text: str) -> Any:
    return evaluate(rewrite(text, OWNERS), {"box": {"cat": cat}})


def test_a_method_name_before_a_parenthesis_gets_its_owner_wherever_it_stands() -> None:
    assert rewrite("cat(x='cat (y)')", OWNERS) == "box.cat(x='box.cat(y)')"
    assert rewrite("f(x='a (b)', y='cat')", OWNERS) == "f(x='a(b)', y='cat')"


@pytest.mark.parametrize(
    ("text", "name"),
    [("kill(x=1)", "kill"), ("os.remove(x=1)", "remove"), ("run", "run"), ("a.run.b(x=1)", "run")],
)
def test_some_names_are_refused(text: str, name: str) -> None:
    assert refused(text) == name


@pytest.mark.parametrize("text", ["cat(x='kill')", "a.b.run(x=1)", " kill(x=1)", "killer(x=1)"])
def test_other_texts_are_not_refused(text: str) -> None:
    assert refused(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("cat(file_name='a')", {"seen": "a", "other": None}),
        ("cat('a', other=[1, (2,), {'k': -1.5}])", {"seen": "a", "other": [1, (2,), {"k": -1.5}]}),
        (
            "cat(file_name=cat(file_name='b'))",
            {"seen": {"seen": "b", "other": None}, "other": None},
        ),
        ("sorted([2, 1])", [1, 2]),
        ("dict(a=1)", {"a": 1}),
        ("print('x', sep='')", None),
        ("()", ()),
        ("'text'", "text"),
    ],
)
def test_calls_and_literals_have_values(text: str, value: object) -> None:
    assert run(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ls()", "name 'ls' is not defined"),
        ("cat(other=nan)", "name 'nan' is not defined"),
        ("open(file='x')", "name 'open' is not defined"),
        ("__import__('os')", "name '__import__' is not defined"),
        ("cat.__globals__", "name 'cat' is not defined"),
        ("json(x=1)", "'module' object is not callable"),
        ("'abc'(x=1)", "'str' object is not callable"),
        ("cat(a b=1)", "invalid syntax. Perhaps you forgot a comma? (<string>, line 1)"),
        ("cat(other=1, other=2)", "keyword argument repeated: other (<string>, line 1)"),
        ("cat(**{})", "unpacking is not supported in a function call"),
        ("[x for x in ()]", "ListComp is not supported in a function call"),
    ],
)
def test_what_cannot_be_carried_out_says_why(text: str, message: str) -> None:
    with pytest.raises((SyntaxError, ValueError, TypeError, NameError, AttributeError)) as caught:
        run(text)
    assert str(caught.value) == message


def test_nothing_reaches_beyond_methods(tmp_path: Path) -> None:
    target = tmp_path / "made"
    for text in (
        f"open({str(target)!r}, 'w')",
        f"().__class__.__base__.__subclasses__()[0]({str(target)!r})",
        f"json.codecs.builtins.open({str(target)!r}, 'w')",
        f"eval(\"open({str(target)!r}, 'w')\")",
        f"(lambda: open({str(target)!r}, 'w'))()",
    ):
        with pytest.raises((NameError, AttributeError, ValueError)):
            run(text)
    assert not target.exists()


@given(st.dictionaries(st.text(max_size=6), st.text(max_size=8), max_size=3), st.text(max_size=8))
def test_any_call_becomes_an_answer_or_an_error(arguments: dict[str, str], name: str) -> None:
    with suppress(SyntaxError, ValueError, TypeError, NameError, AttributeError):
        assert isinstance(rendered(run(call_text(name, arguments))), str)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(JSON)
def test_text_brings_plain_values_back(value: Any) -> None:
    text = call_text("cat", {"other": value})
    if "(" not in repr(value) and "inf" not in repr(value):
        assert run(text) == {"seen": "", "other": value}


def test_prompting_mode_turns_a_dict_of_dicts_into_a_call() -> None:
    assert parsed_text("f", {"x": {"g": {"y": 1}}}) == "f(x=g(y=1))"
    assert parsed_text("f", {"x": {"g": 1}}) == "f(x={'g': 1})"
    with pytest.raises(LookupError):
        parsed_text("f", {"x": {}})


def test_a_call_that_exists_only_as_text_keeps_it() -> None:
    assert written(ToolCall("1", "f", {"$text": "f(x=(1, 2))"})) == "f(x=(1, 2))"
    assert written(ToolCall("1", "f", {"x": [1], "y": "a"})) == "f(x=[1], y='a')"
    assert ast.parse(written(ToolCall("1", "f", {}))).body


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("a", "a"),
        ({"k": [1]}, '{"k": [1]}'),
        ({"k": 1j}, "{'k': 1j}"),
        ([1], "[1]"),
        (None, "None"),
    ],
)
def test_results_are_shown_as_text(result: object, text: str) -> None:
    assert rendered(result) == text
