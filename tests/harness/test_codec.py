import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.codec import dumps, from_json, to_json
from harness.outcomes import Outcome
from harness.types import Category, Episode, Fault, Message, Tokens, ToolCall, Usage

WHOLE = Episode(
    "t",
    (
        Message("user", "hi"),
        Message(
            "agent",
            "x",
            (ToolCall("1", "f", {"a": 10**40, "b": [1.5, None]}, raw=None),),
            usage=Usage(3, 4, cost_usd=0.5),
            tokens=Tokens((1, 2), (3,), (-0.25,)),
        ),
        Message("tool", "\ud800 lone", owner="agent", call_id="1", error=True),
    ),
    "user_stop",
    trial=2,
    fault=Fault("env", "world", "fell"),
    state={"rows": {"1": {"x": 1}}},
    tools=((1, "agent", "abc"),),
)


def test_an_episode_survives_the_trip_through_a_line_of_json() -> None:
    line = dumps(to_json(WHOLE))
    assert line.isascii()
    assert from_json(Episode, json.loads(line)) == WHOLE


def test_defaults_are_left_out() -> None:
    assert to_json(Message("user", "hi")) == {"author": "user", "text": "hi"}


def test_a_zero_is_not_taken_for_false() -> None:
    assert to_json(Message("agent", calls=(ToolCall("1", "f", {"a": 0}),)))["calls"][0][
        "arguments"
    ] == {"a": 0}


def test_numbers_that_json_does_not_know_survive() -> None:
    call = ToolCall("1", "f", {"a": math.inf, "b": math.nan})
    back = from_json(ToolCall, json.loads(dumps(to_json(call))))
    assert back.arguments["a"] == math.inf
    assert math.isnan(back.arguments["b"])


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(TypeError):
        from_json(Message, {"author": "user", "colour": "red"})


def test_an_outcome_keeps_its_categories() -> None:
    outcome = Outcome("b", "d", "t", 0, "fail", 0.0, categories=(Category("x", {"turn": 1}),))
    assert from_json(Outcome, json.loads(dumps(to_json(outcome)))) == outcome


@given(st.text(), st.dictionaries(st.text(), st.integers() | st.text() | st.none()))
def test_any_text_and_arguments_survive(text: str, arguments: dict[str, object]) -> None:
    message = Message("agent", text, (ToolCall("1", text, arguments),))
    assert from_json(Message, json.loads(dumps(to_json(message)))) == message
