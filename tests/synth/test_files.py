"""Tasks about files: commands that make sense where they are given, worded as people word them."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from harness.types import Task
from synth.files import files_of
from synth.generate import Maker
from synth.packaging import build_package
from synth.sources import Domain
from synth.specs import read_specs
from synth.verify import holds


def entry(name: str, about: str, response: str = "", **params: str) -> dict[str, Any]:
    properties = {key: {"type": "string", "description": text} for key, text in params.items()}
    fields = {response: {"type": "string", "description": "What came of it"}} if response else {}
    return {
        "name": name,
        "description": about,
        "parameters": {"type": "object", "properties": properties, "required": list(properties)},
        "response": {"type": "object", "properties": fields},
    }


NAME = "Its name in the current directory"
DOMAIN = Domain(
    "shelf",
    read_specs([
        entry("ls", "List the current directory.", "entries"),
        entry("cd", "Change to another directory.", "place", folder="The folder to go to"),
        entry("mkdir", "Create a directory.", dir_name=NAME),
        entry("touch", "Create an empty file.", file_name=NAME),
        entry("echo", "Write text into a file.", "shown", content="The text", file_name=NAME),
        entry("cat", "Show a file.", "file_content", file_name=NAME),
        entry("sort", "Sort the lines of a file.", "sorted_content", file_name=NAME),
        entry("cp", "Copy a file.", "result", source=NAME, destination="The new place"),
        entry("mv", "Move or rename a file.", "result", source=NAME, destination="The new place"),
        entry("rm", "Remove a file.", "result", file_name=NAME),
        entry("diff", "Compare two files.", "diff_lines", file_name1=NAME, file_name2=NAME),
    ]),
)  # fmt: skip
DOMAIN.intake.records[0].response["properties"]["entries"].update(  # type: ignore[index]
    {"type": "array", "items": {"type": "string"}}
)


@pytest.fixture(scope="module")
def maker() -> Maker:
    return Maker(build_package(DOMAIN).package)


@pytest.fixture(scope="module")
def tasks(maker: Maker) -> list[Task]:
    return maker.tasks(120)


def texts(task: Task) -> list[str]:
    scenario = task.payload["scenario"]
    if scenario is None:
        return list(task.payload["queries"])
    return [subtask["text"] for subtask in scenario["subtasks"]]


def test_there_are_many_of_every_command_but_one(tasks: list[Task]) -> None:
    assert len({task.id for task in tasks}) == 120
    used = Counter(step["tool"] for task in tasks for step in task.payload["plan"]["steps"])
    assert set(used) == {"ls", "cd", "mkdir", "touch", "echo", "cat", "sort", "cp", "mv", "rm"}
    assert {task.payload["kind"] for task in tasks} >= {"general", "ambiguous", "abnormal"}
    assert len({task.payload["plan"]["plan_id"] for task in tasks}) >= 30


def test_the_same_seed_makes_the_same_tasks(maker: Maker, tasks: list[Task]) -> None:
    assert Maker(maker.package).tasks(30) == tasks[:30]


def test_texts_speak_of_files_as_people_do(tasks: list[Task]) -> None:
    said = [text for task in tasks for text in texts(task)]
    shape = re.compile(r"node|_name|dir_|\{|the name |working directory|something called")
    assert [text for text in said if shape.search(text)] == []
    assert len(set(said)) > 60


def test_what_lies_in_a_folder_that_was_entered_is_found(tasks: list[Task]) -> None:
    plans = [[step["tool"] for step in task.payload["plan"]["steps"]] for task in tasks]
    assert any(plan[:1] == ["cd"] and len(plan) > 1 for plan in plans)
    assert any(plan[:1] == ["mkdir"] and len(plan) > 1 for plan in plans)


def test_a_command_follows_only_where_people_would_ask_for_it(maker: Maker) -> None:
    files = files_of(maker.survey)
    assert files.follows("mkdir", "cd") is True
    assert files.follows("mkdir", "touch") is False
    assert files.follows("mkdir", "unknown") is None
    assert files.replaceable("touch") is True
    assert files.replaceable("mkdir") is False


def test_arguments_that_a_guard_refuses_can_be_found(maker: Maker) -> None:
    binder, views = maker.binder(), maker.survey.views
    files = files_of(maker.survey)
    names = {row[2] for row in binder.values.state["node"]}
    spoiled = {
        tool: files.spoil(views[tool], binder.scratch, maker.rng) for tool in ("cd", "mkdir")
    }
    assert spoiled["cd"] is not None
    assert spoiled["mkdir"] is not None
    assert spoiled["cd"]["folder"] not in names
    assert spoiled["mkdir"]["dir_name"] in names


@pytest.mark.parametrize(
    ("data", "value", "held"),
    [("a b\nc", "c", True), ("a b\nc", "a b\nc", True), ("a b\nc", "b", False), ("ab", "b", False)],
)
def test_a_line_of_a_text_was_shown_with_it(data: str, value: str, held: bool) -> None:
    assert holds({"content": data}, value) is held
