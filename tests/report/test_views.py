"""What the page shows of a trial is text that means exactly what the run holds."""

from __future__ import annotations

import json
import math

from harness.codec import to_json
from harness.outcomes import Outcome
from harness.report.views import LEAVES, TEXT_LIMIT, finite, graded, leaves, value_text, view_of
from harness.types import Category, Episode, Fault, Message, Tokens, ToolCall


def view(*log: Message, outcome: Outcome | None = None, **fields: object) -> dict[str, object]:
    episode = Episode("t", log, "agent_stop", **fields)  # type: ignore[arg-type]
    return view_of(json.loads(json.dumps(to_json(episode))), outcome)


def test_values_keep_every_digit() -> None:
    call = ToolCall("c", "pay", {"cents": 2**70, "rate": math.nan, "name": "a", "n": 5})
    line = view(Message("agent", calls=(call,)))["log"][0]  # type: ignore[index]
    assert line["calls"][0]["args"] == [
        ["cents", "1180591620717411303424"],
        ["rate", "NaN"],
        ["name", '"a"'],
        ["n", "5"],
    ]


def test_a_number_and_its_text_look_different() -> None:
    assert value_text(5) != value_text("5")


def test_arguments_that_are_no_object_are_shown_raw() -> None:
    line = view(Message("agent", calls=(ToolCall("c", "f", {}, raw='{"a": '),)))["log"][0]  # type: ignore[index]
    assert line["calls"] == [{"id": "c", "name": "f", "raw": '{"a": '}]


def test_long_texts_are_cut_and_say_so() -> None:
    log = view(Message("user", "x" * (TEXT_LIMIT + 5)), Message("agent", "x" * TEXT_LIMIT))["log"]
    cut, whole = log  # type: ignore[misc]
    assert len(cut["text"]) == TEXT_LIMIT
    assert cut["cut"] == TEXT_LIMIT + 5
    assert "cut" not in whole


def test_token_ids_stay_in_the_run() -> None:
    tokens = Tokens((1, 2), (3,), (-0.5,))
    assert "tokens" not in view(Message("agent", "hi", tokens=tokens))["log"][0]  # type: ignore[index]


def test_reward_components_carry_a_tone() -> None:
    assert graded(1.0) == ("1.0", "good")
    assert graded(False) == ("false", "bad")
    assert graded(0.5) == ("0.5", "")
    assert graded(math.nan) == ("NaN", "")
    assert graded(0) == ("0", "")
    assert graded({"met": False, "text": "x"})[1] == "bad"


def test_verdict_and_categories_come_from_the_outcome() -> None:
    labels = (Category("wrong_tool", {"turn": 2, "quote": "a"}),)
    outcome = Outcome("b", "d", "t", 0, "fail", 0.0, parts={"db": 0.0}, categories=labels)
    shown = view(outcome=outcome)
    assert shown["parts"] == [["db", "0.0", "bad"]]
    assert shown["labels"] == [["wrong_tool", [("turn", "2"), ("quote", "a")]]]


def test_components_inside_a_part_are_opened() -> None:
    parts = {"breakdown": {"DB": 1.0, "NL": 0.0}, "counts": {"turn": 3}, "none": {}}
    shown = view(outcome=Outcome("b", "d", "t", 0, "fail", 0.0, parts=parts))
    assert shown["parts"] == [
        ["breakdown › DB", "1.0", "good"],
        ["breakdown › NL", "0.0", "bad"],
        ["counts", '{"turn": 3}', ""],
        ["none", "{}", ""],
    ]


def test_a_fault_is_shown_even_without_an_outcome() -> None:
    assert view(fault=Fault("user", "http", "503"))["fault"] == "user: http: 503"
    assert "fault" not in view()


def test_state_is_listed_leaf_by_leaf() -> None:
    state = {"orders": {"7": {"status": "open", "lines": [1, 2]}}, "empty": {}}
    assert view(state=state)["state"] == [
        ("orders › 7 › status", '"open"'),
        ("orders › 7 › lines", "[1, 2]"),
        ("empty", "{}"),
    ]


def test_a_huge_or_deep_state_ends_with_a_note() -> None:
    assert len(list(leaves({str(n): n for n in range(LEAVES)}))) == LEAVES
    wide = list(leaves({str(n): n for n in range(LEAVES + 1)}))
    assert len(wide) == LEAVES + 1
    assert wide[-1][0] == "…"
    deep: dict[str, object] = {"end": 1}
    for _ in range(50):
        deep = {"d": deep}
    assert len(list(leaves(deep))) == 1


def test_numbers_a_page_cannot_hold_become_texts() -> None:
    assert finite(0.25) == 0.25
    assert finite(2**53) == str(2**53)
    assert finite(math.inf) == "inf"
    assert finite(True) is None
    assert finite(None) is None
