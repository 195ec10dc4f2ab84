"""Talks as a benchmark: an agent that must ask, with a user by rule, sloppy by rule, or a model."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from harness.benchmark import Benchmark
from harness.faults import UserMistake
from harness.limits import Limits
from harness.parties import ModelParty
from harness.protocols import Model, Party
from harness.seeds import seed_for
from harness.types import Episode, Message, Task, ToolCall, ToolSpec, Verdict
from synth.drills.benchmark import VERSION as DRILLS
from synth.drills.benchmark import expected, same, world_of
from synth.drills.levels import LEVELS, Split
from synth.drills.oracle import DONE, Careless, gold_of, require_slip
from synth.drills.tasks import resolve
from synth.talks.tasks import Manner, TalkTasks
from synth.talks.users import FAITHFUL, GOODBYE, SLOPPY, Faithful, Sloppy, brief

VERSION = "1"
USERS = ("faithful", "sloppy", "model")
PATIENCE = 8  # steps beyond those that an agent needs who does all of it


def talks(
    split: str = "test",
    count: int = 100,
    seed: int = 0,
    *,
    level: str = "values",
    user: str = "faithful",
    rate: float = 0.5,
    oracle: bool = False,
    slip: float = 0.0,
    drills: Mapping[str, Any] | None = None,
    told: Mapping[str, Any] | None = None,
) -> Benchmark:
    """Bundle the talks of `count` drills of the training split, or of one held-out level.

    `user` is faithful, sloppy (slips at `rate` of the questions) or a model. An oracle asks for
    what it lacks and makes the gold calls: that is how training episodes come about; at `slip` of
    them it goes wrong (`synth.drills.oracle.Careless`). `drills` are fields of
    `synth.drills.levels.Split`, `told` those of `Manner`.
    """
    for name, value, known in (
        ("split", split, ("train", "test")),
        ("level", level, LEVELS),
        ("user", user, USERS),
    ):
        if value not in known:
            raise UserMistake(f"talks: {name}={value!r}: choose from {', '.join(known)}")
    require_slip(slip, oracle)
    if not 0 <= rate <= 1:
        raise UserMistake(f"rate={rate} is a share from 0 to 1 of a sloppy user's answers")
    manner, shape = Manner(**(told or {})), Split(**(drills or {}))
    label = {"faithful": FAITHFUL, "sloppy": SLOPPY}.get(user)
    return Benchmark(
        name="talks",
        version=f"{VERSION} of drills {DRILLS}",
        tasks=TalkTasks("train" if split == "train" else level, count, seed, shape, manner),
        environment=world_of,
        user=partial(make_user, user, rate, seed),
        agent=partial(make_oracle, slip) if oracle else make_agent,
        limits=lambda task: Limits(steps=PATIENCE + 3 * replies(task)),
        replies=replies,
        notes={
            "split": split,
            "trainable": split == "train",
            **({"user": label} if label else {}),
        },
    )


def make_user(
    kind: str, rate: float, seed: int, task: Task, trial: int, model: Model | None
) -> Party:
    """Seat the user; a sloppy one slips at other questions in every trial and under every seed."""
    if kind == "faithful":
        return Faithful(task)
    if kind == "sloppy":
        return Sloppy(task, rate, random.Random(seed_for(seed, task.id, trial)))
    if model is None:
        raise UserMistake("the user is a model: set model@user_model=…, or user=faithful")
    return ModelParty("user", model, brief(task), (GOODBYE,))


def make_agent(task: Task, trial: int, model: Model) -> Party:
    return ModelParty("agent", model)


def make_oracle(slip: float, task: Task, trial: int, model: Model) -> Party:
    """Seat the oracle, or a careless one."""
    text = "".join(message["text"] for message in task.payload["messages"])
    return Careless(Oracle(task), task, text, slip) if slip else Oracle(task)


def replies(task: Task) -> int:
    """Count what an agent says that does all of it: questions, calls, and one word at the end."""
    messages = task.payload["messages"]
    return sum(len(message["details"]) + message["calls"] + 1 for message in messages)


class Oracle:
    """Ask for every detail that was kept back, make the calls of the message, say it is done."""

    system = ""

    def __init__(self, task: Task) -> None:
        self.calls = gold_of(task)
        self.messages = list(task.payload["messages"])
        self.asking: list[str] = []
        self.until = 0

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        results = [json.loads(line.text) for line in log if line.author == "tool"]
        if log[-1].author == "user" and not self.asking and len(results) == self.until:
            if not self.messages:
                return Message("agent", DONE)
            message = self.messages.pop(0)
            self.asking = list(message["details"])
            self.until += message["calls"]
        if self.asking:
            return Message("agent", question(self.asking.pop(0)))
        if len(results) == self.until:
            return Message("agent", DONE)
        call = self.calls[len(results)]
        made = ToolCall(f"call_{len(log)}_0", call.tool, resolve(call, results))
        return Message("agent", calls=(made,))


def question(detail: str) -> str:
    return f"What is the {detail} ?"


class TalkEvaluator:
    """Compare the world with what the gold calls make of it; every request that only reads must
    have had its last call made."""

    def __init__(self, judge: object = None) -> None:
        pass

    async def __call__(self, task: Task, episode: Episode) -> Verdict:
        state, _ = expected(json.dumps(task.payload, default=dict, sort_keys=True))
        right_state = json.dumps(episode.state, sort_keys=True) == state
        made = [c for m in episode.log if m.author == "agent" for c in m.calls if c.raw is None]
        read = all(
            any(c.name == gold["tool"] and same(c.arguments, gold["args"]) for c in made)
            for gold in task.payload["reads"]
        )
        passed = right_state and read
        return Verdict(float(passed), passed, {"state": right_state, "read": read})
