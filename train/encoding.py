"""Rows become token ids with a mask of what is learnt, cut exactly where a model is cut at play.

A reply is tokenised by itself, after its prompt, as when it is sampled: the mask covers the reply
with the token that ends it, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from harness.faults import UserMistake
from harness.models.formats import FORMATS
from harness.models.splice import Splicer
from harness.models.templates import ChatTemplate
from train.rows import Row


@dataclass(frozen=True)
class Encoded:
    """Token ids of a row; `learnt[i]` says whether id i is trained on. `ends` are the lengths at
    which a learnt reply is complete."""

    ids: tuple[int, ...]
    learnt: tuple[bool, ...]
    ends: tuple[int, ...]

    @property
    def labels(self) -> list[int]:
        """Return the ids with -100 wherever there is nothing to learn."""
        return [i if on else -100 for i, on in zip(self.ids, self.learnt, strict=True)]


class Encoder:
    """Encodes rows for one tokenizer. Raises UserMistake where its template rewrites history."""

    def __init__(
        self, tokenizer: Any, name: str, tool_format: str = "hermes", thinking: bool | None = None
    ) -> None:
        if tool_format not in FORMATS:
            raise UserMistake(f"tool_format {tool_format!r} is unknown: use {' or '.join(FORMATS)}")
        options = {} if thinking is None else {"enable_thinking": thinking}
        self.name = name
        self.template = ChatTemplate(tokenizer, FORMATS[tool_format], options)
        stop = tokenizer.eos_token_id
        self.splicer = Splicer(
            self.template.render, self.template.tokenize, {stop: tokenizer.eos_token}
        )
        self.splicer.require_steady(name)
        closing = self.splicer.closing
        if not closing.startswith(tokenizer.eos_token):
            raise UserMistake(
                f"the chat template of {name} ends a reply with {closing!r}, but its tokenizer's "
                f"end is {tokenizer.eos_token!r}: the model would never learn to stop"
            )
        self.tail = len(closing) - len(tokenizer.eos_token)

    def encode(self, row: Row) -> Encoded:
        """Encode a whole row."""
        ids: list[int] = []
        learnt: list[bool] = []
        ends: list[int] = []
        done = ""
        for position in row.learn:
            prompt = self.template.render(row.chat[:position], row.tools, True)
            said = self.template.render(row.chat[: position + 1], row.tools, False)
            if not (prompt.startswith(done) and said.startswith(prompt)):
                raise UserMistake(
                    f"the chat template of {self.name} rewrites earlier lines of {row.id} when "
                    "others follow: give chat_template=FILE with one that only appends"
                )
            said = said[: len(said) - self.tail]
            for text, on in ((prompt[len(done) :], False), (said[len(prompt) :], True)):
                new = self.splicer.tokenize(text)
                ids += new
                learnt += [on] * len(new)
            ends.append(len(ids))
            done = said
        return Encoded(tuple(ids), tuple(learnt), tuple(ends))

    def decode(self, encoded: Encoded) -> list[str]:
        """Return the texts that the mask covers, one per run of learnt ids."""
        runs: list[list[int]] = []
        before = False
        for token, on in zip(encoded.ids, encoded.learnt, strict=True):
            if on:
                runs = runs if before else [*runs, []]
                runs[-1].append(token)
            before = on
        return [self.template.decode(run) for run in runs]


@dataclass
class Counts:
    """What became of rows: `cut` lost whole replies at their end, `dropped` fitted not even one."""

    rows: int = 0
    tokens: int = 0
    learnt: int = 0
    cut: int = 0
    dropped: list[str] = field(default_factory=list)

    def text(self) -> str:
        out = f"{self.rows} rows, {self.tokens} tokens, {self.learnt} of them learnt"
        if self.cut or self.dropped:
            out += f"; too long: {self.cut} cut after a whole reply, {len(self.dropped)} left out"
        return out


def encode_rows(rows: Iterable[Row], encoder: Encoder, limit: int) -> tuple[list[Encoded], Counts]:
    """Encode rows of at most `limit` tokens. A longer one is cut after the last reply that fits
    whole, or left out where none does; both are counted."""
    out: list[Encoded] = []
    counts = Counts()
    for row in rows:
        whole = encoder.encode(row)
        end = max((end for end in whole.ends if end <= limit), default=0)
        if not end:
            counts.dropped.append(row.id)
            continue
        counts.cut += end < len(whole.ids)
        kept = Encoded(
            whole.ids[:end], whole.learnt[:end], tuple(e for e in whole.ends if e <= end)
        )
        out.append(kept)
        counts.rows += 1
        counts.tokens += end
        counts.learnt += sum(kept.learnt)
    return out, counts
