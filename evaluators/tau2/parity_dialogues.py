"""Dialogue rows: scripted parties through our loop against the official orchestrator's record.

Rows whose official run raised have no official end: ours must neither crash nor invent a reward.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaluators.tau2.benchmark import fits_solo, world_of
from evaluators.tau2.history import AGENT_STOP, STOP_TEXTS
from evaluators.tau2.parity_trajectories import StubJudge
from evaluators.tau2.parties import Checked, DoneTool, Solo
from evaluators.tau2.tasks import make_task, task_row
from evaluators.tau2.verdict import SCORED_ENDS, Tau2Evaluator
from harness.episode import run_episode
from harness.faults import BadReply, ModelFault
from harness.limits import Limits, tally_of
from harness.parties import ModelParty, Script
from harness.protocols import Party
from harness.types import Episode, Message, Role, Task, ToolCall, ToolSpec

Row = Mapping[str, Any]
ENDS = {"max_errors": "too_many_errors"}
EMPTY_LIST = ToolCall("", "an empty list of calls")  # only a raw script can hand one over
_RAISED: Counter[str] = Counter()
NEEDED = ("domain", "task_id", "agent", "user", "agent_script", "user_script", "limits", "official")


@dataclass
class Scripted:
    """One side's script: a model for an `llm` party, or the party itself for a raw one."""

    role: Role
    lines: Sequence[Row]
    enforce: bool = False
    stops: bool = False
    used: int = 0
    views: list[str] = field(default_factory=list)

    def line(self) -> Row:
        if self.used == len(self.lines):
            raise ModelFault("the script has no more lines", kind="script_end")
        self.used += 1
        return self.lines[self.used - 1]

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message:
        self.views.append("".join(map(letter, chat)))
        return self.message(self.line())

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        """Hand over the line as it is. An empty list of calls is no call and no silence either."""
        given = self.line()
        message = self.message(given)
        if given.get("tool_calls") == []:
            message = Message(self.role, message.text, (EMPTY_LIST,))
            both = self.enforce and bool(message.text.strip())
            raise BadReply("an empty list of calls", message, f"{self.role}_error" if both else "")
        stops = self.stops and AGENT_STOP in message.text
        if self.role == "user":
            stops = ends_user(message)
        if stops and message.calls:
            end = f"{self.role}_error" if self.enforce else ""
            raise BadReply("a stop beside a call", message, end)
        return Message(self.role, message.text, message.calls, stop=stops)

    def message(self, given: Row) -> Message:
        calls = tuple(
            to_call(call, f"{self.role}-{self.used}-{number}")
            for number, call in enumerate(given.get("tool_calls") or ())
        )
        return Message(self.role, given.get("content") or "", calls)


def ends_user(message: Message) -> bool:
    return not message.calls and any(stop in message.text for stop in STOP_TEXTS)


def to_call(given: Row, call_id: str) -> ToolCall:
    """Read a scripted call; argument text is decoded as a client would."""
    arguments = given["arguments"]
    raw = arguments if isinstance(arguments, str) else json.dumps(arguments)
    try:
        decoded = json.loads(raw)
    except ValueError:
        decoded = None
    if not isinstance(decoded, dict):
        return ToolCall(call_id, given["name"], {}, raw)
    return ToolCall(call_id, given["name"], decoded)


def letter(line: Mapping[str, Any]) -> str:
    """Name a chat line: S system, A own text, C own calls, U the other side's text, T result."""
    if line["role"] == "assistant":
        return "C" if line.get("calls") else "A"
    return {"system": "S", "user": "U", "tool": "T"}[line["role"]]


def compare(row: Row) -> Iterator[str]:
    """Name every field in which our run differs from the official one."""
    official = row["official"]
    ours = asyncio.run(run(row))
    if official.get("exception") is not None:
        _RAISED[ours["termination_reason"]] += 1
        if ours["reward"]:
            yield f"reward {ours['reward']} where the official run raised {official['exception']}"
        return
    for name, value in ours.items():
        if name in official and value != official[name]:
            yield f"{name} {value!r}, official {official[name]!r}"


async def run(row: Row) -> dict[str, Any]:
    """Play one row and return our values under their official names."""
    task = task_of(row)
    agent, user = scripts_of(row)
    try:
        world = world_of(task)
    except ModelFault as fault:
        return {"termination_reason": f"no world ({fault.kind})", "reward": None}
    if row.get("solo", False) and not fits_solo(task):
        return {"termination_reason": "task refused", "reward": None}
    first = int(row.get("solo", False) and not task.opening)
    limits = row["limits"]
    episode = await run_episode(
        task,
        world,
        seat(row["agent"], agent),
        seat(row["user"], user),
        Limits(limits["max_steps"] + first, limits["max_errors"], seconds=limits.get("timeout")),
    )
    tally = tally_of(episode.log, opening=len(task.opening))
    reward, breakdown = await scored(task, episode)
    agent_db, user_db = world.digests()
    return {
        "termination_reason": ENDS.get(episode.end, episode.end),
        "messages": [kind_of(line) for line in episode.log],
        "steps": tally.steps - first,
        "num_errors": tally.errors,
        "consumed": {"agent": agent.used, "user": user.used},
        "views": {side.role: side.views for side in (agent, user)},
        "reward": reward,
        "reward_breakdown": breakdown,
        "db": agent_db[:16],
        "user_db": user_db and user_db[:16],
    }


def task_of(row: Row) -> Task:
    """Build the row's task; its own initial state replaces the task's, which keeps its data."""
    given = task_row(row["domain"], row["task_id"])
    if row.get("initial_state") is not None:
        state = {**(given.get("initial_state") or {}), **row["initial_state"]}
        given = {**given, "initial_state": state}
    task = make_task(row["domain"], given, solo=row.get("solo", False))
    last = task.opening[-1] if task.opening else None
    if last and last.author == "agent" and row["agent"] != "llm" and row["agent"] != "raw":
        stop = AGENT_STOP in last.text
        closing = Message("agent", last.text, last.calls, stop=stop)
        task = Task(**{**fields_of(task), "opening": (*task.opening[:-1], closing)})
    return task


def fields_of(task: Task) -> dict[str, Any]:
    return {name: getattr(task, name) for name in task.__dataclass_fields__}


def scripts_of(row: Row) -> tuple[Scripted, Scripted]:
    enforce = row["limits"].get("enforce_protocol", False)
    stops = row["agent"] == "raw_stop"
    agent = Scripted("agent", row["agent_script"], enforce, stops)
    return agent, Scripted("user", row["user_script"], enforce)


def seat(kind: str, script: Scripted) -> Party:
    """Put a script into its seat, with the rules that this kind of party is under."""
    if kind == "dummy":
        return Script("user", (), ends="fault")
    if kind.startswith("llm"):
        stops = STOP_TEXTS if script.role == "user" else ()
        party: Party = ModelParty(script.role, script, "system", stops)
    else:
        party = script
    if kind == "llm_solo":
        party = DoneTool(party, "")
    if kind.endswith("solo"):
        party = Solo(party)
    return Checked(party, script.role, enforce=script.enforce)


async def scored(task: Task, episode: Episode) -> tuple[float | None, Any]:
    """Score an episode with a judge that agrees to everything; no verdict gives (None, None)."""
    if episode.fault is not None:
        return None, None
    assertions = (task.payload.get("evaluation_criteria") or {}).get("nl_assertions") or ()
    try:
        verdict = await Tau2Evaluator(StubJudge(True, len(assertions)))(task, episode)
    except ModelFault:
        return None, None
    return verdict.reward, verdict.parts.get("breakdown") if episode.end in SCORED_ENDS else None


def kind_of(line: Message) -> list[Any]:
    """Describe a log line as the record does: role, requestor, kind, number of calls, error."""
    roles = {"agent": "assistant", "user": "user"}
    if line.author == "tool":
        return ["tool", roles[line.owner or "agent"], "result", 0, line.error]
    speaks = bool(line.text.strip())
    kind = ("both" if speaks else "calls") if line.calls else ("text" if speaks else "empty")
    count = sum(call is not EMPTY_LIST for call in line.calls)
    return [roles[line.author], None, kind, count, None]


def notes() -> Iterator[str]:
    """Say how many official runs raised, and how ours ended there."""
    total = sum(_RAISED.values())
    ends = ", ".join(f"{name} {count}" for name, count in _RAISED.most_common())
    yield f"  {total} rows whose official run raised (no reward invented); ours ended: {ends}"
