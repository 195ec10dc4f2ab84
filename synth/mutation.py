"""Mutation test of the verifier: play every mutant and count what the verdict notices."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.episode import run_episode
from harness.limits import Limits
from harness.parties import Script
from harness.protocols import Party
from harness.types import Episode, Task
from synth.agents import Oracle
from synth.mutants import Payload, mutants
from synth.survey import Survey
from synth.users import ScriptedUser
from synth.verify import judge_episode
from synth.world import SqlWorld

LIMITS = Limits(steps=120, errors=30)


async def play(task: Task, payload: Payload, survey: Survey) -> Episode:
    """Play a payload's moves in the task's world against the task's own user."""
    world = SqlWorld(survey.blueprint(payload["state_id"]), payload["tools_offered"])
    queries: Sequence[str] = task.payload["queries"]
    user: Party = Script("user", queries) if queries else ScriptedUser(task.payload["scenario"])
    return await run_episode(task, world, Oracle(payload), user, LIMITS)


@dataclass
class Score:
    """How many mutants were noticed, by kind. `equivalent` ones end exactly as the reference does:
    same final state, same words; they are no errors and are counted apart."""

    killed: Counter[str] = field(default_factory=Counter)
    equivalent: Counter[str] = field(default_factory=Counter)
    survived: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[str, str]] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.killed.total() + self.equivalent.total() + self.survived.total()

    @property
    def rate(self) -> float:
        """Return the share of mutants killed among those that are errors."""
        real = self.killed.total() + self.survived.total()
        return self.killed.total() / real if real else 0.0

    def to_json(self) -> dict[str, Any]:
        return {
            "mutants": self.total,
            "killed": self.killed.total(),
            "equivalent": self.equivalent.total(),
            "survived": self.survived.total(),
            "kill_rate": round(self.rate, 4),
            "kill_rate_of_all": round(self.killed.total() / max(1, self.total), 4),
            "by_kind": {
                kind: [self.killed[kind], self.equivalent[kind], self.survived[kind]]
                for kind in sorted({*self.killed, *self.equivalent, *self.survived})
            },
        }


async def mutation_test(
    tasks: Iterable[tuple[Task, Survey]], rng: random.Random, score: Score | None = None
) -> Score:
    """Play every mutant of every task and count what the verdict says of it."""
    score = score or Score()
    for task, survey in tasks:
        gold = await play(task, dict(task.payload), survey)
        for mutant in mutants(task, survey, rng):
            episode = await play(task, mutant.payload, survey)
            if not judge_episode(task.payload, episode).passed:
                score.killed[mutant.kind] += 1
            elif outcome(episode) == outcome(gold):
                score.equivalent[mutant.kind] += 1
            else:
                score.survived[mutant.kind] += 1
                score.examples.append((task.id, mutant.kind))
    return score


def outcome(episode: Episode) -> tuple[str, tuple[str, ...]]:
    """Return what an episode comes to: the final state and everything the agent said."""
    words = tuple(m.text for m in episode.log if m.author == "agent" and m.text)
    return json.dumps(episode.state, sort_keys=True), words
