"""How a model's reply is read: whole steps, one reply, calls written as text."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from evaluators.bfcl.conversations import Conversations
from evaluators.bfcl.data import BfclData
from evaluators.bfcl.parties import OneReply, TextCalls, WholeSteps, text_calls
from harness.episode import run_episode
from harness.parties import Script
from harness.types import Message, Task, ToolCall, ToolSpec

GOOD = ToolCall("1", "ls", {"a": True})
BAD = ToolCall("2", "ls", raw='{"a": tru')


def asked(party: Any) -> Message:
    reply: Message = asyncio.run(party.reply((), ()))
    return reply


def says(message: Message) -> Script:
    return Script("agent", [message])


def test_a_step_with_an_unreadable_call_is_text_as_a_whole() -> None:
    reply = asked(WholeSteps(says(Message("agent", "Listing.", (GOOD, BAD)))))
    assert reply.calls == ()
    assert reply.text.startswith("Listing.\n")
    assert '{\\"a\\": tru' in reply.text


def test_a_readable_step_stays_as_it_is() -> None:
    message = Message("agent", "Listing.", (GOOD, GOOD))
    assert asked(WholeSteps(says(message))) is message


@pytest.mark.parametrize(
    ("calls", "stops"), [((GOOD,), False), ((BAD, GOOD), False), ((BAD,), True), ((), False)]
)
def test_a_reply_without_a_readable_call_is_the_only_one(
    calls: tuple[ToolCall, ...], stops: bool
) -> None:
    assert asked(OneReply(says(Message("agent", "x", calls)))).stop is stops


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("[ls(a=True)]", [("ls", {"a": True})]),
        ("ls(), pwd()", [("ls", {}), ("pwd", {})]),
        ("```[cd(folder='a')]```", [("cd", {"folder": "a"})]),
        ("[f(x=(1, 2))]", [("f", {"$text": "f(x=(1, 2))"})]),
        ("[f(x={'a': 1})]", [("f", {"$text": "f(x={'a': 1})"})]),
        ("[f(x=g(y=1))]", [("f", {"$text": "f(x=g(y=1))"})]),
        ("[f(1, x=2)]", [("f", {"x": 2})]),
        ("[f(x={})]", []),
        ("I cannot do that.", []),
        ("[5]", []),
        ("", []),
    ],
)
def test_calls_are_read_from_text(text: str, calls: list[tuple[str, Any]]) -> None:
    assert [(call.name, call.arguments) for call in text_calls(text, 3)] == calls


class Talker:
    """A model that gives prepared texts and remembers what it was shown."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.chats: list[list[dict[str, Any]]] = []

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message:
        assert not tools
        self.chats.append([dict(line) for line in chat])
        return Message("agent", self.texts.pop(0))


def test_prompting_mode_shows_results_as_one_user_message(bfcl: BfclData) -> None:
    kind = Conversations(bfcl, "prompt")
    row = bfcl.prompt("multi_turn_base_0")
    task = Task(row["id"], "bfcl", {"root": str(bfcl.root), "mode": "prompt", "row": row})
    model = Talker("[pwd(), cd(folder=['x'])]", "Done.")
    agent = kind.agent(task, model)
    assert isinstance(agent, TextCalls)
    user = Script("user", ["Where am I?"])
    episode = asyncio.run(run_episode(task, kind.environment(task), agent, user, kind.limits(task)))
    assert episode.end == "user_stop"
    system, question, answer, results = model.chats[1]
    assert system["content"].count('"name": "pwd"') == 1
    assert question == {"role": "user", "content": "Where am I?"}
    assert answer == {"role": "assistant", "content": "[pwd(), cd(folder=['x'])]"}
    assert results["role"] == "user"
    first, second = [line.text for line in episode.log if line.author == "tool"]
    assert results["content"] == repr(
        [
            {"role": "tool", "name": "pwd()", "content": first},
            {"role": "tool", "name": "cd(folder=['x'])", "content": second},
        ]
    )


def test_prompting_mode_tells_added_functions_in_words(bfcl: BfclData) -> None:
    texts = Conversations(bfcl, "prompt").requests("multi_turn_miss_func_0")
    (turn,) = bfcl.held_out("multi_turn_miss_func_0")
    native = Conversations(bfcl, "native").requests("multi_turn_miss_func_0")
    assert texts[turn].startswith("[{'name': 'sort'")
    assert texts[turn].endswith(f"\n{native[turn]}")
    assert texts[:turn] == native[:turn]
