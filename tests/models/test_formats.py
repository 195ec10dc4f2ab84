"""Tool formats: encoders and decoders agree, and no text can crash a decoder."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.models.formats import FORMATS, split_reasoning, to_text_chat, with_ids
from harness.models.pycalls import read_calls
from harness.models.values import DEPTH, Undecodable, loads, read_arguments, require_shallow
from harness.models.wire import Dialect, Offers
from harness.types import ToolCall, ToolSpec

fuzz = settings(deadline=None, derandomize=True)
texts = st.text(st.characters(exclude_categories=()), max_size=40)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4)
)
names = st.from_regex(
    r"[a-zA-Z_][a-zA-Z0-9_]{0,8}(\.[a-zA-Z_][a-zA-Z0-9_]{0,8}){0,2}", fullmatch=True
)
odd_names = names | st.sampled_from(
    ["get-weather", "a b", "import", "server/tool", "f.class", "3d"]
)
arguments = st.dictionaries(texts, values, max_size=4)
marks = st.sampled_from(
    [*"[](){}=,:'\"\\ \n.-+*01aF<>/_", "\ud800", '"name"', "</tool_call>", "f("]
)
junk = st.lists(marks, max_size=60).map("".join)
leaves = ["1", "'a'", "x", "None", "1e999", "0x1F", "...", "b'x'", "1j", "True", "9" * 4000, "''"]
shapes = [
    "[{}, {}]",
    "({}, {})",
    "{} + {}",
    "{} * {}",
    "{} ** {}",
    "{} % {}",
    "{{{}: {}}}",
    "{}[{}]",
]
shapes += [
    "g({}, {})",
    "g(k={}, **{})",
    "f'{{{}}}' + {}",
    "{} if {} else 0",
    "{{{}, {}}}",
    "-{}.b({})",
]
programs = st.recursive(
    st.sampled_from(leaves),
    lambda inner: st.builds(str.format, st.sampled_from(shapes), inner, inner),
    max_leaves=8,
)
WEATHER = ToolSpec("weather", "Tell it", {"type": "object", "properties": {"city": {}, "day": {}}})


def same(left: Any, right: Any) -> bool:
    """Compare JSON values exactly: 1 is not True, NaN equals NaN."""
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


@pytest.mark.parametrize("name", sorted(FORMATS))
@fuzz
@given(calls=st.lists(st.tuples(odd_names, arguments), min_size=1, max_size=3))
def test_decoding_undoes_encoding(name: str, calls: list[tuple[str, dict[str, Any]]]) -> None:
    form = FORMATS[name]
    tools = [ToolSpec(n) for n in dict.fromkeys(n for n, _ in calls)]
    text, decoded = form.decode(form.encode("", [ToolCall("", n, a) for n, a in calls]), tools)
    assert text == ""
    assert [call.name for call in decoded] == [n for n, _ in calls]
    assert all(same(call.arguments, a) for call, (_, a) in zip(decoded, calls, strict=True))
    assert all(call.raw is None for call in decoded)


@pytest.mark.parametrize("name", sorted(FORMATS))
@settings(fuzz, max_examples=300)
@given(
    text=texts
    | programs.map("[weather(city={})]".format)
    | junk
    | junk.map(lambda s: f"[f({s})]")
    | junk.map("<tool_call>{}".format)
)
def test_any_text_decodes_to_something_storable(name: str, text: str) -> None:
    rest, calls = FORMATS[name].decode(text, [WEATHER])
    if not calls:
        assert rest == text
    for call in calls:
        assert isinstance(call.name, str)
        require_shallow(call.arguments)
        json.dumps(call.arguments)
        assert call.raw is None or call.arguments == {}
    again = FORMATS[name].encode(rest, calls)
    FORMATS[name].decode(again, [WEATHER])


@settings(fuzz, max_examples=300)
@given(message=st.dictionaries(st.sampled_from(["content", "tool_calls", "reasoning"]), values))
def test_any_native_message_is_read(message: dict[str, Any]) -> None:
    dialect, offers = Dialect(), Offers(None, True)
    offer = offers.of([WEATHER])
    reply = dialect.read({"choices": [{"message": message}]}, offer, 3)
    line = {"role": "assistant", "content": reply.text, "calls": reply.calls}
    json.loads(dialect.write([line], offer, {"model": "m"}))


@fuzz
@given(data=values)
def test_any_response_is_read_or_refused(data: Any) -> None:
    with pytest.raises(Undecodable):
        Dialect().read(data, Offers(None, True).of([]), 0)


DEEP = {
    "parentheses": "f(a=" + "(" * 90_000 + ")" * 90_000 + ")",
    "brackets": "f(a=" + "[" * 150 + "]" * 150 + ")",
    "minus signs": "f(a=" + "-" * 90_000 + "1)",
    "attributes": "a" + ".a" * 45_000 + "()",
    "calls": "a" + "()" * 45_000,
    "sums": "f(a=" + "1+" * 45_000 + "1)",
    "conditionals": "f(a=" + "1 if 1 else " * 8_000 + "1)",
    "subscripts": "f(a=a" + "[0]" * 30_000 + ")",
    "hex": "f(a=0x" + "f" * 90_000 + ")",
    "decimal": "f(a=" + "9" * 90_000 + ")",
    "power": "f(a=2**64**64)",
    "repetition": "f(a='a'*10**9)",
    "division": "f(a=1/0)",
    "overflow": "f(a=1e300**60)",
    "root": "f(a=(-1.5)**0.5)",
    "null byte": "f(a='\0')",
    "bytes": "f(a=b'x')",
    "format": "f(a=f'{1}')",
    "set": "f(a={1, 2})",
    "unpacking": "f(**3)",
    "generator": "[f() for f in g]",
    "too long": "f(a='" + "a" * 100_000 + "')",
    "prose": "I would call f(a=1) for you.",
    "empty": "[]",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_hostile_python_stays_text(text: str) -> None:
    assert FORMATS["python_list"].decode(text, [WEATHER]) == (text, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[weather(city='a', day=2)]", {"city": "a", "day": 2}),
        ("weather(city='a')", {"city": "a"}),
        ("```\n[weather(city='a')]\n```", {"city": "a"}),
        ("[weather('a', day=2)]", {"city": "a", "day": 2}),
        (
            "[weather(city=(1, 2), day={'x': [True, None]})]",
            {"city": [1, 2], "day": {"x": [True, None]}},
        ),
        ("[weather(city=Berlin, day=-3)]", {"city": "Berlin", "day": -3}),
        ("[weather(city='a' + 'b', day=60*60)]", {"city": "ab", "day": 3600}),
        ("[weather(city=today(), day=next(n=1))]", {"city": "today()", "day": {"next": {"n": 1}}}),
        (r"[weather(city='\d')]", {"city": r"\d"}),
        ("[weather(**{'city-name': ...})]", {"city-name": "..."}),
        ("[weather(city={1: 'x'})]", {"city": {"1": "x"}}),
    ],
)
def test_python_lists_that_are_read(text: str, expected: dict[str, Any]) -> None:
    assert read_calls(text, [WEATHER]) == [("weather", expected, None)]


def test_positional_arguments_without_a_known_name_are_raw() -> None:
    _, calls = FORMATS["python_list"].decode("[weather(1, 2, 3), other(5)]", [WEATHER])
    assert [(call.name, call.arguments, call.raw) for call in calls] == [
        ("weather", {}, "weather(1, 2, 3)"),
        ("other", {}, "other(5)"),
    ]


@pytest.mark.parametrize(
    ("text", "rest", "expected"),
    [
        ('a <tool_call>{"name": "f"}</tool_call> b', "a  b", [("f", {}, None)]),
        ('<tool_call>{"name": "f", "arguments": {"x": 1}}', "", [("f", {"x": 1}, None)]),
        (
            '<tool_call>{"name": "f", "arguments": "{\\"x\\": 1}"}</tool_call>',
            "",
            [("f", {"x": 1}, None)],
        ),
        ('<tool_call>{"name": "f", "arguments": [1]}</tool_call>', "", [("f", {}, "[1]")]),
        ('<tool_call>{"name": "f", "arguments": "no"}</tool_call>', "", [("f", {}, "no")]),
    ],
)
def test_hermes_calls_that_are_read(text: str, rest: str, expected: list[Any]) -> None:
    left, calls = FORMATS["hermes"].decode(text, [])
    assert left == rest
    assert [(call.name, call.arguments, call.raw) for call in calls] == expected


@pytest.mark.parametrize(
    "text",
    [
        "<tool_call>",
        '<tool_call>{"name": "f"}</tool_call><tool_call>{broken</tool_call>',
        '<tool_call>{"arguments": {}}</tool_call>',
        '<tool_call>["f"]</tool_call>',
        "<tool_call>" * 200_000,
        '<tool_call>{"name": ' + "[" * 100_000 + "</tool_call>",
    ],
)
def test_broken_hermes_stays_text(text: str) -> None:
    assert FORMATS["hermes"].decode(text, []) == (text, ())


def test_a_closing_tag_inside_an_argument_does_not_end_the_block() -> None:
    form = FORMATS["hermes"]
    call = ToolCall("", "f", {"x": "</tool_call><tool_call>"})
    assert form.decode(form.encode("so", [call]), []) == ("so", (call,))


def test_long_hermes_replies_decode_in_linear_time() -> None:
    text = '<tool_call>{"name": "f"}</tool_call>' * 50_000
    _, calls = FORMATS["hermes"].decode(text, [])
    assert len(calls) == 50_000


def test_depth_is_bounded_exactly() -> None:
    assert loads("[" * DEPTH + "]" * DEPTH) is not None
    with pytest.raises(Undecodable):
        loads("[" * (DEPTH + 1) + "]" * (DEPTH + 1))
    assert loads("[" + "[]," * 500 + "[]]") is not None
    assert read_arguments(json.loads('{"a":' * 65 + "1" + "}" * 65)) == ({}, "(not JSON)")


def test_chats_become_plain_text() -> None:
    calls = (ToolCall("1", "f", {"x": 1}), ToolCall("2", "g"))
    chat = [
        {"role": "system", "content": "S"},
        {"role": "user", "content": "U"},
        {"role": "assistant", "content": "", "calls": calls},
        {"role": "tool", "tool_call_id": "1", "content": "one"},
        {"role": "tool", "tool_call_id": "2", "content": "two"},
    ]
    form = FORMATS["python_list"]
    lines = to_text_chat(chat, form, "TOOLS")
    assert lines == [
        {"role": "system", "content": "S\n\nTOOLS"},
        {"role": "user", "content": "U"},
        {"role": "assistant", "content": "[f(x=1), g()]"},
        {"role": "user", "content": "Result of f: one\nResult of g: two"},
    ]
    assert to_text_chat(chat[1:2], form, "TOOLS")[0] == {"role": "system", "content": "TOOLS"}
    assert to_text_chat(chat[:2], form, "") == chat[:2]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("<think>a</think>b", ("a", "b")),
        ("<think>a", ("a", "")),
        ("b <think>a</think>", ("", "b <think>a</think>")),
    ],
)
def test_reasoning_is_split_where_it_leads(text: str, parts: tuple[str, str]) -> None:
    assert split_reasoning(text) == parts


def test_ids_are_numbered() -> None:
    assert [c.id for c in with_ids([ToolCall("", "f"), ToolCall("", "g")], "p")] == ["p_0", "p_1"]


def test_tool_lists_are_encoded_once_per_list_object() -> None:
    offers = Offers(None, True)
    tools = [WEATHER]
    assert offers.of(tools) is offers.of(tools)
    assert offers.of([WEATHER]) is not offers.of(tools)
    for _ in range(1000):
        offers.of([WEATHER])
    assert len(offers.known) <= 256
