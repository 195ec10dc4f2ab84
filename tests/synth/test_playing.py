import asyncio
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from harness.benchmark import Benchmark
from harness.faults import UserMistake
from harness.runner import Job
from harness.store import read_episodes
from synth.agents import Idle
from synth.playing import NoModel, Played, play, told
from tests.fakes.benchmarks import Porter, Shelved, shelves


def go(
    folder: Path, benchmark: Benchmark, model: Any, tasks: str = "a", trials: int = 1
) -> tuple[Played, str]:
    out = io.StringIO()
    job = Job(benchmark, Shelved(), model, trials=trials)
    played = asyncio.run(play(folder, job, {"tasks": tasks}, Console(file=out, width=200)))
    return played, out.getvalue()


def test_trials_are_counted_by_status_and_environment(tmp_path: Path) -> None:
    played, said = go(tmp_path / "episodes", shelves(), Porter(drops=["b"]), trials=2)
    assert played.count("pass") == 4
    assert played.count("fail", "d1") == 2
    assert played.count("pass", among={"a"}) == 2
    assert "episodes: 6 episodes, 4 of 6 passed" in said


def test_an_idle_agent_passes_nothing_that_needs_a_call(tmp_path: Path) -> None:
    idle = replace(shelves(), agent=lambda task, trial, model: Idle())
    played, _ = go(tmp_path / "idle", told(idle, shelves()), NoModel())
    assert played.count("fail") == 3
    _, episode = next(read_episodes(tmp_path / "idle"))
    assert not any(line.calls for line in episode.log)


def test_the_same_tasks_are_not_played_again_and_others_empty_the_folder(tmp_path: Path) -> None:
    go(tmp_path / "run", shelves(), Porter())
    again = Porter()
    _, said = go(tmp_path / "run", shelves(), again)
    assert again.asked == []
    assert "0 episodes, 3 of 3 passed" in said
    assert "3 stored" in said
    _, said = go(tmp_path / "run", shelves(("x",)), Porter(), tasks="b")
    assert "1 episodes, 1 of 1 passed" in said
    assert len(list(read_episodes(tmp_path / "run"))) == 1


def test_a_folder_in_use_is_not_emptied(tmp_path: Path) -> None:
    from harness.store import RunStore

    store = RunStore(tmp_path / "run", {"tasks": "a"})
    try:
        with pytest.raises(UserMistake, match="in use"):
            go(tmp_path / "run", shelves(), Porter())
    finally:
        store.close()


def test_nobody_stands_in_for_a_missing_model() -> None:
    with pytest.raises(UserMistake, match="no model"):
        asyncio.run(NoModel().generate([], []))


def test_whoever_plays_is_told_what_a_model_would_be_told() -> None:
    reader = replace(shelves(), agent=lambda task, trial, model: Clerk())
    idle = replace(shelves(), agent=lambda task, trial, model: Idle())
    party = told(idle, reader).agent(shelves().tasks[0], 0, NoModel())
    assert isinstance(party, Idle)
    assert party.system == "Keep the shelves."
    assert Idle.system == ""


class Clerk(Idle):
    system = "Keep the shelves."
