"""Talks: solvable by asking, not without; users by rule do as they say; same seed, same talks."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import fields
from typing import Any

import pytest

from harness.benchmark import Benchmark
from harness.conformance import check_environment
from harness.episode import run_episode
from harness.faults import UserMistake
from harness.models.scripted import ScriptedModel
from harness.parties import Script
from harness.types import Episode, Message, Task, Verdict
from synth.talks.benchmark import Oracle, TalkEvaluator, question, replies, talks
from synth.talks.tasks import Manner
from synth.talks.users import GOODBYE, UNKNOWN, WAIT, Faithful, Sloppy, brief

HOMES = {"homes": 2, "home_share": 1.0}
MANNER = {field.name for field in fields(Manner)}
MODEL = ScriptedModel(["Done."])


def bench(**options: Any) -> Benchmark:
    told = {name: options.pop(name) for name in list(options) if name in MANNER}
    own = {"split": "train", "count": 30, "oracle": True, "drills": HOMES, "told": told}
    return talks(**{**own, **options})


def play(benchmark: Benchmark, task: Task, agent: Any = None) -> tuple[Episode, Verdict]:
    async def run() -> tuple[Episode, Verdict]:
        episode = await run_episode(
            task,
            benchmark.environment(task, {}),
            agent or benchmark.agent(task, 0, MODEL),
            benchmark.user(task, 0, MODEL),
            benchmark.limits(task),
        )
        return episode, await TalkEvaluator()(task, episode)

    return asyncio.run(run())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"withheld": 1.0},
        {"requests": 2, "withheld": 1.0, "modes": ["sequence", "whole"]},
        {"twins": True},
        {"split": "test", "level": "chains"},
    ],
    ids=str,
)
def test_whoever_asks_for_what_is_kept_back_solves_every_talk(options: dict[str, Any]) -> None:
    benchmark = bench(**options)
    for task in benchmark.tasks:
        episode, verdict = play(benchmark, task)
        assert verdict.passed, task.id
        assert episode.end == "user_stop"
        spoken = sum(m.author == "agent" for m in episode.log)
        assert spoken == replies(task)


def test_without_asking_a_talk_with_details_kept_back_is_lost() -> None:
    benchmark = bench(withheld=1.0)

    class Mute(Oracle):
        """Guesses the first wrong value instead of asking."""

        def __init__(self, task: Task) -> None:
            super().__init__(task)
            details = {n: d for m in task.payload["messages"] for n, d in m["details"].items()}
            self.messages = [{**m, "details": {}} for m in self.messages]
            self.calls = [
                type(call)(
                    call.tool,
                    {n: details[n]["wrong"] if n in details else v for n, v in call.args.items()},
                )
                for call in self.calls
            ]

    kept = [task for task in benchmark.tasks if task.payload["kind"] == "ambiguous"]
    assert len(kept) > 25
    silent = [play(benchmark, t, Script("agent", ["Done.", "Done."]))[1].passed for t in kept]
    assert not any(silent)
    wrong = 0
    for task in kept:
        try:
            wrong += play(benchmark, task, Mute(task))[1].passed
        except (IndexError, KeyError):
            continue  # nothing was found with the wrong value
    assert wrong == 0


def test_what_is_kept_back_is_not_in_the_text() -> None:
    for task in bench(withheld=1.0, requests=2).tasks:
        for message in task.payload["messages"]:
            for detail in message["details"].values():
                assert detail["value"] != detail["wrong"]
                assert detail["value"] not in message["text"].split()


def test_twins_and_modes_share_a_plan_and_nothing_else() -> None:
    tasks = list(bench(twins=True, modes=["sequence", "whole"], requests=2, count=6).tasks)
    clusters = Counter(task.cluster for task in tasks)
    assert set(clusters.values()) == {4}
    assert len({task.id for task in tasks}) == len(tasks)
    for cluster in clusters:
        twins = [task for task in tasks if task.cluster == cluster]
        assert len({str(task.payload["calls"]) for task in twins}) == 1
        whole = [task for task in twins if task.payload["mode"] == "whole"]
        assert {len(task.payload["messages"]) for task in whole} == {1}


def test_outcomes_are_grouped_as_wished() -> None:
    modes = {"requests": 2, "modes": ["sequence", "whole"], "domain": "mode"}
    assert {task.domain for task in bench(**modes).tasks} == {"sequence", "whole"}
    assert {task.domain for task in bench(domain="world").tasks} == {"world 0", "world 1"}
    assert {task.domain for task in bench(withheld=0.0).tasks} == {"plain"}


def test_same_seed_same_talks_whatever_is_asked_first() -> None:
    one, other = bench(count=9), bench(count=9)
    assert list(one.tasks) == [other.tasks[i] for i in reversed(range(9))][::-1]
    assert list(bench(count=9, seed=1).tasks) != list(one.tasks)


def test_the_user_s_brief_holds_all_that_the_user_says() -> None:
    task = next(t for t in bench(withheld=1.0).tasks if t.payload["messages"][0]["details"])
    message = task.payload["messages"][0]
    for text in (message["text"], *(d["value"] for d in message["details"].values())):
        assert text in brief(task)
    assert Faithful(task).system == brief(task)


def said(user: Any, *lines: str) -> list[Message]:
    """Let a user open, then answer each line of the agent."""
    log = [asyncio.run(user.reply((), ()))]
    for line in lines:
        log.append(Message("agent", line))
        log.append(asyncio.run(user.reply(tuple(log), ())))
    return log[2::2]


def withheld_task() -> tuple[Task, str, dict[str, str]]:
    task = next(t for t in bench(withheld=1.0).tasks if t.payload["messages"][0]["details"])
    name, detail = next(iter(task.payload["messages"][0]["details"].items()))
    return task, name, detail


def test_a_faithful_user_tells_what_it_is_asked_and_loses_patience() -> None:
    task, name, detail = withheld_task()
    answers = said(Faithful(task), question(name), question("shoe_size"), "Done.")
    assert [m.text for m in answers] == [detail["value"], UNKNOWN, GOODBYE]
    assert [m.stop for m in answers] == [False, False, True]
    lost = said(Faithful(task), *[question("shoe_size")] * 4)
    assert [m.text for m in lost] == [UNKNOWN] * 3 + [GOODBYE]


def test_a_sloppy_user_slips_at_its_rate_in_every_way() -> None:
    import random

    task, name, detail = withheld_task()
    answers = Counter[str]()
    for number in range(400):
        [answer] = said(Sloppy(task, 0.5, random.Random(number)), question(name))
        answers[answer.text] += 1
    assert answers.keys() == {detail["value"], detail["wrong"], UNKNOWN, WAIT, GOODBYE}
    assert 160 < answers[detail["value"]] < 240
    assert min(answers.values()) > 25
    [right] = said(Sloppy(task, 0.0, random.Random(0)), question(name))
    assert right.text == detail["value"]


def test_rule_based_users_are_labelled_and_a_model_is_missed() -> None:
    assert "not a model" in bench().notes["user"]
    assert "drop, falsify" in bench(user="sloppy").notes["user"]
    modelled = bench(user="model")
    assert "user" not in modelled.notes
    with pytest.raises(UserMistake, match="set model@user_model"):
        modelled.user(modelled.tasks[0], 0, None)


def test_worlds_behave_and_wrong_wishes_are_refused() -> None:
    benchmark = bench()
    task = benchmark.tasks[0]
    asyncio.run(check_environment(benchmark.environment(task, {})))
    for wrong in (
        {"user": "nobody"},
        {"level": "all"},
        {"split": "dev"},
        {"modes": ["twice"]},
        {"modes": []},
        {"domain": "colour"},
        {"withheld": 2.0},
        {"requests": 0},
    ):
        with pytest.raises(UserMistake):
            bench(**wrong)
    assert benchmark.notes["trainable"] is True
    assert bench(split="test").notes["trainable"] is False


def test_a_careless_oracle_passes_less_and_the_careful_one_all() -> None:
    def passed(**options: Any) -> float:
        benchmark = bench(count=100, **options)
        return sum(play(benchmark, task)[1].passed for task in benchmark.tasks) / 100

    assert passed() == 1.0
    assert 0.4 < passed(slip=0.3) < 0.9
    with pytest.raises(UserMistake, match=r"slip=0\.3"):
        bench(slip=0.3, oracle=False)


def test_a_sloppy_user_slips_at_other_questions_in_every_trial_and_under_every_seed() -> None:
    def said(seed: int, trial: int) -> list[str]:
        benchmark = bench(withheld=1.0, user="sloppy", seed=seed, count=20)
        task = benchmark.tasks[0]
        user = benchmark.user(task, trial, MODEL)
        assert isinstance(user, Sloppy)
        return [str(user.rng.random()) for _ in range(3)]

    assert said(0, 0) == said(0, 0)
    assert said(0, 0) != said(0, 1)
    assert said(0, 0) != said(1, 0)
    with pytest.raises(UserMistake, match=r"rate=7"):
        bench(user="sloppy", rate=7.0)
