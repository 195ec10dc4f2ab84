"""Prompts in token ids: what was sampled is spliced in, only what is new gets tokenised.

A chat template may render a sampled reply with other tokens than those that were sampled. For
training the ids must stay what they were, so a prompt is past ids + tokenised new text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from harness.faults import UserMistake
from harness.types import Tokens, ToolCall, ToolSpec

Chat = Sequence[Mapping[str, Any]]
Render = Callable[[Chat, Sequence[ToolSpec], bool], str]

MARK = "Zq7"


@dataclass(frozen=True)
class Prompt:
    """`ids` is the whole prompt, `new` what follows the last sampled message in it.

    `spliced` is False where the past could not be extended (tools or system text changed): then
    `ids` is the re-tokenised chat and nothing of it can be recorded as new.
    """

    ids: tuple[int, ...]
    new: tuple[int, ...]
    spliced: bool


class Splicer:
    """Builds prompts for one tokenizer and template.

    `render(chat, tools, open_reply)` writes text; `stops` maps the ids that end a reply to text.
    """

    def __init__(
        self, render: Render, tokenize: Callable[[str], Sequence[int]], stops: Mapping[int, str]
    ) -> None:
        self.render = render
        self.tokenize: Callable[[str], tuple[int, ...]] = lru_cache(maxsize=256)(
            lambda text: tuple(tokenize(text))
        )
        self.stops = stops

    def prompt(self, chat: Chat, tools: Sequence[ToolSpec]) -> Prompt:
        """Return the prompt for the next reply to `chat`."""
        text = self.render(chat, tools, True)
        sampled = [i for i, line in enumerate(chat) if line.get("tokens") is not None]
        if not sampled:
            ids = self.tokenize(text)
            return Prompt(ids, ids, True)
        first, last = sampled[0], sampled[-1]
        head = self.tokenize(self.render(chat[:first], tools, True))
        said = self.render(chat[: last + 1], tools, False)
        closing = self.closing
        extends = text.startswith(said) and said.endswith(closing)
        if not extends or head != tuple(chat[first]["tokens"].prompt_ids):
            return Prompt(self.tokenize(text), (), False)
        past = [i for line in sampled for i in past_ids(chat[line]["tokens"])]
        new = self.tokenize(self.unsaid(past[-1], closing) + text[len(said) :])
        return Prompt((*past, *new), new, True)

    @cached_property
    def closing(self) -> str:
        """The text with which the template closes a reply, such as `<|im_end|>` and a newline."""
        chat = [{"role": "user", "content": "a"}, {"role": "assistant", "content": MARK}]
        return self.render(chat, (), False).rpartition(MARK)[2]

    def unsaid(self, last_id: int, closing: str) -> str:
        """Return the part of the closing text that was not sampled itself."""
        stop = self.stops.get(last_id)
        return closing[len(stop) :] if stop and closing.startswith(stop) else closing

    def require_steady(self, what: str) -> None:
        """Raise UserMistake where the template rewrites earlier lines when new ones follow."""
        chat = probe()
        for end in (end for end, line in enumerate(chat, 1) if line["role"] == "assistant"):
            said = self.render(chat[:end], (), False)
            laters = [
                n for n in range(end + 1, len(chat) + 1) if chat[n - 1]["role"] != "assistant"
            ]
            kept = (self.render(chat[:n], (), True).startswith(said) for n in laters)
            if not all(kept) or not said.endswith(self.closing):
                raise UserMistake(
                    f"the chat template of {what} rewrites line {end} of a chat when others "
                    "follow, so sampled tokens cannot be kept: give chat_template=FILE with one "
                    "that only appends, or record_tokens=false to evaluate without token ids"
                )


def past_ids(tokens: Tokens) -> tuple[int, ...]:
    return (*tokens.prompt_ids, *tokens.completion_ids)


def probe() -> list[dict[str, Any]]:
    """Write a chat of three turns with a call, its result and reasoning, to try a template."""
    call = ToolCall("call_0", "probe", {"x": 1})
    return [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two", "reasoning": "because"},
        {"role": "user", "content": "three"},
        {"role": "assistant", "content": "", "calls": (call,)},
        {"role": "tool", "tool_call_id": "call_0", "content": "four"},
        {"role": "assistant", "content": "five"},
        {"role": "user", "content": "six"},
    ]
