"""Episodes that passed -> supervised rows, for synthesised tasks and any benchmark alike.

A row holds `messages` and `tools` as JSON texts (their schemas differ from tool to tool) and says
in `loss` which messages are learnt from: {"roles", "from", "skip"}: those of the roles, from a
message on, without the listed ones. Skipped are calls that the world refused: what comes after
them teaches recovery, they themselves teach nothing. Where the tools on offer change within an
episode there is one row per list.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.benchmark import Benchmark, forbid_training
from harness.chat import render
from harness.models.formats import function_of
from harness.models.values import scrub
from harness.models.wire import Dialect, Offer
from harness.outcomes import Outcome
from harness.store import load_blobs, read_episodes, read_outcomes
from harness.types import Episode, Message, Role, Task, ToolSpec
from synth.dataset.facts import Facts, facts_of

Row = dict[str, Any]
NATIVE, NO_OFFER = Dialect(safe_names=False), Offer((), "")


@dataclass(frozen=True)
class Request:
    """Which rows are wanted: whose side of the talk, with or without reasoning, of which tasks."""

    seat: Role = "agent"
    reasoning: bool = True
    tasks: Collection[str] | None = None
    train_on_test: bool = False


def training_rows(
    folder: Path, benchmark: Benchmark, source: str, request: Request = Request()
) -> Iterator[Row]:
    """Yield the rows of a run's passed episodes, in the order of the benchmark's tasks.

    `source` says who played. Raises UserMistake where the tasks are kept for testing.
    """
    forbid_training(benchmark, allowed=request.train_on_test)
    blobs = load_blobs(folder)
    outcomes = read_outcomes(folder)
    tasks = {task.id: task for task in benchmark.tasks}
    place = {name: number for number, name in enumerate(tasks)}
    episodes = [
        (place[episode.task_id], episode.trial, episode)
        for name, episode in read_episodes(folder)
        if name == benchmark.name
        and episode.task_id in tasks
        and (request.tasks is None or episode.task_id in request.tasks)
        and passed(outcomes.get((name, episode.task_id, episode.trial)))
    ]
    for _, _, episode in sorted(episodes, key=lambda entry: entry[:2]):
        task = tasks[episode.task_id]
        facts = facts_of(benchmark, task)
        outcome = outcomes[benchmark.name, task.id, episode.trial]
        for part, talk in enumerate(talks(episode, task, blobs, request)):
            name = f"{benchmark.name}/{task.id}#{episode.trial}" + (f".{part}" if part else "")
            yield {"id": name, **row_of(talk, facts, outcome), "source": source}


def passed(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.status == "pass"


@dataclass(frozen=True)
class Talk:
    """What one side saw and said under one list of tools, and from where on it is learnt from."""

    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    start: int
    skip: list[int]


def talks(
    episode: Episode, task: Task, blobs: Mapping[str, str], request: Request
) -> Iterator[Talk]:
    """Yield one talk per list of tools that the seat had; lines said beforehand are context."""
    seat = request.seat
    offers = [(index, sha) for index, role, sha in episode.tools if role == seat]
    ends = [index for index, _ in offers[1:]] + [len(episode.log)]
    system = blobs[episode.prompts[seat]] if seat in episode.prompts else ""
    for (begin, sha), end in zip(offers, ends, strict=True):
        first = max(begin, len(task.opening))
        lines, places = chat_of(episode.log[:end], seat, request.reasoning)
        own = [n for n, line in enumerate(lines) if line["role"] == "assistant"]
        learnt = [n for n in own if places[n] >= first]
        if not learnt:
            continue
        refused = refusals(episode.log)
        shift = 1 if system else 0
        head = [{"role": "system", "content": system}] if system else []
        yield Talk(
            head + lines[: learnt[-1] + 1],
            [{"type": "function", "function": function_of(tool)} for tool in offered(blobs[sha])],
            learnt[0] + shift,
            [n + shift for n in learnt if places[n] in refused],
        )


def chat_of(
    log: Sequence[Message], seat: Role, reasoning: bool
) -> tuple[list[dict[str, Any]], list[int]]:
    """Render a log in the OpenAI form for one side, with the log index of every line.

    An empty line, such as a party's that hangs up, is left out.
    """
    lines, places = [], []
    for index, message in enumerate(log):
        line = render(message, seat, reasoning)
        if line is not None and (message.author == "tool" or message.text or message.calls):
            lines.append(NATIVE.line(line, NO_OFFER))
            places.append(index)
    return lines, places


def refusals(log: Sequence[Message]) -> set[int]:
    """Return the log indices of messages of which a call was refused or could not be read."""
    found, speaker = set(), 0
    for index, message in enumerate(log):
        if message.author != "tool":
            speaker = index
        elif message.error:
            found.add(speaker)
    return found


def offered(text: str) -> list[ToolSpec]:
    return [ToolSpec(name, about, parameters) for name, about, parameters in json.loads(text)]


def row_of(talk: Talk, facts: Facts, outcome: Outcome) -> Row:
    """Put a talk and what is known of it into one flat row."""
    messages, tools = text_of(talk.messages), text_of(talk.tools)
    loss = {"roles": ["assistant"], "from": talk.start, "skip": talk.skip}
    digest = hashlib.sha256(f"{messages}\0{tools}".encode()).hexdigest()
    return {
        "messages": messages,
        "tools": tools,
        "loss": json.dumps(loss),
        **facts.columns(),
        "trial": outcome.trial,
        "reward": outcome.reward,
        "verdict": json.dumps(dict(outcome.parts), default=dict),
        "hash": digest[:16],
    }


def text_of(value: Any) -> str:
    """Write JSON that every file format takes: lone surrogates are replaced."""
    text = json.dumps(value, ensure_ascii=False)
    return scrub(text) if any("\ud800" <= char <= "\udfff" for char in text) else text
