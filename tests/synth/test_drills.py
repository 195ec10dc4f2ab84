"""Drills: held-out levels share nothing they should not, the oracle passes, a wrong world fails."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from evaluators.judge.labelled import Labelled
from harness.benchmark import forbid_training
from harness.episode import run_episode
from harness.faults import UserMistake
from harness.models.scripted import ScriptedModel
from harness.types import Episode, Message, Task, ToolCall
from synth.drills.benchmark import DrillEvaluator, drills, world_of
from synth.drills.levels import LEVELS, PASSING
from synth.drills.tasks import Call, resolve
from synth.drills.worlds import Place, drill_world


def played(task: Task, bench: Any) -> Episode:
    model = ScriptedModel(["Done."])
    return asyncio.run(
        run_episode(
            task,
            bench.environment(task, {}),
            bench.agent(task, 0, model),
            bench.user(task, 0, None),
            bench.limits(task),
        )
    )


def verdict(task: Task, episode: Episode) -> bool:
    return asyncio.run(DrillEvaluator()(task, episode)).passed


def test_the_oracle_passes_every_level_and_an_idle_agent_none() -> None:
    gold, idle = drills(count=12, oracle=True), drills(count=12)
    assert {task.domain for task in gold.tasks} == set(LEVELS)
    for task in gold.tasks:
        assert verdict(task, played(task, gold))
        assert not verdict(task, played(task, idle))


def test_a_call_too_many_that_changes_the_world_fails() -> None:
    bench = drills(count=30, oracle=True)
    task = next(t for t in bench.tasks if played(t, bench).state)
    episode = played(task, bench)
    assert verdict(task, episode)
    assert not verdict(task, replace(episode, state={**episode.state, "extra": {"1": None}}))


def test_a_reading_drill_wants_its_last_call_with_the_right_arguments() -> None:
    bench = drills(count=30, oracle=True)
    task = next(t for t in bench.tasks if not played(t, bench).state)
    episode = played(task, bench)
    spoken = next(i for i, m in enumerate(episode.log) if m.calls)
    call = episode.log[spoken].calls[0]
    wrong = Message("agent", calls=(ToolCall(call.id, call.name, {"x": 1}),))
    log = (*episode.log[:spoken], wrong, *episode.log[spoken + 1 :])
    assert not verdict(task, replace(episode, log=log))


def test_the_same_seed_gives_the_same_drills_and_another_one_others() -> None:
    one, two = drills("train", 20, 5), drills("train", 20, 5)
    assert list(one.tasks) == list(two.tasks)
    assert list(one.tasks) != list(drills("train", 20, 6).tasks)
    assert one.tasks[7] == drills("train", 20, 5).tasks[7]


def test_held_out_levels_are_kept_apart_from_training() -> None:
    training, test = drills("train", 150, 0).tasks, drills("test", 100, 0).tasks
    levels = {level: [t for t in test if t.domain == level] for level in LEVELS}
    chains = {t.payload["chain"] for t in training}
    assert not chains & {t.payload["chain"] for t in levels["chains"]}
    words = [named(t) for t in training]
    unseen = [named(t) for t in levels["worlds"]]
    assert not set().union(*words) & set().union(*unseen)
    assert set().union(*words) & set().union(*(named(t) for t in levels["values"]))


def test_what_is_asked_about_in_values_is_never_asked_about_in_training() -> None:
    """Names and keys of rows are whole words of a request: one of them at least is new."""
    told = {word for t in drills("train", 3000, 0).tasks for word in keys_in(t)}
    held = [keys_in(t) for t in drills("test", 60, 0).tasks if t.domain == "values"]
    assert all(keys - told for keys in held)
    assert any(keys & told for keys in map(keys_in, drills("train", 50, 1).tasks))


def keys_in(task: Task) -> set[str]:
    """Return the names and keys of rows of a task's world that its request gives."""
    package = drill_world(place(task)).package
    domain = drill_world(place(task)).domain
    found = set()
    for noun, rows in package.states["s00000"].items():
        entity = domain.entity(noun)
        columns = [
            "id",
            *(f"{ref}_id" for ref in entity.refs),
            *(a.name for a in entity.attributes),
        ]
        for row in rows:
            values = dict(zip(columns, row, strict=False))
            found |= {str(values["id"]), str(values.get(entity.label, values["id"]))}
    text = task.payload["text"]
    return {word for word in found if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)}


def test_every_held_out_drill_has_a_world_or_a_state_of_its_own() -> None:
    for level in LEVELS:
        places = [place(t) for t in drills("test", 60, 0).tasks if t.domain == level]
        assert len(set(places)) == 60
    staying = [place(t) for t in drills("train", 60, 0, home_share=0.0).tasks]
    assert len({p.seed for p in staying}) < 60


@pytest.mark.parametrize(
    "shape", [{"homes": 0}, {"stay": 0}, {"most_tools": 2}, {"home_share": 5.0}, {"growth": -1.0}]
)
def test_a_shape_that_makes_no_sense_is_refused(shape: dict[str, Any]) -> None:
    name, value = next(iter(shape.items()))
    with pytest.raises(UserMistake, match=f"{name}={value}"):
        drills("train", 5, **shape)


def named(task: Task) -> set[str]:
    """Return the nouns and the fields of a task's world."""
    domain = drill_world(Place(**task.payload["place"])).domain
    nouns = {entity.noun for entity in domain.entities}
    given = {"city", "date", "deadline", "start_date", "due_date", "renewal_date"}
    fields = {a.name for entity in domain.entities for a in entity.attributes}
    return nouns | (fields - given)


def test_values_and_chains_are_asked_for_at_home_in_states_that_training_never_had() -> None:
    training, test = drills("train", 150, 0).tasks, drills("test", 60, 0).tasks
    homes = {place(t) for t in training if place(t).seed < PASSING}
    assert {place.seed for place in homes} == set(range(8))
    held = {level: [place(t) for t in test if t.domain == level] for level in LEVELS}
    assert {p.seed for p in held["values"] + held["chains"]} <= set(range(8))
    assert all(p.unseen and p.seed >= PASSING for p in held["worlds"])
    assert not homes & {*held["values"], *held["chains"]}
    assert not any(place(t).unseen for t in training)


def test_the_shares_of_worlds_are_those_asked_for() -> None:
    shares = [share_at_home(home_share=share, homes=3) for share in (0.0, 0.4, 1.0)]
    assert shares == [0.0, pytest.approx(0.4, abs=0.12), 1.0]
    passing = [place(t).seed for t in drills("train", 40, 0, home_share=0.0, stay=4).tasks]
    assert all(len(set(passing[i : i + 4])) < 4 for i in range(0, 40, 4))
    assert len(set(passing)) >= 10
    alone = drills("train", 40, 0, home_share=0.0, stay=1).tasks
    assert len({place(t).seed for t in alone}) == 40


def share_at_home(**split: Any) -> float:
    tasks = drills("train", 150, 0, **split).tasks
    return sum(place(t).seed < PASSING for t in tasks) / len(tasks)


def place(task: Task) -> Place:
    return Place(**task.payload["place"])


def test_no_field_is_called_like_an_entity() -> None:
    """In this world chance would have called one of each `channel`."""
    for seed in (92983606, *range(PASSING, PASSING + 60)):
        entities = drill_world(Place(seed)).domain.entities
        fields = {a.name for entity in entities for a in entity.attributes}
        assert not fields & {entity.noun for entity in entities}


def test_training_drills_grow() -> None:
    tasks = drills("train", 100, 0, growth=0.5).tasks
    assert all(len(t.payload["calls"]) == 1 for t in tasks[:20])
    assert all(len(t.payload["offered"]) <= 4 for t in tasks[:10])
    assert any(len(t.payload["calls"]) > 1 for t in tasks[50:])
    assert any(len(t.payload["calls"]) > 1 for t in drills("train", 100, 0).tasks[:20])


def test_only_the_training_split_may_be_trained_on() -> None:
    forbid_training(drills("train", 1))
    with pytest.raises(UserMistake, match="holds test tasks"):
        forbid_training(drills("test", 1))
    with pytest.raises(UserMistake, match="no split 'dev'"):
        drills("dev")


def test_every_tool_that_is_needed_is_on_offer() -> None:
    for task in drills("train", 60, 1).tasks:
        needed = {call["tool"] for call in task.payload["calls"]}
        assert needed <= set(task.payload["offered"])
        assert 3 <= len(task.payload["offered"]) <= 6


def test_references_take_what_was_found() -> None:
    call = Call("f", {"id": {"from": 0, "field": "key"}, "n": 3})
    assert resolve(call, [[{"key": "A-1"}]]) == {"id": "A-1", "n": 3}
    task = drills("train", 1, 0).tasks[0]
    assert json.loads(json.dumps(task.payload)) == task.payload
    assert {t.name for t in world_of(task, {}).tools("agent", 1)} == set(task.payload["offered"])


def test_failed_drills_are_labelled_and_passed_ones_are_not() -> None:
    bench, gold = drills(count=4), drills(count=4, oracle=True)
    judge = Labelled(DrillEvaluator, "synth.drills.cases:case_of", intents=False)
    task = bench.tasks[0]
    idle = asyncio.run(judge(task, played(task, bench)))
    assert [category.id for category in idle.categories] == ["No Tool Calls"]
    assert asyncio.run(judge(task, played(task, gold))).categories == ()
