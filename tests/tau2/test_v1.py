"""tau-bench v1 from a folder in its repository's layout; every rule with a failing twin."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from evaluators.tau2.v1.benchmark import benchmark, domain
from evaluators.tau2.v1.toolkit import V1World
from evaluators.tau2.v1.verdict import TauBenchEvaluator
from harness.benchmark import Benchmark, forbid_training
from harness.episode import run_episode
from harness.faults import UserMistake
from harness.packs import locate
from harness.parties import Script
from harness.types import Episode, Message, Task, ToolCall, Verdict
from tests.fakes.tau_bench_folder import CANCEL, SWAP, write_folder, write_tasks

BYE = Message("user", "###STOP###", stop=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("tau"))


class Lines:
    """A model that says its lines in turn and keeps what it was shown."""

    def __init__(self, *lines: Message) -> None:
        self.lines = list(lines)
        self.seen: list[list[Any]] = []

    async def generate(self, chat: Sequence[Any], tools: Sequence[Any], **sampling: Any) -> Message:
        self.seen.append(list(chat))
        return self.lines.pop(0)


def act(name: str, arguments: Any) -> Message:
    return Message("agent", calls=(ToolCall("1", name, arguments),))


def play(
    bench: Benchmark, task: Task, agent: Lines, user: Lines, folder: Path
) -> tuple[Episode, Verdict]:
    episode = asyncio.run(
        run_episode(
            task,
            bench.environment(task, {}),
            bench.agent(task, 0, agent),
            bench.user(task, 0, user),
            bench.limits(task),
        )
    )
    return episode, asyncio.run(TauBenchEvaluator(folder=str(folder))(task, episode))


def says(text: str) -> Message:
    return Message("agent", text)


def test_the_database_and_the_outputs_decide(folder: Path) -> None:
    bench = benchmark(["airline"], folder=str(folder))
    task = bench.tasks[0]
    for answer, arguments, reward in (
        ("You get 90 back.", CANCEL[1], 1.0),
        ("You get money back.", CANCEL[1], 0.0),
        ("You get 90 back.", {"reservation_id": "R2"}, 0.0),
    ):
        agent = Lines(act(CANCEL[0], arguments), says(answer))
        episode, verdict = play(bench, task, agent, Lines(says("Hello."), BYE), folder)
        assert (episode.end, verdict.reward, verdict.passed) == ("user_stop", reward, reward == 1)
        assert verdict.parts["user_errors"] == []


def test_the_greeting_is_heard_by_the_user_alone(folder: Path) -> None:
    bench = benchmark(["airline"], folder=str(folder))
    agent, user = Lines(says("Which trip?")), Lines(says("Cancel it."), BYE)
    play(bench, bench.tasks[1], agent, user, folder)
    policy = {"role": "system", "content": "# The policy of the airline\n"}
    assert agent.seen[0] == [policy, {"role": "user", "content": "Cancel it."}]
    told = "Play a customer.\n\nInstruction: You are ann. Ask for it.\nSay ###STOP### when done."
    assert user.seen[0][0]["content"] == told
    assert user.seen[0][1] == {"role": "user", "content": "Hi! How can I help you today?"}


def test_a_transfer_ends_the_episode_and_is_scored(folder: Path) -> None:
    bench = benchmark(["airline"], folder=str(folder))
    transfer = act("transfer_to_human_agents", {"summary": "?"})
    for task, reward in zip(bench.tasks, (0.0, 1.0), strict=True):
        agent = Lines(transfer)
        episode, verdict = play(bench, task, agent, Lines(says("Help.")), folder)
        assert (episode.end, verdict.reward) == ("agent_stop", reward)


def test_an_agent_acts_a_limited_number_of_times_one_call_each(folder: Path) -> None:
    bench = benchmark(["airline"], folder=str(folder), max_actions=2)
    look = ToolCall("1", "get_user_details", {"user_id": "ann"})
    two = Message("agent", calls=(look, ToolCall("2", *CANCEL)))
    late = Lines(two, two, says("90"))
    episode, verdict = play(bench, bench.tasks[0], late, Lines(says("Hi.")), folder)
    assert (episode.end, verdict.parts["premature"], verdict.reward) == (*["max_steps"] * 2, 0.0)
    assert [len(line.calls) for line in episode.log] == [0, 1, 0, 1, 0]
    assert not episode.state
    in_time = Lines(act(*CANCEL), says("90"))
    _, verdict = play(bench, bench.tasks[0], in_time, Lines(says("Hi."), BYE), folder)
    assert verdict.reward == 1.0


def world(folder: Path, name: str) -> V1World:
    return domain(name, folder).world()


def ask(world: V1World, name: str, **arguments: Any) -> Any:
    text, error = world.respond("agent", name, arguments)
    return text if error else json.loads(text)


def test_airline_answers_as_v1_does(folder: Path) -> None:
    here = world(folder, "airline")
    assert ask(here, "get_reservation_details", reservation_id="R9") == "Error: user not found"
    assert ask(here, "get_flight_status") == "Unknown action get_flight_status"
    needs = "Error: CancelReservation.invoke() missing 1 required positional argument: "
    assert ask(here, "cancel_reservation") == f"{needs}'reservation_id'"
    (found,) = ask(here, "search_direct_flight", origin="JFK", destination="ORD", date="2024-05-20")
    assert (found["flight_number"], found["prices"]["economy"]) == ("F1", 100)
    ((first, second),) = ask(
        here, "search_onestop_flight", origin="JFK", destination="SEA", date="2024-05-20"
    )
    assert (first["flight_number"], second["flight_number"], second["date"]) == (
        "F1",
        "F2",
        "2024-05-20",
    )
    legs = [{"flight_number": "F1", "date": "2024-05-21"}]
    change = {"reservation_id": "R1", "cabin": "business", "flights": legs}
    refused = ask(here, "update_reservation_flights", **change, payment_id="gift_card_1")
    assert refused == "Error: 'business'"  # a fare that is not sold is a missing key
    change["cabin"] = "economy"
    refused = ask(here, "update_reservation_flights", **change, payment_id="certificate_1")
    assert refused == "Error: certificate cannot be used to update reservation"
    changed = ask(here, "update_reservation_flights", **change, payment_id="gift_card_1")
    assert changed["payment_history"][-1] == {"payment_id": "gift_card_1", "amount": -20}
    assert here.state()["agent"].keys() == {"reservations", "users"}  # no seat is taken


def test_a_booking_takes_money_and_no_seats(folder: Path) -> None:
    here = world(folder, "airline")
    people = [{"first_name": "Ann", "last_name": "Oak", "dob": "1990-01-01"}]
    booking: dict[str, Any] = {
        "user_id": "ann",
        "origin": "JFK",
        "destination": "ORD",
        "flight_type": "one_way",
        "cabin": "economy",
        "flights": [{"flight_number": "F1", "date": "2024-05-20"}],
        "passengers": people,
        "payment_methods": [{"payment_id": "certificate_1", "amount": 50}],
        "total_baggages": 1,
        "nonfree_baggages": 1,
        "insurance": "no",
    }
    short = "Error: payment amount does not add up, total price is 150, but paid 50"
    assert ask(here, "book_reservation", **booking) == short
    booking["payment_methods"] += [{"payment_id": "gift_card_1", "amount": 100}]
    assert ask(here, "book_reservation", **booking)["reservation_id"] == "HATHAT"
    methods = ask(here, "get_user_details", user_id="ann")["payment_methods"]
    assert methods == {"gift_card_1": {"source": "gift_card", "amount": 50, "id": "gift_card_1"}}
    assert "flights" not in here.state()["agent"]


def test_retail_answers_as_v1_does(folder: Path) -> None:
    here = world(folder, "retail")
    assert ask(here, "get_order_details", order_id="W1") == "Error: order not found"
    assert ask(here, "calculate", expression="2 + x") == "Error: invalid characters in expression"
    order = ask(here, SWAP[0], **SWAP[1])
    assert [item["price"] for item in order["items"]] == [4.0, 5.5]  # each its own
    assert order["payment_history"][-1]["amount"] == 3.25
    again = ask(here, SWAP[0], **SWAP[1])
    assert again == "Error: non-pending order cannot be modified"
    card = ask(here, "get_user_details", user_id="bob")["payment_methods"]["gift_card_2"]
    assert card["balance"] == 23.25
    back = {"order_id": "#W2", "item_ids": ["i1"], "payment_method_id": "paypal_1"}
    refused = ask(here, "return_delivered_order_items", **back)
    assert "either the original payment method or a gift card" in refused
    assert ask(here, "return_delivered_order_items", **{**back, "payment_method_id": "gift_card_2"})


def test_gold_actions_pass_and_nothing_done_does_not(folder: Path) -> None:
    bench = benchmark(folder=str(folder))
    assert [task.id for task in bench.tasks] == ["airline/0", "airline/1", "retail/0"]
    gold = [act(name, arguments) for name, arguments in (SWAP,)]
    for lines, reward in (([*gold, says("Done.")], 1.0), ([says("Done.")], 0.0)):
        _, verdict = play(bench, bench.tasks[2], Lines(*lines), Lines(says("Swap."), BYE), folder)
        assert verdict.reward == reward


def test_the_files_are_read_and_never_run(folder: Path, tmp_path: Path) -> None:
    copy = write_folder(tmp_path)
    trap = copy / "tau_bench" / "envs" / "airline" / "tasks_test.py"
    trap.write_text(f"raise SystemExit('this was run')\n{trap.read_text()}")
    assert len(benchmark(["airline"], folder=str(copy)).tasks) == 2
    write_tasks(copy, "airline", "test", ["Task(user_id=open('x'), actions=[], outputs=[])"])
    with pytest.raises(UserMistake, match=r"tasks_test.py, line 4: not a literal value"):
        benchmark(["airline"], folder=str(copy))
    trap.write_text("TASKS = [")
    with pytest.raises(UserMistake, match="is not Python"):
        benchmark(["airline"], folder=str(copy))
    trap.unlink()
    with pytest.raises(UserMistake, match=r"lacks .*tasks_test\.py"):
        benchmark(["airline"], folder=str(copy))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"domains": ["telecom"]}, "unknown tau-bench domain 'telecom'"),
        ({"split": "train"}, "airline has no split 'train'"),
        ({"user": "human"}, "unknown tau-bench user"),
        ({"folder": "/nowhere"}, "/nowhere holds no tau_bench/envs"),
    ],
)
def test_a_wrong_choice_is_one_line(folder: Path, options: Any, words: str) -> None:
    with pytest.raises(UserMistake, match=words):
        benchmark(**{"folder": str(folder), **options})


def test_a_user_model_is_needed_and_test_tasks_are_not_for_training(folder: Path) -> None:
    bench = benchmark(["retail"], folder=str(folder))
    with pytest.raises(UserMistake, match="user_model"):
        bench.user(bench.tasks[0], 0, None)
    with pytest.raises(UserMistake, match="tau_bench split 'test' holds test tasks"):
        forbid_training(bench)
    trained = benchmark(["retail"], "train", "scripted", folder=str(folder))
    forbid_training(trained)
    assert [task.id for task in trained.tasks] == ["retail-train/0"]
    assert trained.notes["user"] == "scripted user"
    used = set(trained.data_sha256)
    assert {"tau_bench/envs/retail/tasks_train.py", "tau_bench/envs/user.py"} < used
    assert "tau_bench/envs/retail/tasks_test.py" not in used


@pytest.mark.parametrize(("name", "split"), [("airline", "test"), ("retail", "test")])
def test_the_real_tasks_gold_passes(name: str, split: str) -> None:
    try:
        root = locate("tau_bench").root
    except UserMistake as mistake:
        pytest.skip(str(mistake))
    bench = benchmark([name], split, "scripted")
    assert len(bench.tasks) == {"airline": 50, "retail": 115}[name]
    for task in bench.tasks:
        calls = [act(action["name"], action["kwargs"]) for action in task.payload["actions"]]
        lines = [*calls, says(" ".join(task.payload["outputs"]) or "Done.")]
        agent, user = Script("agent", lines), Script("user", ["Hi.", BYE])
        played = run_episode(task, domain(name, root).world(), agent, user, bench.limits(task))
        assert asyncio.run(TauBenchEvaluator()(task, asyncio.run(played))).passed, task.id
