import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from harness.faults import ModelFault
from harness.types import Episode, Message, Task, Tokens, ToolSpec, Verdict
from tests.fakes.benchmarks import Shelved, shelves
from tests.fakes.worlds import call
from train.rollouts import Rollout, Rollouts, batch_fields, is_flat
from train.sampled import TokenRow, token_row


def tokens(prompt: Sequence[int], said: Sequence[int]) -> Tokens:
    return Tokens(tuple(prompt), tuple(said), tuple([-0.5] * len(said)))


def episode(*lines: Message) -> Episode:
    return Episode("t", lines, "user_stop")


def test_sampled_tokens_are_spliced_and_the_world_s_are_masked() -> None:
    row = token_row(
        episode(
            Message("user", "go"),
            Message("agent", calls=(call("put"),), tokens=tokens([1, 2], [3, 4])),
            Message("tool", "ok", owner="agent"),
            Message("agent", "done", tokens=tokens([9, 9], [5])),
        )
    )
    assert row == TokenRow((1, 2), (3, 4, 9, 9, 5), (1, 1, 0, 0, 1), (-0.5, -0.5, 0.0, 0.0, -0.5))


def test_an_episode_with_a_reply_without_ids_is_no_row() -> None:
    with_ids = Message("agent", "a", tokens=tokens([1], [2]))
    assert token_row(episode(with_ids, Message("agent", "b"))) is None
    assert token_row(episode(Message("user", "x"))) is None


def rollout(
    reward: float | None, row: TokenRow | None = TokenRow((1,), (2,), (1,), (-0.5,))
) -> Rollout:
    verdict = None if reward is None else Verdict(reward, reward == 1.0)
    return Rollout(Task("t", "b"), episode(), verdict, row)


def test_a_group_is_flat_where_no_advantage_is_left() -> None:
    assert is_flat([rollout(1.0), rollout(1.0), rollout(None)])
    assert is_flat([rollout(0.0), rollout(0.0)])
    assert not is_flat([rollout(0.0), rollout(1.0)])
    assert is_flat([rollout(1.0), rollout(1.0), rollout(0.0, row=None)])


def test_what_cannot_be_used_moves_nobody_s_advantage() -> None:
    group = [rollout(1.0), rollout(0.0), rollout(None), rollout(1.0, row=None)]
    fields = batch_fields(group, filler=7)
    assert fields["episode_reward"] == [1.0, 0.0, None, None]
    assert fields["env_mask"] == [[1], [1], [0], [0]]
    assert fields["completion_ids"][2] == [7]
    assert {len(column) for column in fields.values()} == {4}


class Moody:
    """Puts the name on the shelf in every other episode; asked for "b", never; faults on demand."""

    def __init__(self, faults: int = 0) -> None:
        self.count = 0
        self.faults = faults

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message:
        if chat[-1]["role"] == "tool":
            return Message("agent", "done", tokens=tokens([8], [9]))
        if self.faults:
            self.faults -= 1
            raise ModelFault("gone")
        self.count += 1
        name = chat[0]["content"]
        if name == "b" or self.count % 2:
            return Message("agent", "no", tokens=tokens([1], [2]))
        return Message("agent", calls=(call("put", name=name),), tokens=tokens([1], [3]))


def draw(model: Any, names: Sequence[str], **options: Any) -> tuple[list[Rollout], Any]:
    rollouts = Rollouts(shelves(), Shelved(), group_size=2, **options)
    return asyncio.run(rollouts.draw(model, names, 0))


def test_a_batch_keeps_the_order_of_its_prompts() -> None:
    batch, tally = draw(Moody(), ["a", "a", "c", "c"])
    assert [one.task.id for one in batch] == ["a", "a", "c", "c"]
    assert (tally.groups, tally.episodes, tally.flat) == (2, 4, 0)


def test_a_flat_group_is_drawn_again_with_another_task_and_counted() -> None:
    batch, tally = draw(Moody(), ["b", "b"], redraws=20)
    assert tally.redrawn_failed >= 1
    assert not is_flat(batch)
    unfiltered, tally = draw(Moody(), ["b", "b"], filtering=False)
    assert is_flat(unfiltered)
    assert (tally.flat, tally.redrawn_failed) == (1, 0)


@pytest.mark.parametrize(("faults", "left"), [(1, 0), (99, 2)])
def test_a_fault_is_played_again_then_counted_and_never_scored(faults: int, left: int) -> None:
    batch, tally = draw(Moody(faults), ["a", "a"], filtering=False)
    assert tally.faults == left
    assert [one.reward for one in batch].count(None) == left


def test_endless_flat_groups_end() -> None:
    class Never(Moody):
        async def generate(self, chat: Any, tools: Any, **sampling: Any) -> Message:
            return Message("agent", "no", tokens=tokens([1], [2]))

    _, tally = draw(Never(), ["a", "a"], redraws=3)
    assert (tally.flat, tally.redrawn_failed) == (1, 3)


def test_a_prompt_that_does_not_extend_its_past_is_counted_and_gets_no_gradient() -> None:
    class Forgets(Moody):
        """Has no ids for what it says after a tool result: its prompt was rewritten."""

        async def generate(self, chat: Any, tools: Any, **sampling: Any) -> Message:
            if chat[-1]["role"] == "tool":
                return Message("agent", "done")
            return await super().generate(chat, tools, **sampling)

    batch, tally = draw(Forgets(), ["a", "a"], filtering=False)
    assert tally.rowless == 1
    assert tally.faults == 0
    fields = batch_fields(batch, filler=7)
    lost = [one.usable for one in batch].index(False)
    assert fields["env_mask"][lost] == [0]
    assert fields["episode_reward"][lost] is None
    assert fields["episode_reward"][1 - lost] == 0.0
