"""Ask a model for a structured reply: validated, repaired within bounds, cached, counted."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from harness.faults import BadReply
from harness.protocols import Model
from harness.types import Message
from synth.acceptance.problems import Problem
from synth.arguments import compile_check
from synth.llm.cache import Cache, Key, digest
from synth.llm.ledger import Ledger
from synth.llm.prompts import Prompt

Acceptance = Callable[[Any], str | None]
T = TypeVar("T")
FENCED = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)
IDENTITY = ("kind", "model", "sampling", "tool_format")
REPAIR = (
    "That reply cannot be used: {problem}\n"
    "Send the whole reply again with this put right, as one JSON value and nothing else."
)
LONGEST = 400_000
ACCEPTED = "accepted"
NO_REPLY, UNREADABLE = "no reply", "unreadable"
OTHER_SHAPE, REFUSED = "another shape", "refused by the check"


class Rejected(Exception):
    """An item that no reply satisfied within its rounds; the text is the last problem."""


@dataclass(frozen=True)
class Request:
    """What is asked: a prompt with its values, the schema of the reply, its acceptance check.

    `rounds` bounds the calls: the first one and the repairs. `item` names it in counts; `traced`
    keeps what was wrong with each of its replies.
    """

    prompt: Prompt
    values: Mapping[str, Any]
    schema: Mapping[str, Any]
    check: Acceptance | None = None
    rounds: int = 2
    sample: int = 0
    item: str = ""
    traced: bool = False


@dataclass(eq=False)
class Asker:
    """A model seat with its cache and its ledger. `sampling` goes with every call.

    `structured` asks the endpoint for JSON: none, json_object or json_schema.
    """

    model: Model
    cache: Cache | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict)
    structured: str = "none"
    concurrency: int = 16
    ledger: Ledger = field(default_factory=Ledger)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Return what of the model can change a reply."""
        about: Mapping[str, Any] = getattr(self.model, "describe", dict)()
        return {name: about[name] for name in IDENTITY if name in about}

    async def ask(self, request: Request) -> Any:
        """Return the accepted reply as data. Raises Rejected (counted) or ModelFault."""
        stage = self.ledger[request.prompt.name]
        chat: list[dict[str, Any]] = [*request.prompt.chat(request.values)]
        check = compile_check(request.schema)
        trail = stage.trails.setdefault(request.item, []) if request.traced else []
        problem = ""
        for number in range(1, request.rounds + 1):
            stage.repairs += number > 1
            try:
                reply = await self.reply(request, chat)
            except BadReply as bad:
                problem = str(bad)
                stage.fail(NO_REPLY)
                trail.append(NO_REPLY)
                break
            data, problem = decode(reply)
            problem = problem or await asyncio.to_thread(judged, data, check, request.check)
            if not problem:
                stage.accept(number)
                trail.append(ACCEPTED)
                return data
            stage.fail(mode_of(problem))
            trail.append(mode_of(problem))
            chat += [
                {"role": "assistant", "content": reply.text[:LONGEST]},
                {"role": "user", "content": REPAIR.format(problem=problem[:4_000])},
            ]
        stage.reject(f"{request.item}: {problem}" if request.item else problem)
        raise Rejected(problem)

    async def reply(self, request: Request, chat: Sequence[Mapping[str, Any]]) -> Message:
        """Return the model's reply to a chat, from the cache where it is known."""
        params = {**self.sampling, **self.form(request.schema)}
        shape = digest(request.schema)
        key = Key(self.identity, params, request.prompt.sha, shape, chat, request.sample)
        stage = self.ledger[request.prompt.name]
        known = self.cache.find(key) if self.cache else None
        if known is not None:
            stage.cached += 1
            return known
        reply = await self.model.generate(chat, (), **params)
        stage.add(reply.usage)
        if self.cache:
            self.cache.keep(key, reply)
        return reply

    def form(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        if self.structured == "json_object":
            return {"response_format": {"type": "json_object"}}
        if self.structured == "json_schema":
            named = {"name": "reply", "schema": dict(schema)}
            return {"response_format": {"type": "json_schema", "json_schema": named}}
        return {}

    async def each(
        self, items: Iterable[T], work: Callable[[T], Awaitable[Any]]
    ) -> list[tuple[T, Any]]:
        """Do `work` for every item, so many at once; rejected ones are left out, order is kept."""
        gate = asyncio.Semaphore(self.concurrency)

        async def one(item: T) -> tuple[T, Any] | None:
            async with gate:
                try:
                    return item, await work(item)
                except Rejected:
                    return None

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(item)) for item in items]
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [done for task in tasks if (done := task.result()) is not None]


def mode_of(problem: str) -> str:
    """Say in a word what was wrong with a reply: the check's own word where it has one."""
    return str(getattr(problem, "mode", REFUSED))


def judged(data: Any, shape: Acceptance, meaning: Acceptance | None) -> str:
    """Return what is wrong with a reply's shape, or else with what it says."""
    wrong = shape(data)
    if wrong is not None:
        return Problem(f"the reply {wrong}", OTHER_SHAPE)
    return (meaning(data) if meaning else None) or ""


def refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def decode(reply: Message) -> tuple[Any, str]:
    """Read the JSON value of a reply: (data, '') or (None, what is wrong)."""
    text = reply.text.strip()
    if not text:
        return None, Problem("the reply is empty", UNREADABLE)
    if len(text) > LONGEST:
        size = f"the reply has {len(text):,} characters; {LONGEST:,} are allowed"
        return None, Problem(size, UNREADABLE)
    for part in candidates(text):
        try:
            data = json.loads(part, parse_constant=refuse_constant)
            json.dumps(data, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return None, Problem("the reply holds half a character", UNREADABLE)
        except (ValueError, RecursionError):
            continue
        return data, ""
    cut = " (it was cut off: be shorter)" if reply.finish == "length" else ""
    return None, Problem(f"the reply is no JSON{cut}", UNREADABLE)


def candidates(text: str) -> Iterable[str]:
    """Yield what may be the JSON in a text: all of it, its last fenced block, its braces."""
    yield text
    yield from FENCED.findall(text)[-1:]
    for first, last in ("{}", "[]"):
        if first in text and last in text:
            yield text[text.index(first) : text.rindex(last) + 1]
