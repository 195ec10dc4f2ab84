"""Reward components, each with a case that passes and a twin that fails."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from evaluators.tau2.tasks import make_task, task_row
from evaluators.tau2.verdict import Tau2Evaluator
from harness.faults import ModelFault
from harness.types import Episode, Message, ToolSpec
from tests.tau2.data import call, needs_pack, row, verdict

pytestmark = needs_pack
MADE = '{"task_id": "task_2", "title": "T", "description": null, "status": "pending"}'
GOLD = {"action_id": "a", "name": "create_task", "arguments": {"user_id": "user_1", "title": "T"}}
CREATE = call("create_task", MADE, user_id="user_1", title="T")
OTHER = call("create_task", MADE.replace('"T"', '"U"'), user_id="user_1", title="U")
BYE = Message("user", "###STOP###", stop=True)


class Judge:
    """Replies with given JSON and remembers what it was asked."""

    def __init__(self, *met: Any, text: str = "") -> None:
        results = [{"expectedOutcome": "", "reasoning": "", "metExpectation": m} for m in met]
        self.reply = text or json.dumps({"results": results})
        self.asked: list[Any] = []

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message:
        self.asked.append((chat, sampling))
        return Message("agent", self.reply)


def test_db_compares_final_states() -> None:
    given = row(actions=[GOLD], reward_basis=["DB"])
    assert verdict(given, *CREATE, BYE).passed
    failed = verdict(given, *OTHER, BYE)
    assert (failed.reward, failed.parts["db_match"]) == (0.0, False)
    assert failed.parts["breakdown"] == {"DB": 0.0}


def test_gold_actions_that_fail_change_nothing_and_raise_nothing() -> None:
    given = row(actions=[{**GOLD, "arguments": {"user_id": "nobody"}}], reward_basis=["DB"])
    assert verdict(given, BYE).passed
    assert not verdict(given, *CREATE, BYE).passed


def test_action_wants_a_call_of_either_side_that_matches() -> None:
    given = row(actions=[GOLD], reward_basis=["ACTION"])
    assert verdict(given, *CREATE, BYE).passed
    by_user = call("create_task", "Error: Tool 'create_task' not found.", by="user", title="T")
    assert verdict(given, *by_user, BYE).passed
    assert verdict(given, *OTHER, BYE).parts["action_match"] == [False]


@pytest.mark.parametrize(
    ("compare", "title", "matched"),
    [(None, "T", True), (None, "U", False), (["user_id"], "U", True), ([], "U", True)],
)
def test_only_the_named_arguments_are_compared(compare: Any, title: str, matched: bool) -> None:
    given = row(actions=[{**GOLD, "compare_args": compare}], reward_basis=["ACTION"])
    lines = {"T": CREATE, "U": OTHER}[title]
    assert verdict(given, *lines, BYE).passed is matched


def test_without_compare_args_only_what_the_call_gave_counts() -> None:
    given = row(actions=[GOLD], reward_basis=["ACTION"])
    missing = "Error: MockTools.create_task() missing 1 required positional argument: 'title'"
    assert verdict(given, *call("create_task", missing, user_id="user_1"), BYE).passed
    missing = missing.replace("1 required positional argument: 'title'", "2")
    with pytest.raises(ModelFault):  # the recorded answer is not what the replay gives
        verdict(given, *call("create_task", missing), BYE)


@pytest.mark.parametrize(
    ("info", "said", "met"),
    [
        ("1,000", "it is 1,000", False),
        ("1000", "it is 1,000", True),
        ("Dollar", "a DOLLAR", True),
        ("x", "", False),
    ],
)
def test_commas_are_taken_from_the_message_only(info: str, said: str, met: bool) -> None:
    given = row(communicate_info=[info], reward_basis=["COMMUNICATE"])
    assert verdict(given, Message("agent", said), BYE).passed is met
    assert verdict(given, Message("user", said), BYE).passed is False


def test_assertions_run_on_the_final_world() -> None:
    wanted = {
        "env_type": "assistant",
        "func_name": "assert_number_of_tasks",
        "arguments": {"user_id": "user_1", "expected_number": 2},
    }
    given = row(env_assertions=[wanted], reward_basis=["ENV_ASSERTION"])
    assert verdict(given, *CREATE, BYE).passed
    assert verdict(given, BYE).parts["env_met"] == [False]
    turned = row(env_assertions=[{**wanted, "assert_value": False}], reward_basis=["ENV_ASSERTION"])
    assert verdict(turned, BYE).passed


def test_an_assertion_that_raises_leaves_no_verdict() -> None:
    wanted = {"env_type": "assistant", "func_name": "assert_task_status"}
    arguments = {"task_id": "task_7", "expected_status": "pending"}
    given = row(env_assertions=[{**wanted, "arguments": arguments}], reward_basis=["ENV_ASSERTION"])
    with pytest.raises(ModelFault, match="assert_task_status: Task task_7 not found") as raised:
        verdict(given, BYE)
    assert raised.value.seat == "env"


def test_neither_actions_nor_assertions_give_no_factor() -> None:
    found = verdict(row(reward_basis=["DB"]), *CREATE, BYE)
    assert (found.reward, found.parts["breakdown"], found.parts["env_met"]) == (1.0, {}, None)
    assert verdict(row(), BYE).passed


def test_the_default_basis_is_db_and_communicate() -> None:
    given = row(actions=[GOLD], communicate_info=["ok"])
    assert verdict(given, *CREATE, Message("agent", "ok"), BYE).passed
    assert verdict(given, *CREATE, BYE).parts["breakdown"] == {"DB": 1.0, "COMMUNICATE": 0.0}


def test_an_unknown_basis_leaves_no_verdict() -> None:
    with pytest.raises(ModelFault, match="unknown reward basis") as raised:
        verdict(row(reward_basis=["STYLE"]), BYE)
    assert raised.value.seat == "env"


@pytest.mark.parametrize("end", ["max_steps", "max_errors", "agent_error", "timeout"])
def test_any_end_but_a_stop_scores_zero(end: str) -> None:
    given = row(actions=[GOLD], reward_basis=["DB"])
    early = verdict(given, *CREATE, end=end)
    assert (early.reward, early.parts["premature"]) == (0.0, end)
    assert early.parts["diagnostics"]["DB"] == 1.0
    assert verdict(given, *CREATE, BYE, end="agent_stop").reward == 1.0


def test_diagnostics_name_agents_that_do_nothing() -> None:
    idle = verdict(row(actions=[], reward_basis=["DB"]), BYE)
    assert idle.passed
    assert idle.parts["diagnostics"] == {"DB": 1.0, "ACTION": 1.0, "do_nothing": True, "free": True}
    busy = verdict(row(actions=[GOLD], reward_basis=["DB"]), *CREATE, BYE)
    assert busy.parts["diagnostics"]["do_nothing"] is False
    assert busy.parts["diagnostics"]["free"] is False


def test_a_replay_must_give_the_recorded_answers() -> None:
    given = row(actions=[GOLD], reward_basis=["DB"])
    lied = (CREATE[0], Message("tool", "{}", owner="agent", call_id=CREATE[1].call_id))
    with pytest.raises(ModelFault, match="in the replay"):
        verdict(given, *lied, BYE)
    reads = call("get_users", "anything: reads are not run again")
    assert verdict(given, *CREATE, *reads, BYE).passed
    with pytest.raises(ModelFault, match="has no result") as raised:
        verdict(given, CREATE[0], BYE)
    assert raised.value.seat == "env"
    with pytest.raises(ModelFault, match="without its call"):
        verdict(given, CREATE[1], BYE)


NL = {"actions": [GOLD], "nl_assertions": ["be kind", "be brief"], "reward_basis": ["NL_ASSERTION"]}


def test_the_judge_decides_every_assertion() -> None:
    judge = Judge(True, True)
    assert verdict(row(**NL), *CREATE, BYE, judge=judge).parts["nl_met"] == [True, True]
    chat, sampling = judge.asked[0]
    assert sampling == {"temperature": 0.0}
    assert "assistant: None\ntool: {" in chat[1]["content"]
    assert "['be kind', 'be brief']" in chat[1]["content"]
    assert verdict(row(**NL), *CREATE, BYE, judge=Judge(True, False)).reward == 0.0


@pytest.mark.parametrize(
    "judge",
    [
        Judge(True),
        Judge(True, True, True),
        Judge(True, "true"),
        Judge(text="both are met"),
        Judge(text='{"results": [{"metExpectation": true}'),
        Judge(text="[]"),
        Judge(text='{"results": [{}, {}]}'),
        None,
    ],
)
def test_a_judge_that_does_not_decide_gives_no_verdict(judge: Judge | None) -> None:
    with pytest.raises(ModelFault) as raised:
        verdict(row(**NL), *CREATE, BYE, judge=judge)
    assert raised.value.seat is None  # whoever was asked: the judge


def test_without_a_judge_a_lost_episode_scores_zero_and_says_that_nobody_was_asked() -> None:
    both = row(**{**NL, "reward_basis": ["DB", "NL_ASSERTION"]})
    lost = verdict(both, *OTHER, BYE)
    assert (lost.reward, lost.parts["breakdown"]) == (0.0, {"DB": 0.0})
    assert (lost.parts["nl"], lost.parts["nl_met"]) == ("not asked", None)
    for met in (True, False):  # whatever a judge says, the product is the same
        judged = verdict(both, *OTHER, BYE, judge=Judge(met, met))
        assert (judged.reward, judged.parts["nl_met"]) == (0.0, [met, met])
        assert "nl" not in judged.parts
    with pytest.raises(ModelFault, match="no judge model is set"):
        verdict(both, *CREATE, BYE)


def test_a_fenced_reply_is_read() -> None:
    fenced = f"```json\n{Judge(True, True).reply}\n```"
    assert verdict(row(**NL), *CREATE, BYE, judge=Judge(text=fenced)).passed


def test_no_judge_is_asked_where_the_basis_names_none() -> None:
    given = row(**{**NL, "reward_basis": ["DB"]})
    assert verdict(given, *CREATE, BYE).parts["nl_met"] is None
    empty = row(actions=[GOLD], reward_basis=["DB", "NL_ASSERTION"])
    assert verdict(empty, *CREATE, BYE).parts["breakdown"] == {"DB": 1.0, "NL_ASSERTION": 1.0}


def test_solo_logs_hold_no_user() -> None:
    task = make_task("mock", task_row("mock", "create_task_1"), solo=True)
    score = Tau2Evaluator()
    silent = Episode(task.id, (*CREATE, Message("agent", "###STOP###", stop=True)), "agent_stop")
    assert asyncio.run(score(task, silent)).parts["db_match"] is False
    with pytest.raises(ModelFault, match="solo mode"):
        asyncio.run(score(task, Episode(task.id, (*CREATE, BYE), "user_stop")))
