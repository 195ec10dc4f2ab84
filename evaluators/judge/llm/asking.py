"""Put one question to a judge model: structured reply, one repair, cache, replay, token budget."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.faults import BadReply, ModelFault, UserMistake
from harness.protocols import Model
from harness.store import write_text
from harness.types import Message, Usage

Json = Mapping[str, Any]
Check = Callable[[Any], Sequence[str]]
"""Says what is wrong with a decoded reply; nothing where it is as asked for."""

ERROR, OVER_BUDGET, NOT_CACHED = "judge_error", "judge_budget", "judge_not_cached"
_FENCE = re.compile(r"```(?:json)?\s*(\{.*\})\s*```", re.S)
_SHOWN = 4000


@dataclass(frozen=True, slots=True)
class Question:
    """What a model is asked: two texts, the schema of its reply and a check of its meaning."""

    system: str
    user: str
    schema: Json
    check: Check


@dataclass
class Spending:
    """What a judge has used so far, in tokens, calls and answers taken from the cache."""

    tokens_in: int = 0
    tokens_out: int = 0
    calls: int = 0
    repairs: int = 0
    cached: int = 0

    @property
    def tokens(self) -> int:
        return self.tokens_in + self.tokens_out


@dataclass
class Asker:
    """A judge model with its settings.

    `cache` is a folder of answers by the hash of everything that determines them; with
    `replay_only` nothing else is asked. `budget_tokens` bounds what is sent and received over the
    asker's life. `structured` sends the schema as response_format, for servers that know it.
    """

    model: Model
    sampling: Json = field(default_factory=lambda: {"temperature": 0.0})
    cache: Path | None = None
    replay_only: bool = False
    budget_tokens: int | None = None
    structured: bool = True
    spent: Spending = field(default_factory=Spending)

    def __post_init__(self) -> None:
        if self.replay_only and self.cache is None:
            raise UserMistake("a judge that only replays needs a cache: set judge cache=FOLDER")

    @property
    def name(self) -> str:
        """The judge model's own name, as far as it tells."""
        return str(self.about().get("model") or type(self.model).__name__)

    def about(self) -> dict[str, Any]:
        """Return what the model says of itself."""
        describe: Callable[[], dict[str, Any]] = getattr(self.model, "describe", dict)
        return describe()

    async def ask(self, question: Question, sample: int = 0) -> Any:
        """Return the decoded reply that passes the check.

        Raises ModelFault: `judge_error` where neither the reply nor its repair is as asked for,
        `judge_budget` where the tokens are used up, `judge_not_cached` in a replay.
        """
        key = self.key_of(question, sample)
        if (stored := self.read(key)) is not None:
            self.spent.cached += 1
            reply, problems = decode(stored, question)
            if not problems:
                return reply
        if self.replay_only:
            raise ModelFault(f"no stored answer {key[:16]} in {self.cache}", NOT_CACHED)
        chat = [
            {"role": "system", "content": question.system},
            {"role": "user", "content": question.user},
        ]
        started = time.perf_counter()
        said = await self.send(chat, question, sample)
        reply, problems = decode(said.text, question)
        if problems:
            self.spent.repairs += 1
            chat += [
                {"role": "assistant", "content": said.text[:_SHOWN]},
                {"role": "user", "content": repair_text(problems)},
            ]
            said = await self.send(chat, question, sample)
            reply, problems = decode(said.text, question)
        if problems:
            raise ModelFault(f"the judge's reply is unusable: {'; '.join(problems)[:300]}", ERROR)
        self.write(key, question, said, time.perf_counter() - started)
        return reply

    async def send(self, chat: Sequence[Json], question: Question, sample: int) -> Message:
        """Send a chat. A reply that was cut off or could not be used is an empty one."""
        estimate = sum(len(str(line["content"])) for line in chat) // 4
        if self.budget_tokens is not None and self.spent.tokens + estimate > self.budget_tokens:
            raise ModelFault(f"the judge's {self.budget_tokens} tokens are used up", OVER_BUDGET)
        sampling = {**self.sampling, **({"seed": sample} if sample else {})}
        if self.structured:
            sampling["response_format"] = response_format(question.schema)
        self.spent.calls += 1
        try:
            said = await self.model.generate(chat, (), **sampling)
        except BadReply as bad:
            said = bad.message or Message("agent")
        usage = said.usage or Usage(estimate, len(said.text) // 4)
        self.spent.tokens_in += usage.tokens_in
        self.spent.tokens_out += usage.tokens_out
        return said

    # --- the cache -------------------------------------------------------------------------

    def key_of(self, question: Question, sample: int) -> str:
        """Hash everything that determines an answer; where the model is served does not."""
        known = {name: self.about().get(name) for name in ("model", "revision", "sampling")}
        parts = [known, dict(self.sampling), self.structured, question.system, question.user,
                 question.schema, sample]  # fmt: skip
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()

    def read(self, key: str) -> str | None:
        """Return a stored answer's text; a damaged file counts as none."""
        if self.cache is None:
            return None
        try:
            text = json.loads((self.cache / f"{key}.json").read_text("utf-8"))["text"]
        except (OSError, ValueError, LookupError, TypeError):
            return None
        return text if isinstance(text, str) else None

    def write(self, key: str, question: Question, said: Message, seconds: float) -> None:
        if self.cache is None:
            return
        self.cache.mkdir(parents=True, exist_ok=True)
        record = {
            "text": said.text,
            "system": question.system,
            "user": question.user,
            "usage": asdict(said.usage) if said.usage else None,
            "seconds": round(seconds, 3),
        }
        write_text(self.cache / f"{key}.json", json.dumps(record, indent=1))


def response_format(schema: Json) -> dict[str, Any]:
    """Wrap a schema as chat-completion endpoints want it."""
    inner = {"name": "judgement", "strict": True, "schema": schema}
    return {"type": "json_schema", "json_schema": inner}


def repair_text(problems: Sequence[str]) -> str:
    listed = "\n".join(f"- {problem}" for problem in problems[:12])
    return (
        f"That reply cannot be used:\n{listed}\n"
        "Send the whole JSON object again, corrected, and nothing else."
    )


def decode(text: str, question: Question) -> tuple[Any, Sequence[str]]:
    """Find the JSON object in a reply and say what is wrong with it."""
    found = find_object(text)
    if found is None:
        return None, ["it is not a JSON object"]
    return found, question.check(found)


def find_object(text: str) -> dict[str, Any] | None:
    """Return the one JSON object that a reply is, fenced or between words; None else."""
    fenced = _FENCE.search(text)
    start, end = text.find("{"), text.rfind("}")
    for part in (text, fenced[1] if fenced else "", text[start : end + 1] if start >= 0 else ""):
        try:
            value = json.loads(part)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return None
