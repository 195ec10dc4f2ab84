"""How the baseline fills arguments: each reason for a value, and what happens without one."""

from __future__ import annotations

import random
from typing import Any

import pytest

from harness.models.lexical.filling import Filling, fill
from harness.models.lexical.options import Options
from harness.models.lexical.reading import Reading
from harness.models.lexical.slots import MISSING, read_slots


def filled(text: str, properties: dict[str, Any], *required: str) -> Filling:
    reading = Reading(text)
    slots = read_slots({"properties": properties, "required": required or list(properties)})
    options = Options(reading, lambda place: True, frozenset(), random.Random(0))
    return fill(slots, options.of(slots), reading.places, lambda slot: MISSING)


def only(text: str, properties: dict[str, Any], *required: str) -> dict[str, Any]:
    (arguments,) = filled(text, properties, *required).calls
    return arguments


INT = {"type": "integer"}
TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("text", "properties", "arguments"),
    [
        ("a height of 4 and a base of 7", {"base": INT, "height": INT}, {"base": 7, "height": 4}),
        ("where b = 3 and a = 5", {"a": INT, "b": INT}, {"a": 5, "b": 3}),
        ("add 4 and 9", {"x": INT, "y": INT}, {"x": 4, "y": 9}),
        ("to Rome from Oslo", {"origin": TEXT, "destination": TEXT}, None),
        ("walk 5 km in 2 hours", {"hours": INT, "km": INT}, {"hours": 2, "km": 5}),
        ("at a rate of 5%", {"rate": {"type": "number"}}, {"rate": 0.05}),
        (
            "at a rate of 5%",
            {"rate": {"type": "number", "description": "in percent"}},
            {"rate": 5.0},
        ),
        (
            "invest $5000 at 7% for 5 years",
            {"rate": {"type": "float"}, "amount": INT, "years": INT},
            {"rate": 0.07, "amount": 5000, "years": 5},
        ),
        (
            "on March 11, 2022",
            {"date": {"type": "string", "description": "yyyy-mm-dd"}},
            {"date": "2022-03-11"},
        ),
        (
            "sum of 4, 8 and 15",
            {"numbers": {"type": "array", "items": INT}},
            {"numbers": [4, 8, 15]},
        ),
        ("two circles with radius 5", {"radius": INT}, {"radius": 5}),
        ("a bird of brown color", {"color": TEXT}, {"color": "brown"}),
        (
            "weather in Paris, France",
            {"place": {"type": "string", "description": "such as 'Rome, Italy'"}},
            {"place": "Paris, France"},
        ),
        ("user with id 77", {"user_id": TEXT}, {"user_id": "77"}),
        ("merge a large pizza", {"size": {"enum": ["small", "large"]}}, {"size": "large"}),
        ("list hidden files", {"include_hidden": {"type": "boolean"}}, {"include_hidden": True}),
        ("no hidden files", {"include_hidden": {"type": "boolean"}}, {"include_hidden": False}),
        ("set it to {'a': 1}", {"options": {"type": "HashMap"}}, {"options": {"a": 1}}),
    ],
)
def test_reasons(text: str, properties: dict[str, Any], arguments: dict[str, Any] | None) -> None:
    expected = {"origin": "Oslo", "destination": "Rome"} if arguments is None else arguments
    assert only(text, properties) == expected


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("the area please", INT),
        ("about 2.5 metres", INT),
        ("see ann@example.org", {"type": "array", "items": INT}),
        ("a tiny pizza", {"type": "string", "enum": ["small", "large"]}),
        ("plain words", {"type": "object"}),
    ],
)
def test_a_needed_slot_without_a_value_makes_no_call(text: str, schema: dict[str, Any]) -> None:
    filling = filled(text, {"thing": schema})
    assert filling.calls == ()
    assert [slot.path for slot in filling.missing] == [("thing",)]


def test_an_identifier_is_never_plain_words_or_an_address() -> None:
    assert filled("the account of ann@example.org", {"user_id": TEXT}).calls == ()
    assert only("the account of ann@example.org", {"email": TEXT}) == {"email": "ann@example.org"}


def test_defaults_fill_needed_slots_only() -> None:
    properties = {
        "page": {"type": "integer", "default": 1},
        "size": {"type": "integer", "default": 9},
    }
    assert only("more of it", properties, "page") == {"page": 1}


def test_optional_slots_need_evidence() -> None:
    properties = {"city": TEXT, "days": {"type": "integer", "description": "Number of days."}}
    assert only("weather in Rome for 3 days", properties, "city") == {"city": "Rome", "days": 3}
    assert only("weather in Rome, I am 33", properties, "city") == {"city": "Rome"}


def test_lists_spread_over_single_values_but_fill_arrays_whole() -> None:
    text = "weather in Rome, Oslo and Bern"
    assert [c["city"] for c in filled(text, {"city": TEXT}).calls] == ["Rome", "Oslo", "Bern"]
    cities = {"cities": {"type": "array", "items": TEXT}}
    assert only(text, cities) == {"cities": ["Rome", "Oslo", "Bern"]}


def test_parallel_phrases_repeat_the_call() -> None:
    text = "a person 6 feet tall of 80 kg, also a person of 5.5 feet and 60 kg"
    number = {"type": "float"}
    properties = {
        "height": {**number, "description": "in feet"},
        "weight": {**number, "description": "in kg"},
    }
    expected = [{"height": 6.0, "weight": 80.0}, {"height": 5.5, "weight": 60.0}]
    assert list(filled(text, properties).calls) == expected


def test_numbered_siblings_take_values_in_order() -> None:
    properties = {"city1": TEXT, "city2": TEXT}
    assert only("how far is Rome from Oslo", properties) == {"city1": "Rome", "city2": "Oslo"}


def test_nested_objects_are_rebuilt() -> None:
    box = {"type": "dict", "properties": {"width": INT, "height": INT}, "required": ["width"]}
    assert only("a width of 3", {"box": box}) == {"box": {"width": 3}}
