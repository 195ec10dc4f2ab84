from typing import Any

import pytest

from harness.types import ToolSpec
from synth.realism import unreal, unreal_values

SPECS = {
    "note": ToolSpec(
        "note",
        parameters={
            "type": "object",
            "properties": {
                "text": {"type": "string", "description": "The note's text."},
                "mode": {"type": "string", "enum": ["default", "loud"]},
                "amount": {"type": "number"},
                "page": {"type": "integer", "default": 0},
                "tags": {"type": "array", "items": {"type": "string"}},
            },
        },
    )
}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("text", "value"),
        ("text", "  Test "),
        ("comment", "12345"),
        ("content", "foo"),
        ("content", "Lorem ipsum dolor sit amet"),
        ("content", ""),
        ("content", "your name here"),
        ("content", "string1"),
        ("content", "<name>"),
        ("gallon", 0),
        ("amount", 0.0),
        ("order_id", 12345),
        ("text", "the note's text"),
        ("message_body", "message body"),
    ],
)
def test_junk_is_named(parameter: str, value: Any) -> None:
    assert unreal(parameter, value, {"description": "The note's text."})


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("text", "The test of the new pump failed"),
        ("comment", "Room 12345"),
        ("order_id", 12446),
        ("gallon", 10),
        ("temperature", 0),
        ("amount", 0.5),
        ("locked", False),
        ("name", "Valued customers"),
    ],
)
def test_what_people_say_is_kept(parameter: str, value: Any) -> None:
    assert unreal(parameter, value, {}) == ""


def test_calls_are_searched_to_the_leaves() -> None:
    calls = [("note", {"text": "Buy milk", "tags": ["home", "foo"]}), ("note", {"amount": 0})]
    assert unreal_values(calls, SPECS) == [
        "note.tags: the placeholder 'foo'",
        "note.amount: a quantity of 0",
    ]


def test_options_defaults_and_values_from_results_are_excused() -> None:
    calls = [("note", {"mode": "default", "page": 0}), ("note", {"text": "12345"})]
    assert unreal_values(calls, SPECS, ['{"id": "12345"}']) == []
    assert unreal_values(calls, SPECS, ['{"id": "99"}']) == ["note.text: the placeholder '12345'"]
    assert unreal_values([("note", {"amount": 0})], SPECS, ["10"]) != []
