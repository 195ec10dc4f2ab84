from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from harness.benchmark import forbid_training
from harness.faults import UserMistake
from tests.fakes.benchmarks import shelves


@pytest.mark.parametrize("notes", [{"trainable": True}, {"train_on_test": True}])
def test_training_is_free_where_no_task_is_a_test_task_or_where_it_is_wanted(
    notes: Mapping[str, Any],
) -> None:
    forbid_training(replace(shelves(), notes=notes))


@pytest.mark.parametrize("notes", [{}, {"trainable": False}, {"split": "test"}])
def test_training_on_what_may_be_test_tasks_is_refused(notes: Mapping[str, Any]) -> None:
    held_out = replace(shelves(), notes=notes)
    with pytest.raises(UserMistake, match=r"^shelves.* holds test tasks"):
        forbid_training(held_out)
    forbid_training(held_out, allowed=True)
