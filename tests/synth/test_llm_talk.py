"""Models as user and verifier in the pipeline: what they decide, spoil and cost."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.models.scripted import ScriptedModel
from harness.store import read_episodes, read_outcomes
from harness.types import Message, Usage
from synth.crew import Crew, persona_of
from synth.tasks import load_tasks
from tests.fakes.author import judge, person
from tests.synth.test_pipeline import LLM, SMALL, Run

WISHES = {"modes": ["scenario"], "kinds": ["general", "ambiguous", "infeasible", "abnormal"]}
RECIPE = replace(SMALL, worlds=1, tasks=12, wishes=WISHES)
USER = {"user": {"_target_": "synth.llm.persona.PersonaUsers"}}
VERIFIER = {"verifier": {"_target_": "synth.llm.judging.ProseJudge"}}
Answer = Callable[[str], Any]


def crew(roles: dict[str, Any], answer: Answer) -> Crew:
    """Seat a model that answers by its prompt's text; every call costs the same."""

    def reply(chat: Any, tools: Any, sampling: Any) -> Message:
        said = answer(chat[1]["content"])
        text = said if isinstance(said, str) else json.dumps(said)
        return Message("agent", text, usage=Usage(10, 5, cost_usd=0.25))

    return Crew(roles, LLM, ScriptedModel(reply))


def passed(run: Run) -> dict[str, str]:
    """Return the status of every episode by task."""
    return {task: found for (task, _), found in run.played.statuses.items()}


def test_a_model_in_the_users_seat_brings_everything_up_and_is_accounted(tmp_path: Path) -> None:
    run = Run(tmp_path, RECIPE, crew(USER, person))
    tasks = load_tasks(run.material.kept.folder / "tasks.jsonl")
    statuses = passed(run)
    assert len(statuses) == len(tasks) == 12
    assert list(statuses.values()).count("pass") >= 10
    asked = run.report["asked"]["user"]
    texts = [m for _, e in read_episodes(run.played.folder) for m in e.log]
    assert asked["calls"] == sum(m.author == "user" for m in texts)
    assert asked["tokens_in"] == 10 * asked["calls"]
    assert asked["cost_usd"] == pytest.approx(0.25 * asked["calls"])
    again = Run(tmp_path, RECIPE, crew(USER, person))
    assert again.report["asked"] == run.report["asked"], "stored episodes keep their account"


def test_a_user_that_breaks_its_rules_ends_the_episode_and_gives_no_row(tmp_path: Path) -> None:
    def chatty(text: str) -> Any:
        return {"message": "Bye!", "goals": [], "done": True}

    run = Run(tmp_path, RECIPE, crew(USER, chatty))
    assert set(passed(run).values()) <= {"fail", "error"}
    assert run.rows == []
    assert run.report["asked"]["user"]["failures"] == {"refused by the check": 24}
    assert run.report["asked"]["user"]["rejected"] == 12


def test_a_persona_knows_its_goals_and_facts_and_what_it_withholds(tmp_path: Path) -> None:
    run = Run(tmp_path, RECIPE)
    tasks = load_tasks(run.material.kept.folder / "tasks.jsonl")
    for task in tasks:
        scenario = task.payload["scenario"]
        persona = persona_of(scenario)
        assert list(persona.goals) == [subtask["text"] for subtask in scenario["subtasks"]]
        withheld = [fact.value for fact in persona.facts if fact.withheld]
        assert all(value not in " ".join(persona.goals) for value in withheld)
    kinds = {t.payload["kind"] for t in tasks if any(f.withheld for f in facts_of(t))}
    assert "ambiguous" in kinds


def facts_of(task: Any) -> Any:
    return persona_of(task.payload["scenario"]).facts


def statements(run: Run) -> set[str]:
    tasks = load_tasks(run.material.kept.folder / "tasks.jsonl")
    return {task.id for task in tasks if task.payload["nl_assertions"]}


def test_a_judge_confirms_what_the_rules_pass(tmp_path: Path) -> None:
    run = Run(tmp_path, RECIPE, crew(VERIFIER, judge))
    judged = statements(run)
    assert 3 < len(judged) < 12
    assert set(passed(run).values()) == {"pass"}
    outcomes = read_outcomes(run.played.folder).values()
    assert {o.task_id for o in outcomes if o.parts.get("nl") is True} == judged
    assert run.report["asked"]["judge"]["calls"] == len(judged)


def test_a_judge_that_finds_nothing_said_fails_those_tasks_alone(tmp_path: Path) -> None:
    def denies(text: str) -> Any:
        found = judge(text)["statements"]
        return {"statements": [{**one, "met": False, "quote": ""} for one in found]}

    run = Run(tmp_path, RECIPE, crew(VERIFIER, denies))
    judged = statements(run)
    assert {task for task, status in passed(run).items() if status == "fail"} == judged
    assert {row["task_id"] for row in run.rows} & judged == set()
    found = {o.task_id: o.parts for o in read_outcomes(run.played.folder).values()}
    tasks = {t.id: t for t in load_tasks(run.material.kept.folder / "tasks.jsonl")}
    for task in judged:
        assert found[task]["nl_unmet"] == tasks[task].payload["nl_assertions"]


def test_a_judge_that_cannot_be_read_is_an_error_never_a_verdict(tmp_path: Path) -> None:
    run = Run(tmp_path, RECIPE, crew(VERIFIER, lambda text: "Looks fine to me."))
    judged = statements(run)
    errors = {task for task, status in passed(run).items() if status == "error"}
    assert errors == judged
    causes = {o.cause for o in read_outcomes(run.played.folder).values() if o.status == "error"}
    assert causes == {"judge"}
    assert {row["task_id"] for row in run.rows} & judged == set()
