"""Labels in a run: the evaluator's verdict stays, failed episodes carry categories."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from evaluators.judge.case import Case
from evaluators.judge.labelled import Labelled
from harness.faults import ModelFault, UserMistake
from harness.models.scripted import ScriptedModel
from harness.outcomes import outcome_of
from harness.protocols import Model
from harness.types import Category, Episode, Message, Task, Verdict
from tests.judge.runs import case, gold, turn
from tests.judge.test_llm import GOOD, LIE

PLACE = "tests.judge.test_labelled:case_of"
TASK = Task("t", "b")
FIND = ("find_items", {"kind": "saw"}, {"items": []})


class Fixed:
    """An evaluator that says what the task's payload says."""

    def __init__(self, judge: Model | None = None) -> None:
        self.judge = judge

    async def __call__(self, task: Task, episode: Episode) -> Verdict:
        passed = bool(task.payload.get("passes"))
        return Verdict(float(passed), passed, {"own": 1}, (Category("own"),))


def case_of(task: Task, episode: Episode, verdict: Verdict | None) -> Case:
    plan = [[gold("find_items", kind="saw")]]
    subject = case([list(episode.log)], plan, single_turn=bool(task.payload.get("single")))
    return replace(subject, passed=verdict.passed if verdict else None)


def score(log: list[Message], payload: dict[str, Any] | None = None, **settings: Any) -> Verdict:
    task = replace(TASK, payload=payload or {})
    return asyncio.run(Labelled(Fixed, PLACE, **settings)(task, Episode("t", tuple(log), "x")))


def test_a_failed_episode_carries_its_categories() -> None:
    verdict = score(turn("Find a saw.", "No."))
    assert (verdict.reward, verdict.passed, verdict.parts["own"]) == (0.0, False, 1)
    (label,) = verdict.categories
    assert (label.id, label.evidence["primary"], label.evidence["table"]) == (
        "No Tool Calls",
        True,
        9,
    )
    assert label.evidence["found"][0]["decided_by"] == "rule"
    about = verdict.parts["judge"]
    assert (about["primary"], about["attribution"], about["score"]) == (
        "No Tool Calls",
        "agent",
        0.0,
    )
    assert about["other_table"] == ["Missing Required Tool Call"]
    json.dumps(dict(verdict.parts))
    outcome = outcome_of(TASK, Episode("t", (), "x"), verdict)
    assert [c.id for c in outcome.categories] == ["No Tool Calls"]


def test_a_passed_episode_carries_none() -> None:
    verdict = score(turn("Find a saw.", "No."), {"passes": True})
    assert (verdict.passed, verdict.categories, "judge" in verdict.parts) == (True, (), False)


def test_single_turn_tasks_are_labelled_by_table_8() -> None:
    verdict = score(turn("Find a saw.", "No."), {"single": True})
    assert [c.id for c in verdict.categories] == ["Missing Required Tool Call"]
    assert verdict.parts["judge"]["other_table"] == ["No Tool Calls"]


def test_the_judge_model_is_asked_only_if_wanted() -> None:
    model = ScriptedModel([GOOD], name="auditor")
    log = turn("Find a saw.", [FIND], LIE)
    silent = score(log, judge=model)
    assert not any(c.id == "Hallucinated Information" and _by_judge(c) for c in silent.categories)
    asked = score(log, judge=model, judging={"ask": True}, agent_model="auditor")
    (label,) = asked.categories
    assert label.id == "Hallucinated Information"
    assert _by_judge(label)
    about = asked.parts["judge"]
    assert (about["model"], about["same_model_as_agent"]) == ("auditor", True)
    other = score(log, judge=model, judging={"ask": True}, agent_model="agent-8b")
    assert other.parts["judge"]["same_model_as_agent"] is False


def _by_judge(label: Category) -> bool:
    return any(f["decided_by"] == "judge" for f in label.evidence["found"])


def test_an_unusable_judge_is_a_fault_and_never_no_error() -> None:
    log = turn("Find a saw.", [FIND], LIE)
    with pytest.raises(ModelFault) as fault:
        score(log, judge=ScriptedModel(["fine", "fine"]), judging={"ask": True})
    assert fault.value.kind == "judge_error"
    with pytest.raises(ModelFault) as fault:
        score(log, judging={"ask": True})
    assert fault.value.kind == "no_judge"


def test_wrong_settings_are_told() -> None:
    with pytest.raises(UserMistake, match="case_of"):
        Labelled(Fixed, "tests.judge.test_labelled:nothing")
    with pytest.raises(TypeError):
        Labelled(Fixed, PLACE, ScriptedModel([]), {"ask": True, "vote": 3})
