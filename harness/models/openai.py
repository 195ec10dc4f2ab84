"""Any OpenAI-compatible endpoint, hosted or local."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.faults import BadReply, ModelFault, UserMistake
from harness.models.address import (
    find_key,
    host_of,
    is_local,
    lacks_key,
    require_answer,
    without_login,
)
from harness.models.endpoint import Endpoint
from harness.models.formats import FORMATS
from harness.models.refusals import Patience, TooLong
from harness.models.usage import read_usage, require_price
from harness.models.values import Undecodable
from harness.models.wire import Dialect, Offers
from harness.types import Message, ToolSpec

RESERVED = ("model", "messages", "tools", "stream", "n")
NEEDS_TOOLS = ("tool_choice", "parallel_tool_calls")


@dataclass(kw_only=True, eq=False)
class OpenAIModel:
    """Chat completions over HTTP. Every argument is described in conf/model/openai.yaml.

    `rng` draws the jitter of waiting times; `stopped` is the `Endpoint`'s.
    """

    model: str
    base_url: str = "https://api.openai.com/v1"
    api_key_env: str | None = "OPENAI_API_KEY"
    tool_format: str = "native"
    sampling: Mapping[str, Any] = field(default_factory=dict)
    omit: Sequence[str] = ()
    price: Mapping[str, float] | None = None
    timeout_s: float = 600.0
    retries: int = 6
    retry_first_s: float = 0.5
    retry_longest_s: float = 60.0
    connections: int = 512
    show_reasoning: bool = False
    reasoning_key: str = "reasoning_content"
    safe_names: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    rng: random.Random = field(default_factory=lambda: random.Random(0))
    stopped: Callable[[], str | None] = lambda: None

    def __post_init__(self) -> None:
        if self.tool_format not in ("native", *FORMATS):
            known = ", ".join(["native", *FORMATS])
            raise UserMistake(f"tool_format {self.tool_format!r} is unknown: use one of {known}")
        if taken := [key for key in self.sampling if key in RESERVED]:
            raise UserMistake(f"sampling.{taken[0]} cannot be set: the harness writes it itself")
        require_price(self.price)
        host_of(self.base_url)
        self._dialect = Dialect(FORMATS.get(self.tool_format), self.safe_names, self.reasoning_key)
        self._offers = Offers(self._dialect.form, self.safe_names)
        self._endpoint = Endpoint(
            base_url=self.base_url,
            model=self.model,
            api_key_env=self.api_key_env,
            timeout_s=self.timeout_s,
            patience=Patience(self.retries, self.retry_first_s, self.retry_longest_s, self.rng),
            connections=self.connections,
            headers=self.headers,
            stopped=self.stopped,
        )

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message:
        """Ask for one reply. Raises ModelFault (infrastructure) or BadReply (context full)."""
        offer = self._offers.of(tools)
        members = self._members(sampling, bool(offer.text))
        started = time.perf_counter()
        try:
            data, retries = await self._endpoint.ask(self._dialect.write(chat, offer, members))
        except TooLong as error:
            key = "max_completion_tokens"
            members[key if key in members else "max_tokens"] = error.room
            data, retries = await self._squeeze(self._dialect.write(chat, offer, members))
        seconds = time.perf_counter() - started
        try:
            message = self._dialect.read(data, offer, len(chat))
        except Undecodable as error:
            text = f"{self._endpoint.where}: {error} (check base_url)"
            raise ModelFault(text, "bad_response") from None
        return replace(message, usage=read_usage(data, self.price, seconds, retries))

    async def _squeeze(self, body: bytes) -> tuple[Any, int]:
        """Ask again with as many completion tokens as the context has left."""
        try:
            return await self._endpoint.ask(body)
        except TooLong as error:
            raise BadReply(f"the context is full: {error}") from None

    def _members(self, sampling: Mapping[str, Any], offered: bool) -> dict[str, Any]:
        """Merge the constructor's sampling with the call's; None removes a member."""
        members = {"model": self.model, **self.sampling, **sampling}
        dropped = (*self.omit, *(() if offered else NEEDS_TOOLS))
        return {k: v for k, v in members.items() if v is not None and k not in dropped}

    async def open(self) -> None:
        """Nothing to start: the endpoint runs elsewhere."""

    async def aclose(self) -> None:
        """Close the connections; the next call opens new ones."""
        await self._endpoint.aclose()

    def describe(self) -> dict[str, Any]:
        """Say what a manifest must record; no secrets."""
        return {
            "kind": "openai",
            "label": "",
            "model": self.model,
            "endpoint": "local" if is_local(self.base_url) else "remote",
            "base_url": without_login(self.base_url),
            "tool_format": self.tool_format,
            "sampling": dict(self.sampling),
            "price": None if self.price is None else dict(self.price),
        }

    def plan(self) -> dict[str, Any]:
        """Say what would be used and what is missing, without touching the network."""
        lack = lacks_key(self.api_key_env, self.base_url)
        return {**self.describe(), "missing": [lack] if lack else [], "reachable": "unknown"}

    def check(self) -> None:
        """Raise UserMistake where the key is missing or the endpoint does not answer."""
        if lack := lacks_key(self.api_key_env, self.base_url):
            raise UserMistake(lack)
        require_answer(self.base_url, find_key(self.api_key_env))
