"""The training bench reads its options; what it measures is measured, not tested."""

from __future__ import annotations

import pytest

from harness.faults import UserMistake
from train.bench import OPTIONS, read_options


def test_options_change_what_they_name_and_a_model_is_a_path() -> None:
    assert read_options([]) == (None, OPTIONS)
    model, options = read_options(["--steps", "8", "--model", "runs/x/sft/final"])
    assert model == "runs/x/sft/final"
    assert options == {**OPTIONS, "steps": 8}


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--stepz", "8"], "--stepz"),
        (["--steps"], "--steps"),
        (["--steps", "0"], "at least 1"),
        (["--steps", "many"], "many"),
        (["--steps", "3"], "above 3"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_one_line(argv: list[str], said: str) -> None:
    with pytest.raises(UserMistake, match=said):
        read_options(argv)
