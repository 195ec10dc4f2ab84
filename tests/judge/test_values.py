"""When values are the same, when an answer is an error or empty, where a value comes from."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evaluators.judge.case import OneOf
from evaluators.judge.failures import emptiness, failure_of, is_auth, is_transient
from evaluators.judge.provenance import Sources, equals_rounded, ungrounded
from evaluators.judge.values import dates_in, same


@pytest.mark.parametrize(
    ("gold", "given"),
    [
        ("Los Angeles", " los  angeles"),
        (5, 5.0),
        (5, "5"),
        (1000, "$1,000"),
        (1000.5, "1,000.50"),
        ("2024-08-23", "2024/08/23"),
        ("2024-08-23", "August 23, 2024"),
        ("2024-08-23", "23 Aug 2024"),
        (True, "True"),
        ("*", {"any": "thing"}),
        ({"a": "*", "b": [1, 2]}, {"a": None, "b": [1.0, 2]}),
        (OneOf(("NYC", "New York")), "new york"),
        ({"a": OneOf(("", 1))}, {}),
    ],
)
def test_the_same(gold: Any, given: Any) -> None:
    assert same(gold, given)


@pytest.mark.parametrize(
    ("gold", "given"),
    [
        ("00123", 123),
        ("00123", "123"),
        (5, 5.5),
        ("a", ["a"]),
        ([1, 2], [2, 1]),
        ([1, 2], [1, 2, 2]),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1}, {}),
        (True, 1.5),
        (OneOf(("NYC", "New York")), "Boston"),
        ("2024-08-23", "2024-08-24"),
    ],
)
def test_not_the_same(gold: Any, given: Any) -> None:
    assert not same(gold, given)


def test_lists_without_order() -> None:
    assert same(["a", "b", "b"], ["b", "a", "b"], unordered=True)
    assert not same(["a", "b", "b"], ["b", "a", "a"], unordered=True)


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "no"},
        {"error": {"message": "no"}},
        {"errors": ["no"]},
        {"success": False, "message": "no"},
        {"ok": False},
        {"status": "error: not found"},
        {"status": "failed", "reason": "no"},
        {"status_code": 503, "message": "down"},
        {"result": {"error": "no"}},
        {"result": "Error: no"},
        {"message": "Error: no"},
        "Error: no",
        "Error during execution: no",
        "Traceback (most recent call last)",
        "Failed to book",
    ],
)
def test_errors(answer: Any) -> None:
    assert failure_of(answer if isinstance(answer, str) else json.dumps(answer))


@pytest.mark.parametrize(
    "answer",
    [
        {"error": None, "id": 4},
        {"error": "", "id": 4},
        {"title": "Error in the print queue", "status": "Open"},
        {"success": False, "message": "You are already logged in."},
        {"added": False, "message": "Symbol is already in the watchlist and was not added."},
        {"follow_status": False},
        {"status": "success: comment added"},
        {"id": 6, "symbol": "NFLX", "price": 529.0, "status": "Failed", "amount": 6},
        {"messages": [{"text": "I got an error: 500"}]},
        "The error rate is 5 %.",
        "",
        "null",
    ],
)
def test_no_errors(answer: Any) -> None:
    assert failure_of(answer if isinstance(answer, str) else json.dumps(answer)) is None


def test_kinds_of_errors() -> None:
    assert is_auth("403: not permitted for want of permission")
    assert not is_auth("Order 403921 does not exist")
    assert is_transient("Connection reset by peer")
    assert not is_transient("Invalid priority: must be between 1 and 5")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("null", "void"), ("{}", "void"), ("", "void"), ('{"a": null, "b": {}}', "void"),
        ("[]", "hollow"), ('{"items": []}', "hollow"), ('{"items": [], "total": 0}', ""),
        ("fine", ""), ('{"ok": false}', ""),
    ],
)  # fmt: skip
def test_emptiness(answer: str, kind: str) -> None:
    assert emptiness(answer) == kind


SEEN = Sources(
    ["I am Bo. Order W-77 arrives on March 3rd, 2027, two boxes at $1,250.50, tag #fun."],
    ["7.5 and 2.5"],
)


@pytest.mark.parametrize(
    "value",
    ["Bo", "bo", "W-77", "2027-03-03", 1250.5, "1250.50", 2, "#fun", "fun", True, None, "",
     "a text of several words that somebody wrote"],
)  # fmt: skip
def test_grounded(value: Any) -> None:
    assert SEEN.holds(value)


def test_derived_amounts_are_grounded_and_derived_ids_are_not() -> None:
    prices = ["12.40 and 7.15"]
    assert Sources(prices, prices).holds(19.55)
    assert Sources(prices, prices).holds(5.25)
    assert not Sources(prices, prices).holds(19.56)
    assert not Sources(["3 and 4"], ["3 and 4"]).holds(12)


@pytest.mark.parametrize("value", ["Boris", "W-78", "W-7", "2027-03-04", 1250.6, 4, 10.0, "77x"])
def test_ungrounded(value: Any) -> None:
    assert not SEEN.holds(value)
    assert ungrounded({"a": [value, "Bo"]}, SEEN) == [value]


def test_dates_and_rounding() -> None:
    assert dates_in("from 3 march 2027 to 2027/03/09") == {"2027-03-03", "2027-03-09"}
    assert equals_rounded(322, 321.868)
    assert equals_rounded(13, 12.5)
    assert equals_rounded(387.25, 387.24667613)
    assert not equals_rounded(321.8, 321.868)
    assert not equals_rounded(320, 321.868)
