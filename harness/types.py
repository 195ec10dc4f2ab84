"""The values everything else passes around: frozen, JSON-serialisable, without behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

Role = Literal["agent", "user"]
Author = Literal["agent", "user", "tool"]
Seat = Literal["agent", "user", "judge", "env"]


ENDS: Mapping[str, str] = MappingProxyType(
    {
        "agent_stop": "the agent ended the conversation",
        "user_stop": "the user ended the conversation",
        "called": "the first call of a single-turn task was made",
        "max_steps": "the limit on steps was reached",
        "max_steps_per_turn": "the agent kept calling tools within one turn",
        "max_errors": "the limit on failed tool calls was reached",
        "timeout": "the limit on wall-clock seconds was reached",
        "agent_error": "the agent broke the protocol of the conversation",
        "user_error": "the user broke the protocol of the conversation",
        "invalid_agent_message": "the agent's reply could not be used (empty, too long)",
        "env_error": "the world could not go on",
        "fault": "infrastructure failed: see Episode.fault",
    }
)


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a model sees it. `parameters` is a JSON Schema object."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One request to run a tool. `raw` keeps argument text that is not a JSON object."""

    id: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a message or an episode consumed. `cost_usd` is None where no price is known."""

    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    cost_usd: float | None = None
    seconds: float = 0.0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token ids of one sampled message: the prompt ids that are *new* since the last sampled one.

    `len(completion_ids) == len(logprobs)`; natural-log probabilities of the sampled ids.
    """

    prompt_ids: tuple[int, ...] = ()
    completion_ids: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One line of the log. `author` is a fact; chat roles are a rendering (`harness.chat`).

    `owner` and `call_id` say whose call a tool line answers; `stop` ends the conversation.
    """

    author: Author
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    stop: bool = False
    owner: Role | None = None
    call_id: str | None = None
    error: bool = False
    reasoning: str = ""
    finish: Literal["stop", "length", "tool"] | None = None
    usage: Usage | None = None
    tokens: Tokens | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do. `payload` is the benchmark's own row, `opening` are lines already said.

    `needs` are ids of tasks played before it whose final state its world inherits; `cluster`
    names the base task when variants share one (statistics treat a cluster as one draw).
    A task that is not `scored` is only played, for those that need it.
    """

    id: str
    benchmark: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    opening: tuple[Message, ...] = ()
    domain: str = ""
    opener: Role = "user"
    needs: tuple[str, ...] = ()
    cluster: str = ""
    scored: bool = True


@dataclass(frozen=True, slots=True)
class Fault:
    """Infrastructure that failed: recorded, retried on resume, never scored."""

    seat: Seat
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Episode:
    """What happened. `end` is a key of `ENDS`, `state` the world's change since its start.

    `prompts` maps a role to the hash of its system text; `tools` lists `(log index, role, hash)`
    whenever a role's tool list changed. The hashed texts live once per run in its blobs.
    """

    task_id: str
    log: tuple[Message, ...]
    end: str
    trial: int = 0
    seed: int = 0
    fault: Fault | None = None
    state: Mapping[str, Any] = field(default_factory=dict)
    prompts: Mapping[str, str] = field(default_factory=dict)
    tools: tuple[tuple[int, str, str], ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Category:
    """An error label with its evidence: where it was seen and which rule or judge decided it."""

    id: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an evaluator says of (task, episode). `parts` are named components of the reward."""

    reward: float
    passed: bool
    parts: Mapping[str, Any] = field(default_factory=dict)
    categories: tuple[Category, ...] = ()
