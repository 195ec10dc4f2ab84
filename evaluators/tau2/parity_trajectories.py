"""Trajectory rows: the calls are run on a fresh world, then the whole log is scored."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from evaluators.tau2.history import AUTHORS, to_line, to_log
from evaluators.tau2.parity_tools import ADDRESS, PYDANTIC
from evaluators.tau2.rewards import replay
from evaluators.tau2.tasks import make_task, task_row
from evaluators.tau2.verdict import Tau2Evaluator
from evaluators.tau2.worlds.domain import domain_of
from evaluators.tau2.worlds.world import World
from harness.faults import ModelFault
from harness.types import Episode, Message, Task, ToolSpec

Row = Mapping[str, Any]
RANDOM = "refuel_data"  # may create a bill with a random id: hashes and db_match are not compared
NEEDED = ("domain", "task_id", "termination_reason", "messages", "official")


class StubJudge:
    """A judge that gives one verdict on every assertion, as the recorded runs had."""

    def __init__(self, met: bool, count: int) -> None:
        self.reply = json.dumps({"results": [{"metExpectation": met}] * count})

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message:
        return Message("agent", self.reply)


def compare(row: Row) -> Iterator[str]:
    """Name every field in which our run and verdict differ from the official ones."""
    official = row["official"]
    task = make_task(
        row["domain"], task_row(row["domain"], row["task_id"]), solo=row.get("solo", False)
    )
    world = domain_of(task).world(task.payload, solo=row.get("solo", False))
    opening = to_log((task.payload.get("initial_state") or {}).get("message_history") or ())
    log, results = play(world, opening, row["messages"])
    ours: dict[str, Any] = {
        "n_tool": len(results),
        "tool_err": "".join("01"[result.error] for result in results),
        "tool_sha": tool_sha([result.text for result in results], official.get("tool_sha")),
    }
    agent, user = world.digests()
    ours |= {"final_db": agent[:16], "final_user_db": user and user[:16]}
    ours |= scored(task, log, row)
    for name, value in ours.items():
        if name in official and value != official[name] and not skipped(name, row, task):
            yield f"{name} {value!r}, official {official[name]!r}"


def play(
    world: World, opening: Sequence[Message], messages: Sequence[Row]
) -> tuple[tuple[Message, ...], list[Message]]:
    """Run the recorded calls in order after the opening; return the whole log and the results."""
    replay(world, opening)
    log: list[Message] = list(opening)
    results: list[Message] = []
    for message in messages:
        line = to_line(message)
        role = AUTHORS[message["role"]]
        calls = tuple(replace(c, id=f"{len(log)}.{n}") for n, c in enumerate(line.calls))
        log.append(replace(line, calls=calls))
        for call in calls:
            text, error = world.respond(role, call.name, call.arguments)
            results.append(Message("tool", text, owner=role, call_id=call.id, error=error))
            log.append(results[-1])
    return tuple(log), results


def scored(task: Task, log: tuple[Message, ...], row: Row) -> dict[str, Any]:
    """Return the verdict's fields under their official names."""
    assertions = (task.payload.get("evaluation_criteria") or {}).get("nl_assertions") or ()
    judge = StubJudge(bool(row.get("nl_stub")), len(assertions))
    episode = Episode(task.id, log, row["termination_reason"])
    try:
        verdict = asyncio.run(Tau2Evaluator(judge)(task, episode))
    except ModelFault:
        return {"reward": None}
    parts = verdict.parts
    names = ("breakdown", "db_match", "env_met", "action_match", "comm_met")
    return {"reward": verdict.reward, **{name: parts.get(name) for name in names}}


def skipped(name: str, row: Row, task: Task) -> bool:
    """Say whether a field is not deterministic, or was not recorded because the end came early."""
    if name in ("final_db", "final_user_db") and row["official"].get("final_db") is None:
        return True
    if name not in ("final_db", "db_match"):
        return False
    gold = (task.payload.get("evaluation_criteria") or {}).get("actions") or ()
    calls = [call for message in row["messages"] for call in message.get("tool_calls") or ()]
    return any(call["name"] == RANDOM for call in (*gold, *calls))


def tool_sha(texts: Sequence[str], official: str | None) -> str:
    """Hash all tool outputs, as written by the version of pydantic that made the record."""
    ours = short_hash(texts)
    if ours == official or not any(ADDRESS.search(text) for text in texts):
        return ours
    for version in PYDANTIC:
        if short_hash([ADDRESS.sub(rf"\g<1>{version}/", text) for text in texts]) == official:
            return official
    return ours


def short_hash(texts: Sequence[str]) -> str:
    return hashlib.sha256("\x1e".join(texts).encode()).hexdigest()[:16]


def notes() -> Iterator[str]:
    yield from ()
