"""Gold actions and scripted users through the one loop."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from evaluators.tau2.benchmark import benchmark, world_of
from evaluators.tau2.gold import gold_lines, gold_parties
from evaluators.tau2.scripted_user import ScriptedUser
from evaluators.tau2.tasks import load_tasks, make_task, rows_of, split_ids, task_row
from evaluators.tau2.verdict import Tau2Evaluator
from harness.benchmark import forbid_training
from harness.conformance import check_environment
from harness.episode import run_episode
from harness.faults import ModelFault, UserMistake
from harness.sample import stratified
from harness.types import Message, Task, ToolCall, ToolSpec, Verdict
from tests.tau2.data import needs_pack, row

pytestmark = needs_pack


class Agreeing:
    """A judge that finds everything met."""

    def __init__(self, count: int) -> None:
        self.reply = json.dumps({"results": [{"metExpectation": True}] * count})

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message:
        return Message("agent", self.reply)


async def replay(task: Task) -> Verdict:
    agent, user = gold_parties(task)
    episode = await run_episode(task, world_of(task), agent, user)
    wanted = (task.payload["evaluation_criteria"] or {}).get("nl_assertions") or ()
    return await Tau2Evaluator(Agreeing(len(wanted)))(task, episode)


@pytest.mark.parametrize(
    ("name", "count"), [("airline", 50), ("retail", 114), ("banking_knowledge", 97)]
)
def test_gold_actions_score_one_on_every_task(name: str, count: int) -> None:
    tasks = load_tasks(name)
    rewards = {task.id: asyncio.run(replay(task)).reward for task in tasks}
    assert len(rewards) == count
    assert {task for task, reward in rewards.items() if reward != 1.0} == set()


def test_leaving_out_the_last_write_scores_zero() -> None:
    given = task_row("airline", "8")
    criteria = given["evaluation_criteria"]
    short = {**given, "evaluation_criteria": {**criteria, "actions": criteria["actions"][:-1]}}
    agent, user = gold_parties(make_task("airline", short))
    task = make_task("airline", given)
    episode = asyncio.run(run_episode(task, world_of(task), agent, user))
    assert asyncio.run(Tau2Evaluator()(task, episode)).parts["db_match"] is False


def test_the_floor_changes_hands_with_a_text() -> None:
    actions = [
        {"name": "check_notifications", "arguments": {}, "requestor": "user"},
        {"name": "get_users", "arguments": {}},
        {"name": "get_users", "arguments": {}},
        {"name": "check_notifications", "arguments": {}, "requestor": "user"},
    ]
    lines = gold_lines(row(actions=actions, communicate_info=["42"]))
    kinds = {role: ["call" if m.calls else m.text for m in said] for role, said in lines.items()}
    assert kinds == {
        "user": ["call", "Please go on.", "call", "Please go on.", "###STOP###"],
        "agent": ["call", "call", "Please do that now.", "All done. 42"],
    }


@pytest.mark.parametrize("name", ["airline", "retail", "mock"])
def test_worlds_keep_the_harness_contract(name: str) -> None:
    for task in load_tasks(name)[:3]:
        asyncio.run(check_environment(world_of(task)))


def test_splits_are_the_official_ones() -> None:
    sizes = {split: len(split_ids("airline", split)) for split in ("base", "train", "test")}
    assert sizes == {"base": 50, "train": 30, "test": 20}
    assert set(split_ids("retail", "train")) | set(split_ids("retail", "test")) == set(
        split_ids("retail", "base")
    )
    assert len(split_ids("banking_knowledge", "base")) == 97
    for name, split in (("airline", "tiny"), ("banking_knowledge", "test")):
        with pytest.raises(UserMistake, match="no split"):
            split_ids(name, split)
    with pytest.raises(UserMistake, match="unknown tau2 domain"):
        rows_of("hotel")
    with pytest.raises(UserMistake, match="another revision"):
        task_row("airline", "999")


def test_tasks_open_with_the_greeting_or_their_history() -> None:
    fresh = make_task("mock", task_row("mock", "create_task_1"))
    assert [line.text for line in fresh.opening] == ["Hi! How can I help you today?"]
    assert (fresh.id, fresh.opener) == ("mock/create_task_1", "user")
    told = make_task("mock", task_row("mock", "update_task_with_message_history"))
    assert len(told.opening) > 1
    assert any(line.author == "tool" for line in told.opening)
    alone = make_task("mock", task_row("mock", "create_task_1"), solo=True)
    assert (alone.opening, alone.opener, alone.payload["solo"]) == ((), "agent", True)


@pytest.mark.parametrize(
    "history",
    [
        [{"role": "assistant", "tool_calls": [{"id": "1", "name": "get_users", "arguments": {}}]}],
        [{"role": "tool", "id": "1", "content": "[]", "requestor": "assistant"}],
        [{"role": "assistant", "content": " "}],
        [
            {
                "role": "assistant",
                "tool_calls": [{"id": "1", "name": "get_users", "arguments": {}}],
            },
            {"role": "tool", "id": "1", "content": "[]", "requestor": "user"},
        ],
    ],
)
def test_a_broken_history_has_no_world(history: Any) -> None:
    task = make_task("mock", {**row(), "initial_state": {"message_history": history}})
    with pytest.raises(ModelFault):
        world_of(task)


def test_training_on_test_tasks_has_to_be_wanted() -> None:
    forbid_training(benchmark(["airline"], "train", "scripted"))
    forbid_training(benchmark(["airline"], "test", "scripted", train_on_test=True))
    forbid_training(benchmark(["telecom"], "small", "scripted"))
    for domain, split in [("airline", "test"), ("airline", "base"), ("telecom", "full")]:
        tasks = benchmark([domain], split, "scripted")
        for held_out in (tasks, stratified(tasks, 2, 0)):
            with pytest.raises(UserMistake, match=f"tau2 split '{split}.* holds test tasks"):
                forbid_training(held_out)
    with pytest.raises(UserMistake, match="tau2 split"):
        forbid_training(benchmark(["mock"], user="scripted"))


def test_the_benchmark_says_what_is_not_official() -> None:
    plain = benchmark(["mock"], "base", "solo")
    assert {"guard_stops", "train_on_test", "retrieval", "user"} & set(plain.notes) == set()
    other = benchmark(["mock"], user="scripted", guard_stops=True, max_steps=7)
    assert other.notes["guard_stops"] is True
    assert other.notes["user"] == "scripted user"
    assert other.limits(other.tasks[0]).steps == 7
    assert plain.limits(plain.tasks[0]).steps == 201
    assert set(plain.data_sha256) > {"domains/mock/db.json", "domains/mock/tasks.json"}
    with pytest.raises(UserMistake, match="unknown tau2 user"):
        benchmark(["mock"], user="human")
    with pytest.raises(UserMistake, match="user_model"):
        benchmark(["mock"]).user(plain.tasks[0], 0, None)


def test_solo_takes_tasks_with_a_ticket_only() -> None:
    alone = {task.id for task in benchmark(["mock"], user="solo").tasks}
    everyone = {task.id for task in benchmark(["mock"]).tasks}
    assert alone < everyone


def user_says(user: ScriptedUser, *log: Message, tools: Sequence[ToolSpec] = ()) -> Message:
    return asyncio.run(user.reply(log, tools))


def test_the_scripted_user_tells_agrees_and_hangs_up() -> None:
    instructions = {"domain": "d", "reason_for_call": "Broken.", "known_info": "I am Ann."}
    user = ScriptedUser({"user_scenario": {"instructions": instructions}})
    said = ["Hi!", "Who are you?", "Do you confirm (yes/no)?", "Anything else?"]
    answers = [user_says(user, Message("agent", text)) for text in said]
    assert [answer.text for answer in answers] == [
        "Broken.", "I am Ann.", "Yes, please proceed.", "###STOP###",
    ]  # fmt: skip
    assert [answer.stop for answer in answers] == [False, False, False, True]
    assert user_says(user, Message("agent", "You are being transferred.")).text == "###TRANSFER###"


def test_the_scripted_user_makes_its_gold_calls_when_told() -> None:
    action = {"name": "toggle_data", "arguments": {"on": True}, "requestor": "user"}
    user = ScriptedUser(row(actions=[action]))
    tools = [ToolSpec("toggle_data")]
    told = Message("agent", "Please toggle data now.")
    made = user_says(user, told, tools=tools)
    assert made.calls == (ToolCall("user-0", "toggle_data", {"on": True}),)
    result = Message("tool", "Data is on.", owner="user", call_id="user-0")
    assert user_says(user, told, made, result).text == "I did that. It says: Data is on."
    assert user_says(user, told, tools=tools).calls == ()
