"""The four behaviours: whoever implements these six methods takes part in the one loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from harness.types import Episode, Message, Role, Task, ToolCall, ToolSpec, Verdict


class Party(Protocol):
    """One side of the conversation, alive for one episode. A `system` attribute is recorded."""

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message: ...


class Environment(Protocol):
    """A single-use world: build it, play one episode, throw it away."""

    def tools(self, role: Role, turn: int) -> Sequence[ToolSpec]:
        """What `role` may call in `turn` (1 after the first user text). A pure question."""
        ...

    async def call(self, role: Role, call: ToolCall) -> str:
        """Run one call. Raises ToolFault, EpisodeEnd or ModelFault."""
        ...

    def state(self) -> Mapping[str, Any]:
        """The canonical, JSON-serialisable change from the initial state."""
        ...


class Model(Protocol):
    """Chat in, message out; owns retries, tool format and sampling."""

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message: ...


class Evaluator(Protocol):
    """A function of (task, episode). It remembers nothing, so old runs can be scored again."""

    async def __call__(self, task: Task, episode: Episode) -> Verdict: ...
