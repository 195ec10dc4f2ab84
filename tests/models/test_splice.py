"""Prompts in token ids: nothing sampled is ever tokenised again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.faults import UserMistake
from harness.models.splice import Splicer
from harness.types import Tokens, ToolSpec

STOP = 3
Chat = Sequence[Mapping[str, Any]]


def appending(chat: Chat, tools: Sequence[ToolSpec], open_reply: bool) -> str:
    """A template that only appends: `u:text|` and `a:text|`, tools in front."""
    text = "".join(f"[{tool.name}]" for tool in tools)
    for line in chat:
        text += f"{line['role'][0]}:{line['content']}"
        text += "".join(f"<{call.name}>" for call in line.get("calls", ())) + "|\n"
    return text + ("a:" if open_reply else "")


def forgetting(chat: Chat, tools: Sequence[ToolSpec], open_reply: bool) -> str:
    """A template that drops the reasoning of all but the last line."""
    text = ""
    for number, line in enumerate(chat):
        thought = line.get("reasoning", "") if number == len(chat) - 1 else ""
        text += f"{line['role'][0]}:{thought}{line['content']}|\n"
    return text + ("a:" if open_reply else "")


def tokenize(text: str) -> list[int]:
    """One id per character; `|` is the stop token."""
    return [STOP if char == "|" else 1000 + ord(char) for char in text]


def make(render: Any = appending) -> Splicer:
    return Splicer(render, tokenize, {STOP: "|"})


def line(role: str, text: str, tokens: Tokens | None = None) -> dict[str, Any]:
    return {"role": role, "content": text, **({"tokens": tokens} if tokens else {})}


def test_the_first_prompt_is_all_new() -> None:
    prompt = make().prompt([line("user", "hi")], [])
    assert prompt.ids == prompt.new == tuple(tokenize("u:hi|\na:"))
    assert prompt.spliced


def test_sampled_ids_stay_and_only_the_rest_is_tokenised() -> None:
    first = make().prompt([line("user", "hi")], [])
    odd = (7, 7, STOP)  # ids that no tokenizer would give for "yo"
    chat = [line("user", "hi"), line("assistant", "yo", Tokens(first.new, odd, (0.0,) * 3))]
    prompt = make().prompt([*chat, line("user", "more")], [])
    assert prompt.new == tuple(tokenize("\nu:more|\na:"))
    assert prompt.ids == (*first.ids, *odd, *prompt.new)


def test_a_reply_cut_off_by_its_length_is_closed_first() -> None:
    first = make().prompt([line("user", "hi")], [])
    chat = [line("user", "hi"), line("assistant", "yo", Tokens(first.new, (7, 7), (0.0, 0.0)))]
    prompt = make().prompt([*chat, line("user", "more")], [])
    assert prompt.new == tuple(tokenize("|\nu:more|\na:"))


@pytest.mark.parametrize("change", ["tools", "system"])
def test_a_changed_beginning_is_not_spliced(change: str) -> None:
    tools = [ToolSpec("f")]
    first = make().prompt([line("system", "s"), line("user", "hi")], tools)
    chat = [
        line("system", "s" if change == "tools" else "t"),
        line("user", "hi"),
        line("assistant", "yo", Tokens(first.new, (7, STOP), (0.0, 0.0))),
        line("user", "more"),
    ]
    now = [*tools, ToolSpec("g")] if change == "tools" else tools
    prompt = make().prompt(chat, now)
    assert not prompt.spliced
    assert prompt.new == ()
    assert prompt.ids == tuple(tokenize(appending(chat, now, True)))
    assert make().prompt([line("system", "s"), *chat[1:]], tools).spliced


def test_lines_nobody_sampled_are_part_of_what_is_new() -> None:
    chat = [line("assistant", "Hello!"), line("user", "hi")]
    first = make().prompt(chat, [])
    assert first.new == tuple(tokenize("a:Hello!|\nu:hi|\na:"))
    chat += [line("assistant", "yo", Tokens(first.new, (7, STOP), (0.0, 0.0)))]
    chat += [line("assistant", "by hand"), line("user", "more")]
    prompt = make().prompt(chat, [])
    assert prompt.new == tuple(tokenize("\na:by hand|\nu:more|\na:"))


texts = st.text("abc", min_size=1, max_size=5)


@settings(deadline=None, derandomize=True)
@given(turns=st.lists(st.tuples(texts, texts, st.booleans()), min_size=1, max_size=6))
def test_canonical_samples_give_the_rendered_chat(turns: list[tuple[str, str, bool]]) -> None:
    splicer, chat = make(), []
    for asked, said, ended in turns:
        chat.append(line("user", asked))
        prompt = splicer.prompt(chat, [])
        assert prompt.ids == tuple(tokenize(appending(chat, [], True)))
        ids = tuple(tokenize(said + "|" * ended))
        chat.append(line("assistant", said, Tokens(prompt.new, ids, (0.0,) * len(ids))))


def test_a_template_that_rewrites_the_past_is_refused() -> None:
    make().require_steady("m")
    with pytest.raises(UserMistake, match="template of m rewrites line 2"):
        make(forgetting).require_steady("m")
