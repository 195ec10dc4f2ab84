import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from harness.episode import next_speaker, run_episode
from harness.faults import BadReply, EpisodeEnd
from harness.limits import Limits, tally_of
from harness.parties import Script
from harness.types import Episode, Message, Task, ToolCall, ToolSpec
from tests.fakes.worlds import Faulty, Shelf, Sleeper, call

TASK = Task("t", "shelf")


def play(agent: Any, user: Any, task: Task = TASK, env: Any = None, **limits: Any) -> Episode:
    return asyncio.run(run_episode(task, env or Shelf(), agent, user, Limits(**limits)))


def agent(*lines: Any) -> Script:
    return Script("agent", lines)


def user(*lines: Any) -> Script:
    return Script("user", lines)


def test_speaker_keeps_the_floor_until_it_stops_calling() -> None:
    episode = play(agent([call("put", name="a")], [call("look")], "done"), user("go"))
    authors = [m.author for m in episode.log]
    assert authors == ["user", "agent", "tool", "agent", "tool", "agent", "user"]
    assert episode.end == "user_stop"
    assert episode.state == {"added": ["a"], "removed": []}


def test_calls_of_one_message_run_in_order_and_count_as_one_step() -> None:
    episode = play(agent([call("put", name="a"), call("look")], "done"), user("go"))
    assert [m.text for m in episode.log if m.author == "tool"] == ["ok", "a"]
    assert tally_of(episode.log).steps == 5
    assert tally_of(episode.log).calls == 2


def test_a_wrong_call_is_told_and_counted() -> None:
    episode = play(agent([call("take", name="x")], "sorry"), user("go"))
    assert [(m.text, m.error) for m in episode.log if m.author == "tool"] == [
        ("Error: cannot take x", True)
    ]


def test_undecodable_arguments_are_told_without_reaching_the_world() -> None:
    bad = ToolCall("1", "put", {}, raw="{name: a")
    episode = play(agent([bad], "sorry"), user("go"))
    assert episode.log[2].error
    assert "not a JSON object" in episode.log[2].text
    assert episode.state == {}


@pytest.mark.parametrize(
    ("lines", "limits", "end"),
    [
        ([[call("look")]] * 3, {"steps": 4}, "max_steps"),
        (["bye"], {"steps": 2}, "max_steps"),
        (["bye"], {"steps": 3}, "max_steps"),
        (["bye"], {"steps": 4}, "user_stop"),
        ([[call("take")]], {"errors": 1, "steps": 3}, "max_errors"),
        ([[call("take")], "x"], {"errors": 2, "steps": 30}, "user_stop"),
        ([[call("look")]] * 9, {"steps_per_turn": 2}, "max_steps_per_turn"),
        ([[call("look")]] * 2 + ["x"], {"steps_per_turn": 2}, "user_stop"),
        (["bye"], {"seconds": 0.0}, "timeout"),
    ],
)
def test_limits_end_the_episode_and_override_a_stop(lines: Any, limits: Any, end: str) -> None:
    assert play(agent(*lines), user("go"), **limits).end == end


def test_a_call_made_in_the_last_step_still_runs() -> None:
    episode = play(agent([call("put", name="a")]), user("go"), steps=2)
    assert episode.end == "max_steps"
    assert tally_of(episode.log).steps == 3
    assert episode.state["added"] == ["a"]


def test_more_than_the_allowed_batches_fire_after_the_extra_one() -> None:
    episode = play(agent(*[[call("look")]] * 50), user("go"), steps=None, steps_per_turn=20)
    assert sum(bool(m.calls) for m in episode.log) == 21


def test_batches_are_counted_afresh_in_every_turn() -> None:
    looks = [[call("look")]] * 20
    episode = play(agent(*looks, "a", *looks, "b"), user("1", "2"), steps=None, steps_per_turn=20)
    assert episode.end == "user_stop"


def test_tools_follow_the_turn_and_changes_are_noted() -> None:
    blobs: dict[str, str] = {}
    run = run_episode(TASK, Shelf(), agent("a", "b"), user("1", "2"), blobs=blobs)
    offered = [entry for entry in asyncio.run(run).tools if entry[1] == "agent"]
    assert [index for index, _, _ in offered] == [1, 3]
    assert "take" not in blobs[offered[0][2]]
    assert "take" in blobs[offered[1][2]]


@pytest.mark.parametrize(
    ("opening", "first"),
    [
        ((), "user"),
        ((Message("agent", "hi"),), "user"),
        ((Message("user", "hi"),), "agent"),
        ((Message("user", calls=(call("a"),)), Message("tool", "r", owner="user")), "user"),
    ],
)
def test_who_speaks_first(opening: tuple[Message, ...], first: str) -> None:
    assert next_speaker(opening) == first


def test_an_opening_that_stops_ends_at_once() -> None:
    task = Task("t", "x", opening=(Message("user", "bye", stop=True),))
    episode = play(agent("never"), user("never"), task)
    assert (episode.end, len(episode.log)) == ("user_stop", 1)


def test_errors_and_steps_of_the_opening_do_not_count() -> None:
    failed = Message("tool", "no", owner="agent", error=True)
    task = Task("t", "x", opening=(Message("agent", calls=(call("take"),)), failed))
    episode = play(agent("hello"), user(), task, errors=1, steps=3)
    assert episode.end == "user_stop"
    assert tally_of(episode.log, opening=2).errors == 0


def test_a_timeout_keeps_the_prefix() -> None:
    episode = play(Sleeper(), user("hi"), seconds=0.01)
    assert episode.end == "timeout"
    assert episode.log[0].text == "hi"


def test_a_timeout_of_somebody_else_is_a_bug() -> None:
    class Broken:
        async def reply(self, log: Any, tools: Any) -> Message:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        play(Broken(), user("hi"), seconds=5)


def test_a_fault_is_data_with_its_seat() -> None:
    episode = play(Faulty(), user("hi"))
    assert episode.fault is not None
    assert (episode.end, episode.fault.seat, episode.fault.kind) == (
        "fault",
        "agent",
        "unreachable",
    )
    assert play(agent("x"), Faulty()).fault.seat == "user"  # type: ignore[union-attr]
    broken = play(agent([call("break")]), user("hi")).fault
    assert broken is not None
    assert (broken.seat, broken.kind) == ("env", "world")


def test_a_bug_is_loud() -> None:
    class Bug:
        async def reply(self, log: Any, tools: Any) -> Message:
            raise KeyError("oops")

    with pytest.raises(KeyError):
        play(Bug(), user("hi"))


class Rejecting:
    """Replies with something its role cannot use."""

    def __init__(self, message: Message | None, end: str = "") -> None:
        self.bad = BadReply("no", message, end)

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        raise self.bad


@pytest.mark.parametrize(
    ("message", "named", "steps", "end"),
    [
        (None, "", 9, "invalid_agent_message"),
        (Message("agent", "x"), "agent_error", 9, "agent_error"),
        (Message("agent", "x"), "agent_error", 2, "max_steps"),
        (Message("agent", "x", (call("look"),)), "agent_error", 2, "agent_error"),
    ],
)
def test_an_unusable_reply_is_its_author_s_failure(
    message: Message | None, named: str, steps: int, end: str
) -> None:
    episode = play(Rejecting(message, named), user("hi"), steps=steps)
    assert episode.end == end
    assert episode.fault is None
    assert len(episode.log) == 1 + (message is not None)


def test_the_world_may_end_the_episode() -> None:
    class Once(Shelf):
        async def call(self, role: Any, call: ToolCall) -> str:
            raise EpisodeEnd("called")

    episode = play(agent([call("put"), call("look")]), user("go"), env=Once())
    assert episode.end == "called"
    assert len(episode.log[-1].calls) == 2


def test_many_episodes_run_side_by_side_without_mixing() -> None:
    async def group() -> list[Episode]:
        runs = [
            run_episode(TASK, Shelf(), agent([call("put", name=str(i))], "ok"), user("go"))
            for i in range(8)
        ]
        return await asyncio.gather(*runs)

    assert [e.state["added"] for e in asyncio.run(group())] == [[str(i)] for i in range(8)]
