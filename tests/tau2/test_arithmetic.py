"""`calculate` answers as Python's eval would, and never hangs."""

import re
import time
import warnings
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evaluators.tau2.worlds.arithmetic import ALLOWED, calculate

TEXTS = st.lists(
    st.sampled_from(["1", "20", ".5", "3.", "+", "-", "*", "/", "//", "(", ")", " ", "0", "..."]),
    max_size=9,
).map("".join)


def outcome(action: Any) -> Any:
    try:
        return action()
    except Exception as error:  # whatever it is, both must say the same
        return type(error).__name__, str(error)


def by_eval(text: str) -> str:
    return str(round(float(eval(text, {"__builtins__": None}, {})), 2))


@given(TEXTS)
def test_it_is_eval_without_eval(text: str) -> None:
    assume("**" not in text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = outcome(lambda: by_eval(text))
    assert outcome(lambda: calculate(text)) == expected


@pytest.mark.parametrize("text", ["2**3", "2**-2", "(-8)**(1/3)", "9**999", "1e5", "2//0", "()"])
def test_powers_and_their_failures(text: str) -> None:
    assert set(text) <= set(ALLOWED) or calculate_refuses(text)
    if set(text) <= set(ALLOWED):
        assert outcome(lambda: calculate(text)) == outcome(lambda: by_eval(text))


def calculate_refuses(text: str) -> bool:
    with pytest.raises(ValueError, match="Invalid characters in expression"):
        calculate(text)
    return True


@pytest.mark.parametrize("given", [[], {}, ["1"], ["1", "+"]])
def test_a_list_of_allowed_pieces_is_still_no_text(given: Any) -> None:
    with pytest.raises(TypeError, match=re.escape("eval() arg 1 must be a string")):
        calculate(given)


def test_a_tower_of_powers_is_refused_at_once() -> None:
    started = time.process_time()
    with pytest.raises(OverflowError):
        calculate("9**9**9**9")
    assert time.process_time() - started < 1
