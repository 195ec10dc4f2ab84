from __future__ import annotations

from typing import Any

import pytest

from evaluators.bfcl.agentic import agentic_verdict, names_answer

CALL = [{"look": '{"key": "x"}'}]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Her name is Ann Lee.", True),
        ("{'answer': 'ANN LEE', 'context': ''}", True),
        ("**Ann (Lee)**", True),
        ("Ann  Lee", False),
        ("AnnLee", False),
        ("Ann Leeds", False),
        ("Joann Lee", False),
        ("", False),
    ],
)
def test_answers_are_whole_words(text: str, named: bool) -> None:
    assert names_answer(text, ["Bob", "Ann Lee"]) is named


@pytest.mark.parametrize(
    ("result", "error"),
    [
        ([["It is 42."]], None),
        ([[CALL, "It is 42."]], None),
        ([["It is 42.", CALL]], None),
        ([["It is 42.", [{"look": "{broken"}]]], "answer_not_found"),
        ([["It is 42.", "Bye"]], "answer_not_found"),
        ([["It is 42.", ""]], "no_last_message"),
        ([["It is 42.", []]], "no_last_message"),
        ([[CALL]], "no_last_message"),
        ([[["42"]]], None),
        ([[["43"]]], "answer_not_found"),
        ([[42]], None),
        ([["42"], ["42"]], "inference_error"),
        ("42", "inference_error"),
        ([7], "no_last_message"),
    ],
)
def test_the_last_words_are_judged(result: Any, error: str | None) -> None:
    expected = (True, None) if error is None else (False, f"agentic:{error}")
    assert agentic_verdict(result, ["42"]) == expected
