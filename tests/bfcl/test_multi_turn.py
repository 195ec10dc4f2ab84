"""The check of multi-turn tasks, rule by rule and against recorded official verdicts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluators.bfcl.data import BfclData
from evaluators.bfcl.gold_calls import multi_turn_calls
from evaluators.bfcl.multi_turn import MultiTurnChecker, check_row, checker_of, decoded_step
from evaluators.bfcl.rows import read_rows

TASK = "multi_turn_base_0"


def gold(data: BfclData, task_id: str = TASK) -> list[list[list[dict[str, Any]]]]:
    """Return the gold as a recorded result: one call per step."""
    turns = multi_turn_calls(data, checker_of(data).classes, task_id)
    return [[[{name: given}] for name, given in turn] for turn in turns]


def verdict(data: BfclData, prediction: Any, task_id: str = TASK) -> tuple[bool, str | None]:
    return check_row({"id": task_id, "prediction": prediction}, data)


def test_the_gold_passes(bfcl: BfclData) -> None:
    assert verdict(bfcl, gold(bfcl)) == (True, None)


def test_prose_and_empty_steps_do_not_count(bfcl: BfclData) -> None:
    padded = [["I think.", [], *turn, [{"ls": "{"}], "Done."] for turn in gold(bfcl)]
    assert verdict(bfcl, padded) == (True, None)


def test_text_instead_of_turns_is_an_inference_error(bfcl: BfclData) -> None:
    assert verdict(bfcl, "Error") == (False, "multi_turn:inference_error")


def test_another_number_of_turns_is_a_forced_end(bfcl: BfclData) -> None:
    assert verdict(bfcl, gold(bfcl)[:-1]) == (False, "multi_turn:force_terminated")
    assert verdict(bfcl, [*gold(bfcl), []]) == (False, "multi_turn:force_terminated")


def test_a_turn_without_calls_fails_where_the_gold_has_some(bfcl: BfclData) -> None:
    turns = gold(bfcl)
    turns[1] = []
    assert verdict(bfcl, turns) == (False, "multi_turn:empty_turn_model_response")


def test_another_state_fails_at_once(bfcl: BfclData) -> None:
    turns = gold(bfcl)
    turns[0].append([{"touch": {"file_name": "extra.txt"}}])
    assert verdict(bfcl, turns) == (False, "multi_turn:instance_state_mismatch")


def test_a_missing_response_fails_after_the_state(bfcl: BfclData) -> None:
    turns = gold(bfcl)
    turns[1] = [step for step in turns[1] if "grep" not in step[0]]
    assert verdict(bfcl, turns) == (False, "multi_turn:execution_response_mismatch")


def test_an_early_response_counts_later(bfcl: BfclData) -> None:
    turns = gold(bfcl)
    (sort,) = turns[2]
    assert verdict(bfcl, [turns[0], [*turns[1], sort], [[{"pwd": {}}]], *turns[3:]])[0]


def test_calls_in_turns_without_gold_hurt_only_through_the_state(bfcl: BfclData) -> None:
    task = "multi_turn_miss_func_0"
    turns = gold(bfcl, task)
    empty = turns.index([])
    turns[empty] = [[{"pwd": {}}]]
    assert verdict(bfcl, turns, task) == (True, None)
    turns[empty] = [[{"touch": {"file_name": "extra.txt"}}]]
    assert verdict(bfcl, turns, task) == (False, "multi_turn:instance_state_mismatch")


@pytest.mark.parametrize(
    "step", ["text", "", [], None, 5, [5], [{"ls": "{"}], [{"ls": "[]"}], [{"ls": {}}, {"ls": "x"}]]
)
def test_a_step_that_is_no_call_list_is_lost_as_a_whole(step: Any) -> None:
    assert not decoded_step(step)


def test_a_step_may_spell_its_calls_in_three_ways() -> None:
    wanted = [("ls", {"a": True}), ("pwd", {})]
    assert decoded_step([{"ls": '{"a": true}'}, {"pwd": {}}]) == wanted
    assert decoded_step({"ls": {"a": True}, "pwd": "{}"}) == wanted


def test_a_wrong_rollout_leaves_nothing_behind(bfcl: BfclData) -> None:
    """Eight trials after a wrong one judge as eight fresh checkers do."""
    ids = [TASK, "multi_turn_long_context_150", "multi_turn_base_90", "multi_turn_miss_func_77"]
    for task_id in ids:
        calls = multi_turn_calls(bfcl, checker_of(bfcl).classes, task_id)
        right = [[turn] if turn else [] for turn in calls]
        wrong = [[*turn, *turn, [("post_tweet", {"content": "x"})]] for turn in right]
        used = MultiTurnChecker(bfcl)
        found = [used.check(task_id, turns) for turns in (wrong, *[right] * 8, wrong)]
        fresh = [MultiTurnChecker(bfcl).check(task_id, turns) for turns in (wrong, right)]
        assert found == [fresh[0], *[fresh[1]] * 8, fresh[0]]
        assert fresh[1].valid


def test_both_sides_see_what_the_official_instances_share(bfcl: BfclData) -> None:
    """The default list of `post_tweet` is one object in the official process: changing it through
    the model's post changes the gold's as well, so the states stay equal."""
    task_id = next(
        row["id"]
        for row in bfcl.entries("multi_turn_base")
        for turn in bfcl.answer(row["id"])
        if any("post_tweet" in c and "mentions" not in c for c in turn) and len(turn) == 1
    )
    turns = gold(bfcl, task_id)
    where = next(i for i, turn in enumerate(turns) if turn and "post_tweet" in turn[0][0])
    state = checker_of(bfcl).blueprint(task_id).initial["TwitterAPI"]
    mention = {"tweet_id": state.tweet_counter, "mentioned_usernames": ["@someone"]}
    later = [*turns[where + 1 :]]
    if later:
        later[0] = [[{"mention": mention}], *later[0]]
        assert verdict(bfcl, [*turns[: where + 1], *later], task_id)[0]
    own = [
        [{"post_tweet": {**turns[where][0][0]["post_tweet"], "mentions": []}}],
        [{"mention": mention}],
    ]
    changed = [*turns[:where], own, *turns[where + 1 :]]
    assert verdict(bfcl, changed, task_id) == (False, "multi_turn:instance_state_mismatch")


def test_recorded_verdicts_are_met(bfcl: BfclData, oracle: Callable[[str], Path]) -> None:
    rows = [row for _, row in read_rows(oracle("bfcl_multi.jsonl.gz"))]
    assert len(rows) > 4000
    for row in rows:
        assert check_row(row, bfcl) == (row["valid"], row["error_type"]), row["row"]
