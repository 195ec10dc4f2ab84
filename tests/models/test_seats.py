"""Seats: servers start together, end together, and never share a GPU unasked."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from harness.faults import UserMistake
from harness.models import process
from harness.models.openai import OpenAIModel
from harness.models.scripted import ScriptedModel
from harness.models.seats import opened, require_gpus
from harness.models.vllm import VllmModel
from tests.models.test_vllm import about, make


def test_seats_open_together_and_close_whatever_happens(tmp_path: Path) -> None:
    agent, user = make(tmp_path), make(tmp_path, "u")
    seats = {"model": agent, "user_model": user, "judge_model": agent, "none": None}
    pids = []

    async def play() -> None:
        async with opened({**seats, "other": ScriptedModel(["x"])}):
            assert len(process._running) == 2
            pids.extend(s.process.pid for s in process._running if s.process)
            assert (await about(user))["argv"][1] == "u"
            raise KeyError("the run broke")

    with pytest.raises(KeyError):
        asyncio.run(play())
    assert len(pids) == 2
    assert not process._running


def test_a_seat_that_cannot_start_is_named_and_the_others_stop(tmp_path: Path) -> None:
    async def play() -> None:
        async with opened({"model": make(tmp_path), "user_model": make(tmp_path, "crash")}):
            raise AssertionError("must not get here")

    with pytest.raises(UserMistake, match=r"user_model cannot start: .*no weights"):
        asyncio.run(play())
    assert not process._running


def test_seats_share_a_gpu_only_where_there_is_room() -> None:
    agent = VllmModel(model="a", gpus=[0])
    require_gpus({"model": agent, "judge_model": agent})
    require_gpus({"model": agent, "user_model": VllmModel(model="b", gpus=[1])})
    require_gpus({"model": agent, "user_model": OpenAIModel(model="b")})
    with pytest.raises(UserMistake, match="GPU 0"):
        require_gpus({"model": agent, "user_model": VllmModel(model="b", gpus=[0])})
