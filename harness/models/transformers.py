"""Local weights in this process, with token ids and logprobs of everything sampled."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib.util
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.faults import BadReply, UserMistake
from harness.models.checkpoints import is_missing
from harness.models.formats import FORMATS, split_reasoning, with_ids
from harness.models.gpus import count_gpus
from harness.models.network import Network, Request, Source, load
from harness.models.sampler import Sampling
from harness.models.splice import Prompt, Splicer
from harness.models.templates import ChatTemplate, install_template
from harness.types import Message, Tokens, ToolSpec, Usage

log = logging.getLogger(__name__)


@dataclass(kw_only=True, eq=False)
class TransformersModel:
    """A checkpoint run by the transformers library. Arguments: conf/model/transformers.yaml.

    Weights load with `open()` or the first call; `use` takes ones that are already loaded.
    `rebuilt` counts prompts that did not extend their past and so carry no token ids.
    """

    model: str
    device: str = "auto"
    dtype: str = "auto"
    threads: int | None = None
    chat_template: str | None = None
    thinking: bool | None = None
    tool_format: str = "hermes"
    record_tokens: bool = True
    sampling: Mapping[str, Any] = field(default_factory=dict)
    max_model_len: int | None = None
    batch_size: int = 16
    batch_wait_s: float = 0.01
    show_reasoning: bool = False
    rebuilt: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.tool_format not in FORMATS:
            known = " or ".join(FORMATS)
            raise UserMistake(f"tool_format {self.tool_format!r} is unknown here: use {known}")
        Sampling.read(self.sampling)
        self._network: Source | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Load the weights, once. Raises UserMistake where they cannot be used."""
        async with self._opening:
            if self._network is None:
                self.check()
                self.use(*await asyncio.to_thread(load, self.model, self.device, self.dtype))

    def use(self, model: Any, tokenizer: Any) -> None:
        """Take a loaded model and tokenizer, and try the chat template on a probe."""
        if self.threads is not None:
            import torch

            torch.set_num_threads(self.threads)
        stops = stops_of(model, tokenizer)
        self.sample_from(Network(model, stops, self.batch_size, self.batch_wait_s), tokenizer)

    def sample_from(self, source: Source, tokenizer: Any) -> None:
        """Take replies from `source`, and try the chat template on a probe."""
        install_template(tokenizer, self.chat_template, self.model)
        options = {} if self.thinking is None else {"enable_thinking": self.thinking}
        self._template = ChatTemplate(tokenizer, FORMATS[self.tool_format], options)
        texts = {token: self._template.text_of(token) for token in source.stops}
        self._splicer = Splicer(self._template.render, self._template.tokenize, texts)
        if self.record_tokens:
            self._splicer.require_steady(self.model)
        self._network = source

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message:
        """Sample one reply. Raises BadReply where the context is full."""
        if self._network is None:
            await self.open()
        assert self._network is not None
        started = time.perf_counter()
        prompt = self._prompt(chat, tools)
        longest = self.max_model_len or self._network.longest
        room = longest - len(prompt.ids)
        if room < 1:
            raise BadReply(
                f"the context is full: the prompt has {len(prompt.ids)} of {longest} tokens"
            )
        settings = Sampling.read(self._network.defaults(), self.sampling, sampling)
        settings = dataclasses.replace(settings, max_tokens=min(settings.max_tokens, room))
        ids, logprobs = await self._network.submit(Request(prompt.ids, settings))
        usage = Usage(len(prompt.ids), len(ids), seconds=time.perf_counter() - started)
        tokens = Tokens(prompt.new, ids, logprobs) if prompt.spliced else None
        message = self._read(ids, tools, len(chat))
        return dataclasses.replace(message, usage=usage, tokens=tokens)

    def _prompt(self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec]) -> Prompt:
        if not self.record_tokens:
            text = self._template.render(chat, tools, True)
            return Prompt(tuple(self._template.tokenize(text)), (), False)
        prompt = self._splicer.prompt(chat, tools)
        if not prompt.spliced:
            self.rebuilt += 1
            log.info("a prompt did not extend its past (%d so far): no token ids", self.rebuilt)
        return prompt

    def _read(self, ids: Sequence[int], tools: Sequence[ToolSpec], position: int) -> Message:
        """Decode sampled ids; a reply without a stop token was cut off by its length."""
        assert self._network is not None
        ended = bool(ids) and ids[-1] in self._network.stops
        thought, text = split_reasoning(self._template.decode(ids[:-1] if ended else ids))
        text, calls = self._template.form.decode(text, tools)
        return Message(
            "agent",
            text,
            with_ids(calls, f"call_{position}"),
            reasoning=thought,
            finish=("tool" if calls else "stop") if ended else "length",
        )

    async def aclose(self) -> None:
        """Stop batching; the weights stay loaded."""
        if self._network is not None:
            await self._network.aclose()

    @property
    def busy_s(self) -> float:
        """Seconds spent sampling so far."""
        return 0.0 if self._network is None else self._network.busy_s

    def describe(self) -> dict[str, Any]:
        """Say what a manifest must record."""
        return {
            "kind": "transformers",
            "label": "",
            "model": self.model,
            "endpoint": "in process",
            "device": self.device,
            "dtype": self.dtype,
            "tool_format": self.tool_format,
            "sampling": dict(self.sampling),
            "price": None,
        }

    def lacks(self) -> list[str]:
        """List in one line each what is missing to load the weights."""
        lines: list[str] = []
        absent = [name for name in ("torch", "transformers") if not importlib.util.find_spec(name)]
        if absent:
            lines.append(
                f"{' and '.join(absent)} not installed: pip install 'agent-harness[train]'"
            )
        if self.device.startswith("cuda") and count_gpus() == 0:
            lines.append("no GPU here: set device=cpu")
        if is_missing(self.model):
            lines.append(f"there is nothing at {self.model}")
        return lines

    def plan(self) -> dict[str, Any]:
        """Say what would be used and what is missing, without loading anything."""
        lacks = self.lacks()
        return {**self.describe(), **({"missing": lacks} if lacks else {})}

    def check(self) -> None:
        """Raise UserMistake where anything is missing."""
        if lacks := self.lacks():
            raise UserMistake("; ".join(lacks))


def stops_of(model: Any, tokenizer: Any) -> list[int]:
    """List the ids that end a reply: the checkpoint's own, else the tokenizer's."""
    given = model.generation_config.eos_token_id or tokenizer.eos_token_id
    return [int(token) for token in (given if isinstance(given, list) else [given])]
