from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.bfcl.java_literals import JAVA_TYPES, java_value
from evaluators.bfcl.javascript_literals import SCRIPT_TYPES, javascript_value

MAP = 'new HashMap<String, Object>() {{ put("a", 1); put("b", "x y"); put("c", 2L); }}'


@pytest.mark.parametrize(
    ("text", "kind", "inner", "value"),
    [
        ("-12", "integer", None, -12),
        ("12L", "integer", None, "12L"),
        ("12l", "long", None, 12),
        ("12", "long", None, "12"),
        ("1.5f", "float", None, 1.5),
        ("1.5", "float", None, "1.5"),
        ("1e3", "double", None, 1000.0),
        ("1e3f", "double", None, "1e3f"),
        ("true", "boolean", None, True),
        ("True", "boolean", None, "True"),
        ("'a'", "char", None, "'a'"),
        ("new ArrayList<>(Arrays.asList(1, 2))", "ArrayList", "integer", [1, 2]),
        ("new ArrayList<>(Arrays.asList(1, 2))", "ArrayList", "long", ["1", "2"]),
        ('new ArrayList<String>() {{ add("a"); add("b"); }}', "ArrayList", "String", ["a", "b"]),
        ('new ArrayList<String>() {{ put("a"); }}', "ArrayList", "String", []),
        ("new ArrayList<String>()", "ArrayList", "String", []),
        ("new LinkedList<String>()", "ArrayList", "String", "new LinkedList<String>()"),
        ("new List<>(Arrays.asList(1))", "ArrayList", None, "new List<>(Arrays.asList(1))"),
        ("new int[]{1, 2, }", "Array", "integer", [1, 2]),
        ('new String[]{"a"}', "Array", "String", ['"a"']),
        ('new String[]{"a", true, 3f}', "Array", None, ["a", True, 3.0]),
        ('new String[]{"a, b"}', "Array", None, ['"a', 'b"']),
        ("{1, 2}", "Array", "integer", "{1, 2}"),
        ("new int[]{1,\n new int[]{2}", "Array", "integer", [2]),
        ("new int[]{1, new int[]{2}", "Array", "integer", [1, "new int[]{2"]),
        (MAP, "HashMap", None, {"a": 1, "b": "x y", "c": 2}),
        ("new HashMap<>()", "HashMap", None, {}),
        ("new HashMap<String,\nString>()", "HashMap", None, "new HashMap<String,\nString>()"),
        ('new HashMap<>() {{ put("a", 1);', "HashMap", None, {}),
        ("new ArrayList<>() {{ add(1);", "ArrayList", None, []),
        ('new HashMap<>() {{ put("a", 1\n); put("b",\n 2); }}', "HashMap", None, {"b": 2}),
        ('{"a": 1}', "HashMap", None, '{"a": 1}'),
    ],
)  # fmt: skip
def test_java(text: str, kind: str, inner: str | None, value: Any) -> None:
    assert repr(java_value(text, kind, inner)) == repr(value)


@pytest.mark.parametrize(
    ("text", "kind", "inner", "value"),
    [
        ('"a b"', "String", None, "a b"),
        ("\"a b'", "String", None, "\"a b'"),
        ("5", "integer", None, 5),
        ("5.0", "integer", None, "5.0"),
        ("5", "float", None, 5.0),
        ("5e1", "float", None, "5e1"),
        ("5n", "Bigint", None, 5),
        ("5", "Bigint", None, "5"),
        ("false", "Boolean", None, False),
        ("False", "Boolean", None, "False"),
        ("x", "any", None, "x"),
        ('[1, "two", true]', "array", None, [1, "two", True]),
        ("[1, 2]", "array", "float", [1.0, 2.0]),
        ("new Array(1, 2)", "array", "integer", [1, 2]),
        ("[ [1, 2], [ 3 ] ]", "array", "array", [[1, 2], [3]]),
        ("new Array([1], ['a'])", "array", None, [[1], ["a"]]),
        ("[]", "array", "integer", []),
        ("[[1], [2]", "array", None, ["[1"]),
        ("(1, 2)", "array", None, "(1, 2)"),
        ("{}", "dict", None, {}),
        ('{"a": 1, b: [1, 2], c: "x"}', "dict", None, {"a": 1, "b": [1, 2], "c": "x"}),
        ("{a: x, y, b: 2}", "dict", None, {"a": "x, y", "b": 2}),
        ("{a: '5'}", "dict", None, {"a": 5}),
        ("a: 1", "dict", None, "a: 1"),
        ("{a:1,b:2}", "dict", None, {"a": 1, "b": 2}),
        ("{a: 1 , :b: 2}", "dict", None, {"a": 1, "b": 2}),
        ("{::a:1}", "dict", None, {"a": 1}),
        ("{a:x,y,b :2}", "dict", None, {"a": "x,y", "b": 2}),
        ("{a:}", "dict", None, {"a": ""}),
        ("{:}", "dict", None, {}),
        ("{a:1,}", "dict", None, {"a": "1,"}),
        ("{a: 1,  b}", "dict", None, {"a": "1,  b"}),
        ("{a:1, :2}", "dict", None, {"a": 1, "": 2}),
        ("{a:1,:2}", "dict", None, {"a": "1,:2"}),
        ("{a:b,c:d,e}", "dict", None, {"a": "b", "c": "d,e"}),
        ("{a: [1,2],b:3}", "dict", None, {"a": [1, 2], "b": 3}),
        ("{a:1}, {b:2}", "dict", None, {"a": 1}),
        ("{a,b:1}", "dict", None, {"a,b": 1}),
        ("{a:b:c}", "dict", None, {"a": "b:c"}),
        ("{x:1, y:,z:3}", "dict", None, {"x": 1, "y": "", "z": 3}),
        ("{a\n:1}", "dict", None, "{a\n:1}"),
        ("{a:1,  :b}", "dict", None, {"a": 1, "": "b"}),
        ("[[1]\n,\n[2]]", "array", None, [[1], [2]]),
        ("[[1],\n[2\n]]", "array", None, ["[1"]),
        ("[[1] , [2] ]x", "array", None, [[1], [2]]),
        ("[[1],[2],3]", "array", None, ["[1"]),
        ("[[1]],[2]]", "array", None, [[1]]),
        ("[[1]", "array", None, ["[1"]),
        ("[[,]]", "array", None, [["", ""]]),
        ("new Array([1] , [2] )", "array", None, [[1], [2]]),
        ("[['a'],[\"b\"]] ", "array", None, [["a"], ["b"]]),
        ("[[1,2],x,[3]]", "array", None, [[1, 2], [3]]),
        ("[[1][2]]", "array", None, [[1], [2]]),
        ("[[1] \n]", "array", None, [[1]]),
        ("[[a]b]]", "array", None, [["a"]]),
        ("new Array([1]]", "array", None, "new Array([1]]"),
        ("[\n[1, 2]]", "array", None, [[1, 2]]),
        ("[[1\n],[2]]", "array", None, "[[1\n],[2]]"),
        ("[1]]", "array", None, [1]),
        ("[ ]", "array", None, []),
        ("[[]]", "array", None, [[""]]),
        ("new Array()", "array", None, []),
        ("[[1],[2", "array", None, ["[1"]),
    ],
)
def test_javascript(text: str, kind: str, inner: str | None, value: Any) -> None:
    assert repr(javascript_value(text, kind, inner)) == repr(value)


@pytest.mark.parametrize("kind", ["Set", "Queue", "Stack", "Hashtable"])
def test_types_without_a_reading_are_refused(kind: str) -> None:
    with pytest.raises(NotImplementedError):
        java_value("x", kind)


@pytest.mark.parametrize("read", [java_value, javascript_value])
def test_unknown_types_are_refused(read: Any) -> None:
    with pytest.raises(KeyError):
        read("x", "number")


_PIECES = st.sampled_from(
    ["new ", "ArrayList<>", "HashMap<A>", "int[]", "(", ")", "{", "}", "[", "]", "Arrays.asList(",
     "add(", 'put("', '",', ",", ":", '"a"', "1", "2L", " ", "\n", "true"]
)  # fmt: skip


@given(text=st.lists(_PIECES, max_size=20).map("".join), kind=st.sampled_from(sorted(JAVA_TYPES)))
def test_java_reads_or_leaves_any_text(text: str, kind: str) -> None:
    try:
        value = java_value(text, kind)
    except NotImplementedError:
        return
    assert type(value) is JAVA_TYPES[kind] or value == text


@given(text=st.lists(_PIECES, max_size=20).map("".join), kind=st.sampled_from(sorted(SCRIPT_TYPES)))
def test_javascript_reads_or_leaves_any_text(text: str, kind: str) -> None:
    value = javascript_value(text, kind)
    assert type(value) is SCRIPT_TYPES[kind] or value in (text, text.strip())


@pytest.mark.parametrize(
    ("read", "kind", "text"),
    [
        (javascript_value, "array", "[" + "[1]," * 50_000),
        (javascript_value, "dict", "{a:" + ", x" * 50_000 + "}"),
        (java_value, "HashMap", "new HashMap<>() {" + " " * 100_000),
        (java_value, "HashMap", "new HashMap<>() {{" + 'put("' * 20_000 + "}}"),
        (java_value, "ArrayList", "new ArrayList<>(Arrays.asList(" * 5_000),
    ],
)
def test_unbalanced_brackets_cost_no_time(read: Any, kind: str, text: str) -> None:
    started = time.process_time()
    read(text, kind)
    assert time.process_time() - started < 1.0
