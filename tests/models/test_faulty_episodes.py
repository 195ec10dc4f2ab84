"""Whole episodes against a server that misbehaves: faults are recorded, failures scored."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from harness.codec import dumps, to_json
from harness.episode import run_episode
from harness.faults import ToolFault
from harness.limits import Limits
from harness.models.openai import OpenAIModel
from harness.parties import ModelParty, Script
from harness.types import Episode, Role, Task, ToolCall, ToolSpec
from tests.fakes import server as fake
from tests.fakes.server import FakeServer

ADD = ToolSpec("add", "Add", {"type": "object", "properties": {"x": {"type": "integer"}}})


class Adder:
    """One tool, `add(x: int)`."""

    def tools(self, role: Role, turn: int) -> Sequence[ToolSpec]:
        return [ADD] if role == "agent" else []

    async def call(self, role: Role, call: ToolCall) -> str:
        if call.name != "add":
            raise ToolFault(f"unknown tool {call.name}")
        if not isinstance(call.arguments.get("x"), int):
            raise ToolFault("x must be an integer")
        return "added"

    def state(self) -> Mapping[str, Any]:
        return {}


def play(*behaviours: Any, seconds: float | None = None, **options: Any) -> Episode:
    async def run() -> Episode:
        async with FakeServer(*behaviours) as box:
            settings = {"retries": 1, "retry_first_s": 0.001, "timeout_s": 5.0, **options}
            model = OpenAIModel(model="m", base_url=box.base_url, **settings)
            agent = ModelParty("agent", model, "be brief")
            user = Script("user", ["hi"])
            limits = Limits(seconds=seconds)
            episode = await run_episode(Task("t", "b"), Adder(), agent, user, limits)
            await model.aclose()
            return episode

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (fake.refuses(500), "server_error"),
        (fake.refuses(429), "rate_limit"),
        (fake.refuses(401), "auth"),
        (fake.html(), "bad_response"),
        (fake.replies('{"choices": ['), "bad_response"),
        (fake.dies, "connection"),
        (fake.waits(30, fake.says("late")), "timeout"),
    ],
)
def test_infrastructure_is_a_fault_of_its_seat(behaviour: Any, kind: str) -> None:
    episode = play(behaviour, timeout_s=0.2)
    assert episode.end == "fault"
    assert episode.fault is not None
    assert (episode.fault.seat, episode.fault.kind) == ("agent", kind)
    assert "\n" not in episode.fault.text
    assert [line.author for line in episode.log] == ["user"]


def test_a_full_context_is_scored() -> None:
    episode = play(fake.refuses(400, "too long", "context_length_exceeded"))
    assert (episode.end, episode.fault) == ("invalid_agent_message", None)


def test_the_episodes_clock_is_not_the_clients() -> None:
    episode = play(fake.waits(30, fake.says("late")), seconds=0.2)
    assert (episode.end, episode.fault) == ("timeout", None)


def test_wrong_calls_are_told_to_the_model_and_the_episode_goes_on() -> None:
    deep = '{"x":' * 5000 + "1" + "}" * 5000
    episode = play(
        fake.calls(("sub", "{}"), ("add", '{"x": "two"}'), ("add", "{broken"), ("add", deep)),
        fake.calls(("add", '{"x": ' + "7" * 4200 + "}")),
        fake.says("done \ud800 NaN"),
    )
    assert episode.end == "user_stop"
    results = [line for line in episode.log if line.author == "tool"]
    assert [line.error for line in results] == [True, True, True, True, False]
    assert episode.log[-2].text == "done \ud800 NaN"
    assert dumps(to_json(episode))
