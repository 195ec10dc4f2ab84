"""A drill becomes a talk: one or two requests, told in turn or at once, some details kept back."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.faults import ToolFault, UserMistake
from harness.types import Task
from synth.drills.benchmark import world_of
from synth.drills.lazy import MadeTasks
from synth.drills.levels import DrillTasks, Split, belongs
from synth.drills.tasks import Call, Drawer, resolve
from synth.drills.worlds import STATE, Place, drill_world

MODES = ("sequence", "whole")
DOMAINS = ("kind", "mode", "world")
PLAIN, AMBIGUOUS = "plain", "ambiguous"
DRAWS = 12
JOINED = (". Then ", ", and then ", ". After that, ")
MOST_KEPT = 2


@dataclass(frozen=True)
class Manner:
    """How drills are told.

    withheld   share of talks in which one or two details of a request are told only when asked for
    requests   drills in one talk, one after another in the same world
    modes      sequence: a message per request; whole: all in one. Several: every plan in each
    twins      true: a talk with details kept back has a twin that tells them, of the same cluster
    domain     what outcomes are grouped by: kind (plain, ambiguous), mode or world
    """

    withheld: float = 0.5
    requests: int = 1
    modes: Sequence[str] = ("sequence",)
    twins: bool = False
    domain: str = "kind"

    def __post_init__(self) -> None:
        if not self.modes or not set(self.modes) <= set(MODES):
            raise UserMistake(f"modes={list(self.modes)}: choose from {', '.join(MODES)}")
        if self.domain not in DOMAINS:
            raise UserMistake(f"domain={self.domain!r}: choose from {', '.join(DOMAINS)}")
        if not 0 <= self.withheld <= 1:
            raise UserMistake(f"withheld={self.withheld} is not a share from 0 to 1")
        if self.requests < 1:
            raise UserMistake(f"requests={self.requests} must be at least 1")

    @property
    def variants(self) -> int:
        """How many talks are made of one plan."""
        return len(self.modes) * (2 if self.twins else 1)


class TalkTasks(MadeTasks):
    """Talks of `plans` drills of one level."""

    def __init__(self, level: str, plans: int, seed: int, split: Split, manner: Manner) -> None:
        super().__init__(plans * manner.variants)
        self.level, self.seed, self.manner = level, seed, manner
        self.drills = DrillTasks((level,), plans, seed, split)
        self.families: dict[int, list[Task]] = {}

    def make(self, index: int) -> Task:
        number, variant = divmod(index, self.manner.variants)
        if number not in self.families:
            rng = random.Random(f"talk {self.seed} {self.level} {number}")
            drill = self.drills[number]
            self.families[number] = list(family(drill, self.level, self.manner, rng))
        return self.families[number][variant]


def family(drill: Task, level: str, manner: Manner, rng: random.Random) -> Iterator[Task]:
    """Yield the talks of one drill: in every mode, and with its twin where twins are wanted."""
    requests = requests_of(drill, level, manner.requests, rng)
    kept = rng.random() < manner.withheld or manner.twins
    told, names = list[Mapping[str, Any]](), set[str]()
    for request in requests:
        told.append(keep_back(request, drill, names, rng) if kept else request)
        names |= told[-1]["details"].keys()
    for mode in manner.modes:
        if manner.twins:
            yield talk_of(drill, requests, mode, manner)
        yield talk_of(drill, told, mode, manner)


def requests_of(drill: Task, level: str, count: int, rng: random.Random) -> list[Mapping[str, Any]]:
    """Return the drill's request and more in the same world; they can be carried out in turn."""
    drawer = Drawer(drill_world(Place(**drill.payload["place"])), rng)
    found = [{"text": drill.payload["text"], "calls": drill.payload["calls"]}]
    for _ in range(DRAWS * count):
        if len(found) == count:
            break
        other = drawer.draw()
        if other is None or not belongs(other, level) or other.text in [r["text"] for r in found]:
            continue
        calls = [{"tool": call.tool, "args": dict(call.args)} for call in other.calls]
        try:
            played(drill, [*found, {"text": other.text, "calls": calls}])
        except ToolFault:
            continue
        found.append({"text": other.text, "calls": calls})
    return [{**request, "details": {}} for request in played(drill, found)]


def played(drill: Task, requests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Carry out requests in turn and note of each what it only reads: its last call, filled in.

    Raises ToolFault where one cannot be carried out after those before it.
    """
    offered = sorted({call["tool"] for request in requests for call in request["calls"]})
    world = world_of(with_payload(drill, offered=offered), {})
    out: list[dict[str, Any]] = []
    for request in requests:
        before, results = json.dumps(world.state(), sort_keys=True), list[Any]()
        name, args = "", dict[str, Any]()
        for call in request["calls"]:
            name, args = call["tool"], resolve(Call(call["tool"], call["args"]), results)
            results.append(json.loads(world.run(name, args)))
        reads = json.dumps(world.state(), sort_keys=True) == before
        out.append({**request, "read": {"tool": name, "args": args} if reads else None})
    return out


def with_payload(task: Task, **changes: Any) -> Task:
    return Task(task.id, task.benchmark, {**task.payload, **changes}, domain=task.domain)


def keep_back(
    request: Mapping[str, Any], drill: Task, taken: Collection[str], rng: random.Random
) -> Mapping[str, Any]:
    """Take one or two values out of a request's text; they are told when asked for by name.

    Names that are `taken` by another request of the talk stay told: a question names one thing.
    """
    literal = {
        name: value
        for call in request["calls"]
        for name, value in call["args"].items()
        if name not in taken
        and not isinstance(value, Mapping)
        and len(places_of(str(value), request["text"])) == 1
    }
    count = min(len(literal), rng.randint(1, MOST_KEPT))
    chosen = rng.sample(list(literal), count)
    text, details = str(request["text"]), dict[str, Any]()
    for name in (name for name in literal if name in chosen):
        value = str(literal[name])
        if len(places_of(value, text)) == 1:
            text = " ".join(re.sub(alone(value), "", text).split())
            details[name] = {"value": value, "wrong": another(literal[name], drill, rng)}
    return {**request, "text": text, "details": details}


def alone(value: str) -> str:
    """Match a value where it is no part of a longer word or number."""
    return rf"(?<![\w.-]){re.escape(value)}(?![\w-])"


def places_of(value: str, text: str) -> list[str]:
    return re.findall(alone(value), text)


def another(value: Any, drill: Task, rng: random.Random) -> str:
    """Return another value of the column that holds one, for a user who errs."""
    state = drill_world(Place(**drill.payload["place"])).package.states[STATE]
    for rows in state.values():
        for column in zip(*rows, strict=True):
            others = sorted({str(other) for other in column} - {str(value)})
            if value in column and others:
                return rng.choice(others)
    return f"{value}0"


def talk_of(drill: Task, requests: Sequence[Mapping[str, Any]], mode: str, manner: Manner) -> Task:
    """Put requests into one task. `calls` are those of all requests, references moved along."""
    calls = [call for request in shifted(requests) for call in request]
    needed = list(dict.fromkeys(call["tool"] for call in calls))
    offered = list(dict.fromkeys([*drill.payload["offered"], *needed]))
    kind = AMBIGUOUS if any(request["details"] for request in requests) else PLAIN
    groups = [requests] if mode == "whole" else [[request] for request in requests]
    payload = {
        **drill.payload,
        "text": "",
        "calls": calls,
        "offered": offered,
        "kind": kind,
        "mode": mode,
        "messages": [message_of(group, drill.id) for group in groups],
        "reads": [request["read"] for request in requests if request["read"]],
    }
    domain = {"kind": kind, "mode": mode, "world": f"world {drill.payload['place']['seed']}"}
    name = f"{drill.id}-{mode}-{kind}"
    return Task(name, "talks", payload, domain=domain[manner.domain], cluster=drill.id)


def message_of(group: Sequence[Mapping[str, Any]], seed: str) -> dict[str, Any]:
    """Write one message of the user, with the details that it keeps back and the calls it wants."""
    rng = random.Random(f"message {seed}")
    text = str(group[0]["text"])
    for request in group[1:]:
        text += rng.choice(JOINED) + str(request["text"])
    details = {name: detail for r in group for name, detail in r["details"].items()}
    return {"text": text, "details": details, "calls": sum(len(r["calls"]) for r in group)}


def shifted(requests: Sequence[Mapping[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield each request's calls with references counted from the talk's first call."""
    start = 0
    for request in requests:
        yield [
            {
                "tool": call["tool"],
                "args": {
                    name: {**arg, "from": arg["from"] + start} if isinstance(arg, Mapping) else arg
                    for name, arg in call["args"].items()
                },
            }
            for call in request["calls"]
        ]
        start += len(request["calls"])
