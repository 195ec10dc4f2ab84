"""Personas by rule: the same plan, the same person; many of them; told now and then."""

import re
from typing import Any

import pytest

from harness.types import Task
from synth.generate import Maker, Wishes
from synth.packaging import build_package
from synth.random import random_world
from synth.sources import Domain
from synth.specs import read_specs
from synth.users import brief
from synth.wording.personas import PEOPLE, persona_of

EVERYTHING = Wishes(twins=None)


def calculation(name: str, about: str, *names: str) -> dict[str, Any]:
    properties = {key: {"type": "number", "description": "A number"} for key in names}
    parameters = {"type": "object", "properties": properties, "required": list(names)}
    response = {"type": "object", "properties": {"result": {"type": "number"}}}
    return {"name": name, "description": about, "parameters": parameters, "response": response}


SUMS = Domain(
    "sums",
    read_specs(
        [
            calculation("add", "Add two numbers.", "first", "second"),
            calculation("divide", "Divide a number by another.", "number", "divisor"),
            calculation("square_root", "Take the square root of a number.", "number"),
        ]
    ),
)


@pytest.fixture(scope="module")
def tasks() -> list[Task]:
    return Maker(random_world(3), wishes=EVERYTHING).tasks(120)


def said(task: Task) -> str:
    scenario = task.payload["scenario"]
    texts = task.payload["queries"] or [subtask["text"] for subtask in scenario["subtasks"]]
    return "\n".join(texts)


def test_a_key_has_one_persona_and_keys_have_many() -> None:
    assert persona_of("a") == persona_of("a")
    found = {persona_of(str(number)) for number in range(400)}
    assert len({persona.who for persona in found}) > 100
    assert 0.25 < sum(bool(persona.aside) for persona in found) / len(found) < 0.75


def test_all_tasks_of_a_plan_are_of_one_person(tasks: list[Task]) -> None:
    people: dict[str, set[str]] = {}
    for task in tasks:
        people.setdefault(task.cluster, set()).add(task.payload["persona"].split(";")[0])
    assert all(len(found) == 1 for found in people.values())
    assert len({person for found in people.values() for person in found}) > 15


def test_what_is_told_in_passing_is_the_personas_own(tasks: list[Task]) -> None:
    works = "|".join(map(re.escape, PEOPLE.values()))
    told = 0
    for task in tasks:
        who = task.payload["persona"].split(",")[0]
        found = re.findall(works, said(task))
        assert set(found) <= {PEOPLE[who]}
        told += bool(found)
    assert 0 < told < len(tasks)


def test_whoever_plays_the_user_knows_who_that_is(tasks: list[Task]) -> None:
    scenario = next(t.payload["scenario"] for t in tasks if t.payload["scenario"])
    assert scenario["persona"] in brief(scenario)


def test_stateless_tasks_come_in_every_pattern_normal_and_abnormal() -> None:
    found = Maker(build_package(SUMS).package, wishes=EVERYTHING).tasks(150)
    assert {task.payload["call_pattern"] for task in found} >= {"simple", "multiple", "parallel"}
    behaviours = {task.payload["plan"]["behaviour"].get("kind") for task in found}
    assert behaviours >= {None, "ask", "explain", "refuse"}
    for task in found:
        kind = task.payload["plan"]["behaviour"].get("kind")
        if kind in ("explain", "refuse"):
            assert task.payload["communicate"][-1]["kind"] == "refusal"
            assert task.payload["nl_assertions"]
