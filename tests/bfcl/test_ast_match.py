from __future__ import annotations

from typing import Any

import pytest

from evaluators.bfcl.ast_match import UNSCORABLE, match
from tests.fakes.bfcl_pack import doc

STRING = {"type": "string"}
INTEGER = {"type": "integer"}
FLOAT = {"type": "float"}
INTEGERS = {"type": "array", "items": INTEGER}
STRINGS = {"type": "array", "items": STRING}
DICTS = {"type": "array", "items": {"type": "dict"}}


def one(schema: dict[str, Any], value: Any, accepted: list[Any], language: str = "python") -> Any:
    """Judge a call with the single argument `x`; return the error type, None if accepted."""
    calls = [{"f": {"x": value}}]
    valid, fault = match(calls, [doc("f", x=schema)], [{"f": {"x": accepted}}], "simple", language)
    assert valid == (fault is None)
    return fault


@pytest.mark.parametrize(
    ("schema", "accepted", "right", "wrong", "fault"),
    [
        (STRING, ["New York"], "new-york.", "new york!", "value_error:string"),
        (STRING, ["it's"], 'IT"S', "its", "value_error:string"),
        (INTEGER, [5], 5, 5.0, "type_error:simple"),
        (INTEGER, [5], 5, True, "type_error:simple"),
        (INTEGER, [5], 5, 6, "value_error:others"),
        (FLOAT, [5.0], 5, "5", "type_error:simple"),
        (INTEGERS, [[1, 2]], [1, 2], [2, 1], "value_error:list/tuple"),
        (INTEGERS, [[1, 2]], [1, 2], [1, "2"], "type_error:nested"),
        (INTEGERS, [[1, 2]], [1, 2], (1, 2), "type_error:simple"),
        ({**INTEGERS, "type": "tuple"}, [[1, 2]], (1, 2), "1, 2", "type_error:simple"),
        (STRINGS, [["a b"]], ["A.B"], ["a b c"], "value_error:list/tuple"),
        ({"type": "dict"}, [{"k": ["v"]}], {"k": "V"}, {"k": "w"}, "value_error:dict_value"),
        ({"type": "dict"}, [{"k": [1]}], {"k": True}, {"k": 1, "l": 2}, "value_error:dict_key"),
        ({"type": "dict"}, [{"k": [1], "l": [2, ""]}], {"k": 1}, {"l": 2}, "value_error:dict_key"),
        (DICTS, [[{"k": [1]}]], [{"k": 1}], [{"k": 1}, {}], "value_error:list_dict_count"),
        (DICTS, [[{"k": [1]}]], [{"k": 1}], [{"k": 2}], "value_error:dict_value"),
        ({"type": "any"}, ["yes"], "YES", 1, "type_error:simple"),
    ],
)
def test_values(
    schema: dict[str, Any], accepted: list[Any], right: Any, wrong: Any, fault: str
) -> None:
    assert one(schema, right, accepted) is None
    assert one(schema, wrong, accepted) == fault


def test_a_gold_of_another_type_is_a_variable_compared_exactly() -> None:
    assert one(INTEGER, "user_id", ["user_id"]) is None
    assert one(INTEGER, "User_ID", ["user_id"]) == "value_error:others"
    assert one(STRING, "User_ID", ["user_id"]) is None


def test_an_optional_marker_lets_the_empty_list_pass_and_stops_nested_checks() -> None:
    assert one(INTEGERS, [], [[1], ""]) is None
    assert one(INTEGERS, [], [[1]]) == "value_error:list/tuple"
    assert one(INTEGERS, ["1"], [[1], ""]) == "value_error:list/tuple"
    assert one(INTEGERS, ["1"], [[1]]) == "type_error:nested"


def test_strings_inside_nested_lists_are_compared_exactly() -> None:
    lists = {"type": "array", "items": INTEGERS}
    assert one(lists, [["a"]], [[["a"]]]) is None
    assert one(lists, [["A"]], [[["a"]]]) == "value_error:list/tuple"


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"a": 1, "b": 2}, None),
        ({"a": 1}, None),
        ({"b": 2}, "simple_function_checker:missing_required"),
        ({"a": 1, "c": 3}, "simple_function_checker:unexpected_param"),
        ({"a": 1, "e": 3}, "simple_function_checker:unexpected_param"),
        ({"a": 1, "g": 3}, "simple_function_checker:unexpected_param"),
        ({"a": 1, "d": 4, "b": 2}, None),
    ],
)
def test_arguments(arguments: dict[str, int], fault: str | None) -> None:
    docs = [doc("f", ["a"], a=INTEGER, b=INTEGER, d=INTEGER, e=INTEGER)]
    golds = [{"f": {"a": [1], "b": [2, ""], "d": [4, ""], "g": [3, ""]}}]
    assert match([{"f": arguments}], docs, golds, "simple") == (fault is None, fault)


def test_an_argument_that_is_not_marked_optional_must_be_given() -> None:
    docs = [doc("f", a=INTEGER)]
    assert match([{"f": {}}], docs, [{"f": {"a": [1, ""]}}], "simple") == (True, None)
    fault = "simple_function_checker:missing_optional"
    assert match([{"f": {}}], docs, [{"f": {"a": [1]}}], "simple") == (False, fault)


def test_names_with_dots_are_expected_as_the_model_was_shown_them() -> None:
    docs, golds = [doc("a.b")], [{"a.b": {}}]
    wrong = (False, "simple_function_checker:wrong_func_name")
    assert match([{"a.b": {}}], docs, golds, "simple") == (True, None)
    assert match([{"a_b": {}}], docs, golds, "simple") == wrong
    assert match([{"a_b": {}}], docs, golds, "simple", underscore_to_dot=True) == (True, None)
    assert match([{"a.b": {}}], docs, golds, "simple", underscore_to_dot=True) == wrong


@pytest.mark.parametrize(
    ("category", "fault"),
    [
        ("live_simple", "simple_function_checker:wrong_count"),
        ("multiple", "multiple_function_checker:wrong_count"),
        ("parallel_multiple", "parallel_function_checker_no_order:wrong_count"),
    ],
)
def test_the_number_of_calls(category: str, fault: str) -> None:
    docs, golds = [doc("f"), doc("g")], [{"f": {}}]
    assert match([{"f": {}}], docs, golds, category) == (True, None)
    assert match([{"f": {}}, {"f": {}}], docs, golds, category) == (False, fault)
    assert match([], docs, golds, category) == (False, fault)


def test_the_chosen_function_is_the_gold_one() -> None:
    docs = [doc("f"), doc("g")]
    assert match([{"g": {}}], docs, [{"g": {}}], "multiple") == (True, None)
    wrong = "simple_function_checker:wrong_func_name"
    assert match([{"f": {}}], docs, [{"g": {}}], "multiple") == (False, wrong)


def test_parallel_calls_are_matched_greedily_in_gold_order() -> None:
    docs = [doc("f", a=INTEGER)]
    loose, strict = {"f": {"a": [1, 2]}}, {"f": {"a": [1]}}
    calls = [{"f": {"a": 1}}, {"f": {"a": 2}}]
    assert match(calls, docs, [strict, loose], "parallel") == (True, None)
    fault = "parallel_function_checker_no_order:cannot_find_match"
    assert match(calls, docs, [loose, strict], "parallel") == (False, fault)
    assert match(calls[::-1], docs, [loose, strict], "parallel") == (True, None)


@pytest.mark.parametrize(
    ("language", "kind", "text", "accepted", "wrong", "fault"),
    [
        ("java", "long", "5L", [5], "5", "type_error:simple"),
        ("java", "integer", "5", [5], 5, "type_error:java"),
        ("java", "any", "new Foo()", ["new Foo()"], "new Bar()", "value_error:string"),
        ("javascript", "Bigint", "5n", [5], "5", "type_error:simple"),
        ("javascript", "Boolean", "true", [True], True, "type_error:js"),
        ("javascript", "dict", "{a: 1}", [{"a": [1]}], "{a: 2}", "value_error:dict_value"),
    ],
)
def test_source_literals(
    language: str, kind: str, text: str, accepted: list[Any], wrong: Any, fault: str
) -> None:
    assert one({"type": kind}, text, accepted, language) is None
    assert one({"type": kind}, wrong, accepted, language) == fault


def test_source_lists_have_element_types() -> None:
    schema = {"type": "ArrayList", "items": {"type": "integer"}}
    right, wrong = "new ArrayList<>(Arrays.asList(1, 2))", "new ArrayList<>(Arrays.asList(1, x))"
    assert one(schema, right, [[1, 2]], "java") is None
    assert one(schema, wrong, [[1, 2]], "java") == "type_error:nested"


@pytest.mark.parametrize(
    ("schema", "value", "accepted", "language"),
    [
        ({"type": "number"}, 1, [1], "python"),
        (FLOAT, 10**400, [1.0], "python"),
        (INTEGERS, [1], [[1], {"a": 1}], "python"),
        (DICTS, [[{}]], [[{}], ""], "python"),
        ({"type": "Set"}, "x", ["x"], "java"),
        ({"type": "integer"}, "9" * 5000, [9], "java"),
    ],
)
def test_what_crashes_the_official_checker_is_not_accepted(
    schema: dict[str, Any], value: Any, accepted: list[Any], language: str
) -> None:
    assert one(schema, value, accepted, language) == UNSCORABLE
