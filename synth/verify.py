"""The verdict on a synthesised task: final state, calls that must and must not be made, words.

DB: the final state is the plan's (keys of new rows may be swapped). ACTION: every required call was
executed and showed what it must, no forbidden call was made. COMMUNICATE: every fact was told, and
some tool had shown it; a refusal or a question was said where one is due. The reward is 1 where
every part of the task's reward basis holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.protocols import Model
from harness.types import Episode, Message, Task, ToolCall, Verdict
from synth.drafts import says
from synth.listening import asks_for, refuses

SCORED_ENDS = frozenset({"agent_stop", "user_stop"})
BASES = ("DB", "ACTION", "COMMUNICATE")


class SynthesizedEvaluator:
    """Scores episodes of synthesised tasks by rules; a judge that is given is not asked."""

    def __init__(self, judge: Model | None = None) -> None:
        self.judge = judge

    async def __call__(self, task: Task, episode: Episode) -> Verdict:
        return judge_episode(task.payload, episode)


@dataclass(frozen=True)
class Made:
    """A call that an agent made, with what it was told; `executed` where it was not refused."""

    call: ToolCall
    executed: bool
    text: str


def judge_episode(payload: Mapping[str, Any], episode: Episode) -> Verdict:
    """Return the verdict on one episode of a task's payload."""
    calls = list(made(episode.log))
    texts = [m.text for m in episode.log if m.author == "agent" and m.text]
    forbidden = list(broken(payload["forbidden"], calls))
    missing = [r for r in payload["required"] if not is_met(r, calls)]
    untold = [f for f in payload["communicate"] if not is_told(f, texts, calls)]
    holds = {
        "DB": canonical(episode.state, payload["created"])
        == canonical(payload["plan"]["state_diff"], payload["created"]),
        "ACTION": not forbidden and not missing,
        "COMMUNICATE": not untold,
    }
    basis = payload["reward_basis"]
    in_time = episode.end in SCORED_ENDS
    passed = in_time and all(holds[name] for name in basis)
    parts: dict[str, Any] = {
        "basis": list(basis),
        **{name.lower(): holds[name] for name in BASES},
        "attempted_forbidden": sum(not hit.executed for hit in forbidden),
        "executed_forbidden": sum(hit.executed for hit in forbidden),
        "missing_required": [r["tools"] for r in missing],
        "untold": untold,
    }
    if not in_time:
        parts["premature"] = episode.end
    return Verdict(float(passed), passed, parts)


def made(log: Sequence[Message]) -> Iterator[Made]:
    """Yield the agent's calls with their answers, in order."""
    waiting: list[ToolCall] = []
    for line in log:
        if line.author == "agent":
            waiting = list(line.calls)
        elif line.author == "tool" and line.owner == "agent" and waiting:
            yield Made(waiting.pop(0), not line.error, line.text)


def broken(patterns: Sequence[Mapping[str, Any]], calls: Sequence[Made]) -> Iterator[Made]:
    """Yield the calls that a task forbids: made at all, or only where they were executed."""
    for pattern in patterns:
        for one in calls:
            fits = one.call.name == pattern["tool"] and all(
                one.call.arguments.get(name) == value for name, value in pattern["args"].items()
            )
            if fits and (one.executed or pattern["counts"] == "attempted"):
                yield one


def is_met(pattern: Mapping[str, Any], calls: Sequence[Made]) -> bool:
    """Say whether one of the tools was run, for what it must ask, about what it must show.

    Where a refused call tells as much (`tried`), having made it will do.
    """
    return any(one.call.name == pattern.get("tried") and not one.executed for one in calls) or any(
        one.executed
        and one.call.name in pattern["tools"]
        and all(concerns(one, value) for value in pattern["shows"])
        and looks_for(one.call, pattern.get("asks", ()))
        for one in calls
    )


def concerns(one: Made, value: Any) -> bool:
    """Say whether a call was about a key, or showed it."""
    return value in one.call.arguments.values() or holds(loaded(one.text), value)


def looks_for(call: ToolCall, values: Sequence[Any]) -> bool:
    """Say whether a search was for the given values, or for everything."""
    given = {str(value).lower() for value in call.arguments.values()}
    return not given or all(str(value).lower() in given for value in values)


def is_told(wanted: Mapping[str, Any], texts: Sequence[str], calls: Sequence[Made]) -> bool:
    """Say whether the agent said what it must: a fact that it had seen, a refusal, a question."""
    if wanted["kind"] == "refusal":
        about = [text for text in texts if mentions(text, wanted["about"])]
        return refuses(about)
    if wanted["kind"] == "question":
        return any(asks_for(text, wanted["cues"]) for text in texts)
    value = wanted["value"]
    told = any(says(text, value) for text in texts)
    return told and any(one.executed and shows(one, wanted) for one in calls)


def loaded(text: str) -> Any:
    """Return a result as data, or as the text it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def mentions(text: str, words: Sequence[str]) -> bool:
    """Say whether a text names what it is about: by one of the words, or a form of it."""
    lowered = text.lower()
    return not words or any(word.lower() in lowered for word in words)


def shows(one: Made, fact: Mapping[str, Any]) -> bool:
    """Say whether a call showed a fact: its value beside the key of the row that it is of.

    The key may have been an argument. For a number of rows, all of them must have been shown.
    """
    data, rows = loaded(one.text), fact["rows"]
    if not isinstance(data, (dict, list)):
        return holds(data, fact["value"])
    if fact["kind"] == "count":
        return all(holds(data, key) for key in rows)
    if fact["value"] in rows or not rows or all(key in one.call.arguments.values() for key in rows):
        return holds(data, fact["value"])
    return any(
        all(key in entry.values() for key in rows) and holds(entry, fact["value"])
        for entry in objects(data)
    )


def objects(data: Any) -> Iterator[dict[str, Any]]:
    """Yield every object inside a result, outer ones first."""
    if isinstance(data, dict):
        yield data
    for part in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from objects(part)


def holds(data: Any, value: Any) -> bool:
    """Say whether a value occurs anywhere in a result: as a whole, or as a line of a text."""
    if isinstance(data, dict):
        return any(holds(part, value) for part in data.values())
    if isinstance(data, list):
        return any(holds(part, value) for part in data)
    if isinstance(data, str) and "\n" in data and isinstance(value, str):
        return value in (data, *data.split("\n"))
    return bool(data == value and isinstance(data, bool) == isinstance(value, bool))


def canonical(state: Mapping[str, Any], created: Mapping[str, Any]) -> str:
    """Render a change so that equal ones are equal texts.

    Where a plan creates several rows of one table, their generated keys may be swapped: such rows
    are numbered by their content.
    """
    tables: dict[str, Any] = {}
    for table, rows in state.items():
        names = created.get(table, {"keys": []})
        if len(names["keys"]) < 2:
            tables[table] = dict(rows)
            continue
        position = names["position"]
        new = {key: rows[key] for key in rows if key in names["keys"] and rows[key] is not None}
        bare = sorted(
            json.dumps([cell for i, cell in enumerate(row) if i != position])
            for row in new.values()
        )
        rest = {key: row for key, row in rows.items() if key not in new}
        tables[table] = rest | {f"new {number}": text for number, text in enumerate(bare)}
    return json.dumps(tables, sort_keys=True)
