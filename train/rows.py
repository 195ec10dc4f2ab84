"""Episodes become rows: what one side saw, and which of its lines are to be learnt.

A row is a chat as `harness.chat` renders it. Where the tools on offer changed in the middle of an
episode, what follows the change is a row of its own: its past is there, but not trained on twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.benchmark import Benchmark, forbid_training
from harness.chat import Chat, render
from harness.configure import build
from harness.faults import UserMistake
from harness.outcomes import Outcome
from harness.store import load_blobs, need, read_episodes, read_outcomes
from harness.types import Episode, Message, Role, ToolCall, ToolSpec

BULKY = frozenset("messages tools loss verdict meta".split())


@dataclass(frozen=True)
class Row:
    """One training example. `learn` are the positions in `chat` whose lines are trained.

    `world`, `plan` and `twins` say where it comes from, for splits that do not leak: rows of one
    plan solve the same thing, twins are variants of one base task. `facts` is what else is known,
    for choosing among rows.
    """

    id: str
    seat: Role
    chat: tuple[Mapping[str, Any], ...]
    tools: tuple[ToolSpec, ...]
    learn: tuple[int, ...]
    world: str = ""
    plan: str = ""
    twins: str = ""
    source: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Origin:
    """Where an episode comes from; see Row."""

    id: str
    world: str = ""
    plan: str = ""
    twins: str = ""
    source: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def rows_of_episode(
    episode: Episode,
    blobs: Mapping[str, str],
    seat: Role,
    origin: Origin,
    *,
    reasoning: bool = False,
) -> list[Row]:
    """Write the rows of one side.

    Empty lines are left out; calls that could not be read or were refused are seen, not learnt:
    what follows them teaches recovery, they themselves teach nothing.
    """
    system = blobs[episode.prompts[seat]] if seat in episode.prompts else ""
    offers = [(at, blobs[sha]) for at, role, sha in episode.tools if role == seat] or [(0, "[]")]
    ends = [at for at, _ in offers[1:]] + [len(episode.log)]
    rows = []
    for number, ((_, offered), end) in enumerate(zip(offers, ends, strict=True)):
        first = offers[number][0] if number else 0
        chat, learn = one_side(episode.log[:end], seat, system, first, reasoning)
        if not learn:
            continue
        tools = read_tools(offered)
        name = f"{origin.id}/{seat}" + (f"/{number}" if number else "")
        kept = tuple(chat[: learn[-1] + 1])
        world = origin.world or f"tools:{episode.tools[0][2] if episode.tools else ''}"
        known = {"plan": origin.plan, "twins": origin.twins, "source": origin.source}
        rows.append(Row(name, seat, kept, tools, learn, world, **known, facts=origin.facts))
    return rows


def one_side(
    log: Sequence[Message], seat: Role, system: str, first: int, reasoning: bool
) -> tuple[Chat, tuple[int, ...]]:
    """Render the view of `seat` and list the positions of its lines from log index `first` on."""
    chat: Chat = [{"role": "system", "content": system}] if system else []
    learn, bad = [], refused(log)
    for index, message in enumerate(log):
        line = render(message, seat, reasoning)
        if line is None:
            continue
        if message.author == seat and not (line["content"] or line.get("calls")):
            continue
        line.pop("tokens", None)
        if message.author == seat and index >= first and index not in bad:
            learn.append(len(chat))
        chat.append(line)
    return chat, tuple(learn)


def refused(log: Sequence[Message]) -> set[int]:
    """Return the log indices of messages of which a call was refused or could not be read."""
    found, speaker = set(), 0
    for index, message in enumerate(log):
        if message.author != "tool":
            speaker = index
        if message.error or any(call.raw is not None for call in message.calls):
            found.add(speaker)
    return found


def read_tools(text: str) -> tuple[ToolSpec, ...]:
    """Read a tool list back from a run's blobs."""
    return tuple(ToolSpec(*entry) for entry in json.loads(text))


def rows_of_run(
    folder: Path,
    seat: Role = "agent",
    *,
    keep: str = "pass",
    reasoning: bool = False,
    train_on_test: bool = False,
) -> Iterator[Row]:
    """Stream the rows of a run folder's episodes that passed (`keep="all"`: all without a fault).

    A world is the outcome's domain within its benchmark. Raises UserMistake where the run played
    tasks that are kept for testing.
    """
    if keep not in ("pass", "all"):
        raise UserMistake(f"keep={keep} is unknown: use pass or all")
    refuse_tests(folder, train_on_test)
    outcomes, blobs = read_outcomes(folder), load_blobs(folder)
    for benchmark, episode in read_episodes(folder):
        outcome = outcomes.get((benchmark, episode.task_id, episode.trial))
        if episode.fault is not None or not is_kept(outcome, keep):
            continue
        domain, cluster = (outcome.domain, outcome.cluster) if outcome else ("", "")
        origin = Origin(
            id=f"{benchmark}/{episode.task_id}/{episode.trial}",
            world=f"{benchmark}/{domain}" if domain else "",
            plan=f"{benchmark}/{cluster or episode.task_id}",
            twins=f"{benchmark}/{cluster}" if cluster else "",
            source=str(folder),
            facts={"benchmark": benchmark, "domain": domain, "task_id": episode.task_id},
        )
        yield from rows_of_episode(episode, blobs, seat, origin, reasoning=reasoning)


def is_kept(outcome: Outcome | None, keep: str) -> bool:
    return keep == "all" or (outcome is not None and outcome.status == "pass")


def refuse_tests(folder: Path, allowed: bool = False) -> None:
    """Raise UserMistake where a run folder holds episodes of tasks that are kept for testing."""
    try:
        identity = json.loads((need(folder) / "run.json").read_text(encoding="utf-8"))
    except ValueError:
        raise UserMistake(f"{folder}/run.json is damaged: it cannot be trained on") from None
    played = identity.get("benchmark")
    if not isinstance(played, dict) or not played:
        raise UserMistake(f"{folder}/run.json names no benchmark: it cannot be trained on")
    for node in played.values():
        benchmark: Benchmark = build(node)
        forbid_training(benchmark, allowed=allowed)


def rows_of_records(path: Path, seat: Role = "agent", *, reasoning: bool = False) -> Iterator[Row]:
    """Stream the rows of a dataset: JSON lines with id, messages (OpenAI form) and tools.

    `loss` may say what is learnt ({"from", "skip"}: positions of messages); env, plan_id, twins
    and source stand beside or in `meta`. Raises UserMistake naming the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UserMistake(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UserMistake(f"{path} is not UTF-8 text (byte {error.start})") from None
    for number, line in enumerate(lines, 1):
        try:
            row = row_of_record(json.loads(line), seat, reasoning)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserMistake(f"{path}:{number} is not a training record: {error!r}") from None
        if row.learn:
            yield row


def row_of_record(record: Mapping[str, Any], seat: Role, reasoning: bool) -> Row:
    """Read one record; messages, tools, loss and call arguments may be JSON texts."""
    meta = {**record, **record.get("meta", {})}
    if meta.get("seat", "agent") != seat:
        return Row(record["id"], seat, (), (), ())
    loss = loaded(record.get("loss") or {})
    first, skip = loss.get("from", 0), loss.get("skip", ())
    chat = tuple(line_of(entry, reasoning) for entry in loaded(record["messages"]))
    own = [i for i, line in enumerate(chat) if line["role"] == "assistant"]
    learn = tuple(i for i in own if i >= first and i not in skip)
    return Row(
        id=record["id"],
        seat=seat,
        chat=chat[: learn[-1] + 1] if learn else (),
        tools=tuple(tool_of(entry) for entry in loaded(record.get("tools") or [])),
        learn=learn,
        world=str(meta.get("env", "")),
        plan=str(meta.get("plan_id") or record["id"]),
        twins=str(meta.get("twins", "")),
        source=str(meta.get("source", "")),
        facts={name: meta[name] for name in meta if name not in BULKY},
    )


def line_of(entry: Mapping[str, Any], reasoning: bool) -> dict[str, Any]:
    """Turn an OpenAI-form message into a line of a chat."""
    line = {"role": entry["role"], "content": entry.get("content") or ""}
    if entry["role"] == "tool":
        line["tool_call_id"] = entry.get("tool_call_id", "")
    calls = [call.get("function", call) | {"id": call.get("id", "")} for call in
             entry.get("tool_calls") or ()]  # fmt: skip
    if calls:
        line["calls"] = tuple(ToolCall(c["id"], c["name"], loaded(c["arguments"])) for c in calls)
    if reasoning and (thought := entry.get("reasoning_content")):
        line["reasoning"] = thought
    return line


def tool_of(entry: Mapping[str, Any]) -> ToolSpec:
    function = entry.get("function", entry)
    return ToolSpec(
        function["name"], function.get("description", ""), function.get("parameters") or {}
    )


def loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
