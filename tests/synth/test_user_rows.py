"""The user's seat as rows: briefed, ended as a model ends, readable for tuning a user."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf
from rich.console import Console

from harness.app import App
from harness.faults import UserMistake
from synth.dataset.user_rows import FILE, collect
from synth.recipe import Recipe
from synth.users import STOP_TEXT
from tests.synth.test_pipeline import Run
from train.mixture import read_sources


def app() -> App:
    return App(OmegaConf.create({}), Console(file=io.StringIO(), width=200), {})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("synth")
    Run(root, Recipe(environments=(), worlds=1, tasks=20, witnesses=40, workers=1))
    asyncio.run(collect(app(), str(root)))
    return root / "dataset" / FILE


def rows_in(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_scenarios_become_rows_and_fixed_queries_do_not(made: Path) -> None:
    rows = rows_in(made)
    assert rows
    assert {row["mode"] for row in rows} == {"user_scenario"}
    assert {row["seat"] for row in rows} == {"user"}
    shipped = {row["task_id"] for row in rows_in(made.parent / "sft.jsonl")}
    assert {row["task_id"] for row in rows} <= shipped


def test_a_row_is_briefed_opens_and_hangs_up_as_a_model_does(made: Path) -> None:
    for row in rows_in(made):
        chat = json.loads(row["messages"])
        roles = [line["role"] for line in chat]
        assert roles[:2] == ["system", "assistant"]
        assert chat[1]["content"] in chat[0]["content"]
        assert chat[-1] == {"role": "assistant", "content": STOP_TEXT}
        assert "tool" not in roles
        assert json.loads(row["tools"]) == []
        assert json.loads(row["loss"])["from"] == 1


def test_the_rows_are_the_user_s_alone_when_read(made: Path) -> None:
    [(rows, _)] = read_sources([{"path": str(made)}], "user")
    assert len(rows) == len(rows_in(made))
    with pytest.raises(UserMistake, match="holds no row for the agent"):
        read_sources([{"path": str(made)}], "agent")


def test_without_a_synthesis_it_is_said_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="run the stage synth first"):
        asyncio.run(collect(app(), str(tmp_path)))
