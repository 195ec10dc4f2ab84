"""The loop. Evaluation, synthesis and training all play their episodes here."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field

from harness.faults import BadReply, EpisodeEnd, ModelFault, ToolFault
from harness.limits import Limits, Tally
from harness.protocols import Environment, Party
from harness.types import Episode, Fault, Message, Role, Seat, Task, ToolCall, ToolSpec

OTHER: dict[Role, Role] = {"agent": "user", "user": "agent"}


async def run_episode(
    task: Task,
    env: Environment,
    agent: Party,
    user: Party,
    limits: Limits = Limits(),
    *,
    trial: int = 0,
    seed: int = 0,
    blobs: MutableMapping[str, str] | None = None,
) -> Episode:
    """Play `task` to its end. Whoever speaks keeps the floor until it stops calling tools.

    `blobs` receives the system texts and tool lists that were in force, by hash.
    """
    started = time.perf_counter()
    play = Play(task, env, {"agent": agent, "user": user}, limits, {} if blobs is None else blobs)
    fault: Fault | None = None
    try:
        async with asyncio.timeout(limits.seconds or None) as scope:
            end = await play.to_the_end(started)
    except EpisodeEnd as reason:
        end = str(reason)
    except BadReply as bad:
        end = play.bad_reply(bad)
    except ModelFault as error:
        end, fault = "fault", Fault(error.seat or play.seat, error.kind, str(error))
    except TimeoutError:
        if not scope.expired():
            raise
        end = "timeout"
    return Episode(
        task.id,
        tuple(play.log),
        end,
        trial,
        seed,
        fault,
        env.state(),
        play.prompts,
        tuple(play.offered),
        time.perf_counter() - started,
    )


@dataclass(slots=True)
class Play:
    """An episode under way: the log, whose turn it is, and what was on the table."""

    task: Task
    env: Environment
    parties: dict[Role, Party]
    limits: Limits
    blobs: MutableMapping[str, str]
    log: list[Message] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    speaker: Role = "user"
    seat: Seat = "agent"
    prompts: dict[str, str] = field(default_factory=dict)
    offered: list[tuple[int, str, str]] = field(default_factory=list)
    seen: dict[Role, Sequence[ToolSpec]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.log = list(self.task.opening)
        self.tally.open(self.log)
        self.speaker = next_speaker(self.log, self.task.opener)
        for role, party in self.parties.items():
            if system := getattr(party, "system", ""):
                self.prompts[role] = keep(self.blobs, system)

    async def to_the_end(self, started: float) -> str:
        """Alternate the parties until a stop or a limit, and return the end."""
        if self.log and self.log[-1].stop:
            return f"{self.log[-1].author}_stop"
        while True:
            end = await self.step()
            end = self.limits.hit(self.tally) or end
            if end is None and self.late(started):
                end = "timeout"
            if end is not None:
                return end

    async def step(self) -> str | None:
        """Let the speaker talk, then run its calls. A step that stops runs no call."""
        self.seat = self.speaker
        tools = self.offer()
        message = await self.parties[self.speaker].reply(tuple(self.log), tools)
        self.log.append(message)
        self.tally.spoke(message)
        if message.stop:
            return f"{self.speaker}_stop"
        if message.calls:
            await self.run(message.calls)
        else:
            self.speaker = OTHER[self.speaker]
        return None

    def offer(self) -> Sequence[ToolSpec]:
        """Ask the world what the speaker may call, and note a list that changed."""
        tools = self.env.tools(self.speaker, self.tally.turns)
        if tools is not self.seen.get(self.speaker):
            self.seen[self.speaker] = tools
            digest = keep(self.blobs, tools_text(tools))
            latest = next((d for _, r, d in reversed(self.offered) if r == self.speaker), None)
            if digest != latest:
                self.offered.append((len(self.log), self.speaker, digest))
        return tools

    async def run(self, calls: Sequence[ToolCall]) -> None:
        """Run one batch in order (state is shared) and count it as one step."""
        self.seat = "env"
        first = len(self.log)
        for call in calls:
            self.log.append(await answer(self.env, self.speaker, call))
        self.tally.ran(self.log[first:])

    def bad_reply(self, bad: BadReply) -> str:
        """Keep the unusable reply and blame its author. A limit reached with it comes first,
        unless the reply was on its way to the environment (tau2's order)."""
        default = "invalid_agent_message" if self.speaker == "agent" else "user_error"
        end = bad.end or default
        if bad.message is None:
            return end
        self.log.append(bad.message)
        self.tally.spoke(bad.message)
        return end if bad.message.calls else self.limits.hit(self.tally) or end

    def late(self, started: float) -> bool:
        seconds = self.limits.seconds
        return seconds is not None and time.perf_counter() - started >= seconds


async def answer(env: Environment, role: Role, call: ToolCall) -> Message:
    """Run one call and write its result as a tool line; a wrong call is told to its caller."""
    error = False
    if call.raw is not None:
        text, error = f"Error: the arguments of {call.name} are not a JSON object", True
    else:
        try:
            text = await env.call(role, call)
        except ToolFault as fault:
            text, error = str(fault), True
    return Message("tool", text, owner=role, call_id=call.id, error=error)


def next_speaker(log: Sequence[Message], opener: Role = "user") -> Role:
    """Say who has the floor: whoever a text was addressed to, or whose call was answered."""
    if not log:
        return opener
    last = log[-1]
    if last.author == "tool":
        return last.owner or "agent"
    if last.calls:
        return last.author
    return OTHER[last.author]


def keep(blobs: MutableMapping[str, str], text: str) -> str:
    """Store `text` under its hash (16 hex digits of sha256) and return the hash."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    if digest not in blobs:
        blobs[digest] = text
    return digest


def tools_text(tools: Sequence[ToolSpec]) -> str:
    """Render a tool list as the JSON that is hashed and stored."""
    return json.dumps([[t.name, t.description, dict(t.parameters)] for t in tools])
