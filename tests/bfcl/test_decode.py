from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.bfcl.categories import format_configurations
from evaluators.bfcl.decode import (
    MAX_CHARACTERS,
    Format,
    Undecodable,
    decode_fc,
    decode_text,
    format_of,
    is_call_list,
)

FORMATS = ("python", "java", "javascript", "json", "verbose_xml", "concise_xml")


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("[f(a=1), g.h(b='x')]", [{"f": {"a": 1}}, {"g.h": {"b": "x"}}]),
        ("f(a=1)", [{"f": {"a": 1}}]),
        ("```\n[f(a=1)]\n```", [{"f": {"a": 1}}]),
        ("[f(a='x')\n  ]`", [{"f": {"a": "x"}}]),
        ("[f(1, b=2)]", [{"f": {"b": 2}}]),
        ("[f(**d)]", [{"f": {None: "d"}}]),
        ("[f()(a=1)]", [{"": {"a": 1}}]),
        ("[f(a=[1, (2, None)], b={'k': -1.5})]", [{"f": {"a": [1, (2, None)], "b": {"k": -1.5}}}]),
        ("[f(a=x, b=x[0], c=...)]", [{"f": {"a": "x", "b": "x[0]", "c": "..."}}]),
        ("[f(a=g(1), b=g(c=1))]", [{"f": {"a": "g(1)", "b": {"g": {"c": 1}}}}]),
        ("[f(a=not True, b=+5)]", [{"f": {"a": -1, "b": -5}}]),
        ("[f(a=2*5, b='a'+'b', c=2**3/4, d=len('ab')*3)]",
         [{"f": {"a": 10, "b": "ab", "c": 2.0, "d": 6}}]),
        ("", []),
    ],
)  # fmt: skip
def test_python_calls(text: str, calls: list[Any]) -> None:
    assert decode_text(text) == calls


@pytest.mark.parametrize(
    "text",
    [
        "I cannot do that.",
        "```python\n[f(a=1)]\n```",
        "[f(a=1)];",
        "[[f(a=1)]]",
        "'[f(a=1)]'",
        "[f(a=1]",
        "[1, f()]",
        "[f(a=x.y)]",
        "[f(a=-x)]",
        "[f(a=1 if b else 2)]",
        "[f(a=x + 1)]",
        "[f(a=__import__('os').system('true') + 1)]",
        "[f(a=9**9**9)]",
        "[f(a='x'*10**12)]",
        "[f(a='%0999999999d' % 5 + 'x')]",
        "[f(a=1/0)]",
        "[f(a={[1]: 2})]",
        "\x00",
    ],
)
def test_text_that_is_no_python_list_of_calls(text: str) -> None:
    with pytest.raises(Undecodable):
        decode_text(text)


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ('[A.b(x="1", y=5L)]', [{"A.b": {"x": "1", "y": "5L"}}]),
        ('f(a="1");', [{"f": {"a": "1"}}]),
        ("[f(a=new int[]{1, 2})]", [{"f": {"a": "new int[]{1,2}"}}]),
        ('[f(a=new ArrayList<>(Arrays.asList(1, "b")))]',
         [{"f": {"a": 'new ArrayList<>(Arrays.asList(1, "b"))'}}]),
        ("[f(a=new Foo(1, x) { int y; })]", [{"f": {"a": "new Foo(1, x)"}}]),
        ("[f(a='c', b=true)]", [{"f": {"a": "c", "b": "true"}}]),
        ('[f(x, b="1")]', [{"f": {None: "x", "b": "1"}}]),
        ('[f(name="é", abc="bcd")]', [{"f": {"name": 'é"', "bc=": 'cd"'}}]),
        ("[]", None),
    ],
)  # fmt: skip
def test_java_calls(text: str, calls: list[Any] | None) -> None:
    assert decode_text(text, Format("java")) == calls


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("[a.b(x=\"1\", y=[1, 'z'])]", [{"a.b": {"x": "1", "y": "[1, 'z']"}}]),
        ("[f(a={k: 1}, b=true)]", [{"f": {"a": "{k: 1}", "b": "true"}}]),
        ("[f(x, a='é')]", [{"f": {None: "x", "a": "é"}}]),
        ("[f(a='b' + c)]", [{"f": {"a": "'b' + c"}}]),
        ("[x + 1]", None),
    ],
)
def test_javascript_calls(text: str, calls: list[Any] | None) -> None:
    assert decode_text(text, Format("javascript")) == calls


@pytest.mark.parametrize("name", ["java", "javascript"])
@pytest.mark.parametrize("text", ["[f(a=1]", "[f(a=1, a=2)]", "I can't", "[f(a='x)]"])
def test_text_that_is_no_source_call(name: str, text: str) -> None:
    with pytest.raises(Undecodable):
        decode_text(text, Format(name))


JSON = '[{"function": "f", "parameters": {"a": 1}}, {"function": "g", "parameters": {}}]'
VERBOSE = (
    '<functions><function name="f"><params><param name="a" value="1" type="integer"/>'
    '<param name="b" value="[1, 2]" type="array"/><param name="c" value="TRUE" type="boolean"/>'
    '<param name="d" value="no" type="boolean"/></params></function></functions>'
)
CONCISE = (
    '<functions><function name="f"><param name="a" type="integer"> 1 </param>'
    '<param name="b" type="null">x</param><param name="c">y</param></function></functions>'
)


@pytest.mark.parametrize(
    ("name", "text", "calls"),
    [
        ("json", f"Sure: ```json\n{JSON}\n``` Done.", [{"f": {"a": 1}}, {"g": {}}]),
        ("json", "nothing here", []),
        ("json", '[{"function": "f", "parameters": {"a": 1}}, {"func', []),
        ("json", '[{"function": "f", "parameters": {}}] or [{"function": 1', [{"f": {}}]),
        ("json", "[1, 2]", []),
        (
            "verbose_xml",
            f"Here: {VERBOSE}.",
            [{"f": {"a": 1, "b": [1, 2], "c": True, "d": False}}],
        ),
        ("concise_xml", CONCISE, [{"f": {"a": 1, "b": None, "c": "y"}}]),
    ],
)
def test_return_formats(name: str, text: str, calls: list[Any]) -> None:
    assert decode_text(text, Format(name)) == calls
    assert decode_text(f"So <TOOLCALL>{text}</TOOLCALL>!", Format(name, tagged=True)) == calls


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("json", '[{"function": "f"}]'),
        ("verbose_xml", VERBOSE.replace('"1"', '"one"')),
        ("verbose_xml", VERBOSE.replace("</functions>", "")),
        ("concise_xml", CONCISE.replace('name="a" ', "")),
        ("concise_xml", CONCISE.replace("</param>", "", 1)),
    ],
)
def test_broken_return_formats(name: str, text: str) -> None:
    with pytest.raises(Undecodable):
        decode_text(text, Format(name))


def test_prose_inside_the_tags_is_cut_off() -> None:
    text = f"<TOOLCALL>So: {JSON} ok</TOOLCALL>"
    assert decode_text(text, Format("json", tagged=True)) == [{"f": {"a": 1}}, {"g": {}}]
    assert decode_text("<TOOLCALL>] so [</TOOLCALL>", Format("json", tagged=True)) == []


@pytest.mark.parametrize("text", [JSON, f"<TOOLCALL>{JSON}", f"{JSON}</TOOLCALL>"])
def test_tags_are_needed_where_they_were_asked_for(text: str) -> None:
    with pytest.raises(Undecodable):
        decode_text(text, Format("json", tagged=True))


def test_function_calling_results() -> None:
    assert decode_fc([{"f": '{"a": 1}'}, {"g": "[1]"}]) == [{"f": {"a": 1}}, {"g": [1]}]
    assert decode_fc("") == []
    for wrong in ("I can't", [{"f": "{"}], [{"f": {}}], [{}], ["f"], None, 5):
        with pytest.raises(Undecodable):
            decode_fc(wrong)


@pytest.mark.parametrize(
    "wrong", [None, "f()", [1], [{}], [{"f": {}, "g": {}}], [{"f": [1]}], ({},)]
)
def test_call_lists(wrong: Any) -> None:
    assert is_call_list([])
    assert is_call_list([{"f": {}}, {"f": {"a": 1}}])
    assert not is_call_list(wrong)


def test_ids_say_what_format_is_asked_for() -> None:
    assert format_of("simple_java_3") == Format("java")
    assert format_of("live_simple_1-0-0") == Format("python")
    forms = {format_of(f"format_sensitivity_0:{config}:x") for config in format_configurations()}
    assert len(forms) == 8
    with pytest.raises(ValueError, match="yaml"):
        format_of("format_sensitivity_0:ret_fmt=yaml:x")


_PIECES = st.sampled_from(
    [
        *"[](){}<>/=,.:'\"`\\\n -f9é\x00\ud800",
        *("f(a=1)", "**", "not ", "lambda: ", "...", "new ", "new int[]", '{"function": '),
        *("<functions>", "</functions>", "<function name='f'>", "</function>", "<TOOLCALL>"),
        *("<param name='a' type='array' value='[1'/>", '"parameters": {}}', "</TOOLCALL>"),
    ]
)


@given(
    text=st.lists(_PIECES, max_size=25).map("".join) | st.text(max_size=60),
    name=st.sampled_from(FORMATS),
    tagged=st.booleans(),
)
def test_no_text_raises_anything_else(text: str, name: str, tagged: bool) -> None:
    with contextlib.suppress(Undecodable):
        is_call_list(decode_text(text, Format(name, tagged)))


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(result=_JSON)
def test_no_result_raises_anything_else(result: Any) -> None:
    for decode in (decode_fc, decode_text):
        with contextlib.suppress(Undecodable):
            is_call_list(decode(result))
    assert is_call_list(decode_fc([{"f": json.dumps({"x": result})}]))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "piece", ["(", "[", "-", "f(a=", "a.", "{'a':", "<functions>", '[{"a":', "1+"]
)
def test_depth_and_size_are_survived(name: str, piece: str) -> None:
    for text in (piece * 20_000, "f(a=" + piece * 20_000 + "1)", " " * (MAX_CHARACTERS + 1)):
        with contextlib.suppress(Undecodable):
            decode_text(text, Format(name))
