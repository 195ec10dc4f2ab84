"""Episodes as cases for the judge's rules, and what the verdict says of the user."""

import asyncio
from typing import Any

import pytest

from evaluators.tau2.cases import case_of
from evaluators.tau2.history import GREETING
from evaluators.tau2.tasks import load_tasks, make_task, task_row
from evaluators.tau2.verdict import Tau2Evaluator
from harness.types import Episode, Message
from tests.tau2.data import call, needs_pack, row, verdict

pytestmark = needs_pack
MADE = '{"task_id": "task_2", "title": "T", "description": null, "status": "pending"}'
GOLD = {"action_id": "a", "name": "create_task", "arguments": {"user_id": "user_1", "title": "T"}}
CREATE = call("create_task", MADE, user_id="user_1", title="T")
HI = Message("agent", GREETING)
ASK = Message("user", "Please make a task.")
BYE = Message("user", "###STOP###", stop=True)


def test_a_verdict_names_the_user_s_errors_and_who_erred_first() -> None:
    given = row(actions=[GOLD], reward_basis=["DB"])
    good = verdict(given, HI, ASK, *CREATE, Message("agent", "Done."), BYE)
    assert (good.parts["user_errors"], good.parts["first_critical"]) == ([], "")
    hasty = verdict(given, HI, ASK, Message("agent", "Shall I create it?"), BYE)
    assert good.parts["user_stop"] == "stop"
    (error,) = hasty.parts["user_errors"]
    assert (error["rule"], error["severity"]) == ("U1", "critical_hindered")
    assert (error["message"], hasty.parts["first_critical"]) == (3, "user")


def test_an_episode_that_ended_early_is_reviewed_too() -> None:
    given = row(actions=[GOLD], reward_basis=["DB"])
    early = verdict(given, HI, ASK, *CREATE, Message("agent", "Done."), end="max_steps")
    assert [error["rule"] for error in early.parts["user_errors"]] == ["U13"]
    assert early.parts["user_stop"] == "none"


def test_the_way_the_user_hangs_up_is_noted() -> None:
    left = verdict(row(), HI, ASK, Message("user", "###OUT-OF-SCOPE###", stop=True))
    assert left.parts["user_stop"] == "out_of_scope"


def test_a_solo_episode_has_no_user_to_judge() -> None:
    task = make_task("mock", task_row("mock", "create_task_1"), solo=True)
    episode = Episode(task.id, (Message("agent", "###STOP###", stop=True),), "agent_stop")
    assert "user_errors" not in asyncio.run(Tau2Evaluator()(task, episode)).parts


@pytest.mark.parametrize("domain", ["airline", "retail", "telecom", "mock", "banking_knowledge"])
def test_every_task_is_a_case(domain: str) -> None:
    for task in load_tasks(domain):
        case = case_of(task, Episode(task.id, task.opening, "user_stop"))
        assert min(len(case.scenario), len(case.policy)) > 100 or domain == "mock"
        names = {gold.name for calls in case.gold or () for gold in calls}
        assert names <= (case.tools or {}).keys()


def test_tools_say_who_writes_and_only_compared_arguments_are_wanted() -> None:
    action: dict[str, Any] = {**GOLD, "compare_args": ["title"]}
    case = case_of(make_task("mock", row(actions=[action])), Episode("t", (), "user_stop"))
    assert [gold.arguments for calls in case.gold or () for gold in calls] == [{"title": "T"}]
    tools = dict(case.tools or {})
    assert (tools["create_task"].write, tools["get_users"].write) == (True, False)
