"""Play recorded multi-turn rows through the one loop and compare with the official records.

Two kinds of rows: results (`prediction`: turns of steps, with the official verdict) and loop
records (`script`: replies in order, with what the official loop did with them).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evaluators.bfcl.conversations import Conversations
from evaluators.bfcl.data import BfclData
from evaluators.bfcl.multi_turn import decoded_step
from evaluators.bfcl.parties import WholeSteps
from evaluators.bfcl.verdict import executed_turns, judge
from harness.chat import to_chat
from harness.episode import run_episode
from harness.faults import ModelFault, UserMistake
from harness.limits import Limits
from harness.parties import Script
from harness.types import Episode, Message, Task, ToolCall, ToolSpec

Reply = Mapping[str, Any]
_CLOSING = "All done."
_INFERENCE_ERROR = "multi_turn:inference_error"


class ScriptedAgent:
    """Give scripted replies turn by turn, and note what was asked. Past its end it says a text.

    A reply is `{calls: [{name, arguments: JSON text}], text}` or `{raise: text}`.
    """

    system = ""

    def __init__(self, script: Sequence[Sequence[Reply]]) -> None:
        self.script = script
        self.asked: list[list[tuple[int, tuple[str, ...]]]] = []

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        turn = sum(message.author == "user" for message in log) - 1
        while len(self.asked) <= turn:
            self.asked.append([])
        replies = self.script[turn] if turn < len(self.script) else ()
        number = len(self.asked[turn])
        self.asked[turn].append((len(to_chat(log, "agent")), tuple(tool.name for tool in tools)))
        reply = replies[number] if number < len(replies) else {"text": _CLOSING}
        if "raise" in reply:
            raise ModelFault(reply["raise"], "scripted")
        calls = tuple(
            read_call(f"call_{len(log)}_{i}", call)
            for i, call in enumerate(reply.get("calls") or ())
        )
        return Message("agent", reply.get("text") or "", calls)


def read_call(call_id: str, call: Mapping[str, str]) -> ToolCall:
    """Read a call with its argument text; text that is no JSON object is kept raw."""
    text = call["arguments"]
    try:
        arguments = json.loads(text)
    except (ValueError, RecursionError):
        arguments = None
    if isinstance(arguments, dict):
        return ToolCall(call_id, call["name"], arguments)
    return ToolCall(call_id, call["name"], raw=text)


class LoopParity:
    """Compare rows with what our loop makes of them; `compare` returns the differences."""

    def __init__(self, data: BfclData) -> None:
        self.data = data
        self.kind = Conversations(data, "native")

    def compare(self, row: Mapping[str, Any]) -> list[str]:
        """Return one line per difference in the fields that the row has; empty where it is met.

        Raises UserMistake for a row that cannot be played.
        """
        needed = ("task_id", "official") if "script" in row else ("id", "prediction")
        if missing := [name for name in needed if name not in row]:
            raise UserMistake(f"a row to be played needs the field {missing[0]}")
        return asyncio.run(self._loop(row) if "script" in row else self._result(row))

    async def _result(self, row: Mapping[str, Any]) -> list[str]:
        """Play a stored result. The user says as many requests as the result has turns, and the
        limit on steps is off: a stored result has already passed it."""
        prediction = row["prediction"]
        failed = not isinstance(prediction, list)
        turns = [] if failed else [list(filter(None, map(decoded_step, t))) for t in prediction]
        script: list[list[Reply]] = [[{"raise": str(prediction)}]] if failed else [
            [{"calls": [_spelled(*call) for call in step]} for step in turn] for turn in turns
        ]  # fmt: skip
        task = self._task(row["id"])
        requests = self.kind.requests(task.id)
        if not failed:
            requests = [*requests, *["…"] * len(script)][: len(script)]
        agent = ScriptedAgent(script)
        episode = await self._play(task, agent, requests, Limits(steps=None, errors=None))
        found = {"end": episode.end, **self._verdict(task, episode)}
        wanted: dict[str, Any] = {"end": "fault" if failed else "user_stop"}
        wanted |= {name: row[name] for name in ("valid", "error_type") if name in row}
        if not failed:
            found["steps"] = executed_turns(episode.log, prompting=False)
            wanted["steps"] = turns
        return differences(found, wanted)

    async def _loop(self, row: Mapping[str, Any]) -> list[str]:
        task = self._task(row["task_id"])
        agent = ScriptedAgent(row["script"])
        requests = self.kind.requests(task.id)
        episode = await self._play(task, agent, requests, self.kind.limits(task))
        official = row["official"]
        found = {
            **self._verdict(task, episode),
            "force_quit": episode.end == "max_steps_per_turn",
            "force_quit_turn": _force_quit_turn(episode),
            "inference_error": episode.fault is not None,
            "turns_recorded": None if episode.fault else len(agent.asked),
            "added_user_message": self._added(task, len(agent.asked)),
            "tools_changed_within_turn": any(len({t for _, t in turn}) > 1 for turn in agent.asked),
        }
        found["turns"] = turn_records(episode, agent)
        wanted = {name: official[name] for name in found if name in official}
        if "inference_error" in wanted:
            wanted["inference_error"] = wanted["inference_error"] is not None
        return differences(found, wanted)

    def _task(self, task_id: str) -> Task:
        payload = {"root": str(self.data.root), "mode": "native"}
        return Task(task_id, "bfcl", payload, domain=task_id.rsplit("_", 1)[0])

    async def _play(
        self, task: Task, agent: ScriptedAgent, requests: Iterable[str], limits: Limits
    ) -> Episode:
        world = self.kind.environment(task)
        user = Script("user", requests)
        return await run_episode(task, world, WholeSteps(agent), user, limits)

    def _verdict(self, task: Task, episode: Episode) -> dict[str, Any]:
        """Judge the episode. Where the request failed, the official verdict is its error."""
        if episode.fault is not None:
            return {"valid": False, "error_type": _INFERENCE_ERROR}
        finding = judge(self.data, task, episode)
        return {"valid": finding.valid, "error_type": finding.error_type}

    def _added(self, task: Task, begun: int) -> list[dict[str, Any]]:
        """Return the texts the loop itself adds, in the turns that were begun."""
        texts = self.kind.requests(task.id)
        return [
            {"turn": turn, "sha256": _sha256(texts[turn]), "length": len(texts[turn])}
            for turn in sorted(self.data.held_out(task.id))
            if turn < begun
        ]


def turn_records(episode: Episode, agent: ScriptedAgent) -> list[dict[str, Any]]:
    """Describe an episode turn by turn as the official records do."""
    records: list[dict[str, Any]] = []
    for message in episode.log:
        if message.author == "user" and not message.stop:
            queries = agent.asked[len(records)] if len(records) < len(agent.asked) else []
            records.append(
                {
                    "queries": len(queries),
                    "recorded_steps": None if episode.fault else len(queries),
                    "messages_before_each_query": [length for length, _ in queries],
                    "tools_offered": list(queries[0][1]) if queries else [],
                    "user_messages": [["user", _sha256(message.text), len(message.text)]],
                    "batches": [],
                }
            )
        elif message.calls:
            records[-1]["batches"].append([])
        elif message.author == "tool":
            records[-1]["batches"][-1].append(message)
    for record in records:
        batches: list[list[Message]] = record.pop("batches")
        record["executed_steps"] = len(batches)
        record["executed_calls"] = [len(batch) for batch in batches]
        record["errors"] = [[result.error for result in batch] for batch in batches]
        record["results_sha16"] = [
            _sha256("\x1e".join(result.text for result in batch))[:16] for batch in batches
        ]
    return records


def differences(found: Mapping[str, Any], wanted: Mapping[str, Any], at: str = "") -> list[str]:
    """Name every field that is not as wanted; fields that one side lacks are not compared."""
    lines: list[str] = []
    for name in [name for name in wanted if name in found]:
        mine, theirs = found[name], wanted[name]
        if isinstance(theirs, list) and theirs and isinstance(theirs[0], dict):
            if len(mine) != len(theirs):
                lines.append(f"{at}{name}: {len(mine)} instead of {len(theirs)}")
            for i, (one, other) in enumerate(zip(mine, theirs, strict=False)):
                lines += differences(one, other, f"{at}{name}[{i}].")
        elif mine != theirs:
            lines.append(f"{at}{name}: {str(mine)[:200]} instead of {str(theirs)[:200]}")
    return lines


def _spelled(name: str, arguments: Mapping[str, Any]) -> dict[str, str]:
    return {"name": name, "arguments": json.dumps(dict(arguments))}


def _force_quit_turn(episode: Episode) -> int | None:
    if episode.end != "max_steps_per_turn":
        return None
    return sum(message.author == "user" for message in episode.log) - 1


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
