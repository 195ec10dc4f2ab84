"""From one plan to its general tasks: a query per turn, one query for all, a user to talk to."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from synth.drafts import Draft, Move
from synth.scene import Act, Fact, RowId, Scene
from synth.wording.clauses import Writer
from synth.wording.naming import STYLES, Namer, Voice
from synth.wording.replies import Reporter
from synth.wording.requests import is_me, lower_first, say_acts, turn_text, whole_text
from synth.wording.slots import ROW, Slot, slots_of

DATES = ("day", "month", "iso")
MYSELF = 0.6
TOGETHER = 0.3


@dataclass(frozen=True)
class Manner:
    """How the user of a family speaks, and in which messages it says which turns.

    `person` is the key of its persona: the id of the family's plan.
    """

    seed: int
    style: str
    dates: str
    me: RowId | None
    groups: tuple[tuple[int, ...], ...]
    person: str = ""

    def voice(self) -> Voice:
        """Return a fresh voice: the same manner makes the same choices."""
        return Voice(random.Random(self.seed), self.style, self.dates, self.me, self.person)


def manner_of(scene: Scene, rng: random.Random) -> Manner:
    """Draw a manner of speaking: one or two turns of the plan go into one message."""
    me = next((row for row in scene.mentions if is_me(scene, row)), None)
    groups: list[tuple[int, ...]] = []
    for turn in range(scene.turns):
        if groups and len(groups[-1]) == 1 and rng.random() < TOGETHER:
            groups[-1] = (*groups[-1], turn)
        else:
            groups.append((turn,))
    speaks = me if rng.random() < MYSELF else None
    seed, style, dates = rng.getrandbits(31), rng.choice(STYLES), rng.choice(DATES)
    return Manner(seed, style, dates, speaks, tuple(groups), scene.plan.id)


def steps_of(scene: Scene, turns: Collection[int]) -> tuple[str, ...]:
    return tuple(step.id for step in scene.plan.steps if step.turn in turns)


def facts_of(acts: Sequence[Act]) -> tuple[Fact, ...]:
    return tuple(fact for act in acts for fact in act.facts)


def fixed(scene: Scene, manner: Manner) -> Draft:
    """One query per subgraph, asked in turn whatever the agent says (VULCAN's mode A)."""
    voice = manner.voice()
    writer = Writer(Namer(scene, voice))
    queries = tuple(turn_text(scene, turn, writer) for turn in range(scene.turns))
    reporter = Reporter(scene, voice)
    moves = tuple(
        Move(reporter.report(scene.of(turn)), steps_of(scene, {turn}))
        for turn in range(scene.turns)
    )
    return Draft(
        scene, "general", "fixed", manner.style, moves, scene.plan.state, scene.plan.steps,
        queries=queries, facts=facts_of(scene.acts),
    )  # fmt: skip


def whole(scene: Scene, manner: Manner) -> Draft:
    """All of it in one query (the paper's ablation)."""
    voice = manner.voice()
    text = whole_text(scene, Writer(Namer(scene, voice)))
    report = Reporter(scene, voice).report(scene.acts)
    moves = (Move(report, steps_of(scene, range(scene.turns))),)
    return Draft(
        scene, "general", "whole", manner.style, moves, scene.plan.state, scene.plan.steps,
        queries=(text,), facts=facts_of(scene.acts),
    )  # fmt: skip


@dataclass
class Telling:
    """The user's side of a scenario while it is written, message by message."""

    scene: Scene
    manner: Manner
    withheld: Collection[str] = ()
    unknown: Collection[str] = ()

    def __post_init__(self) -> None:
        self.voice = self.manner.voice()
        self.namer = Namer(self.scene, self.voice)
        self.reporter = Reporter(self.scene, self.manner.voice())

    def slots(self, group: Sequence[int]) -> list[Slot]:
        """Return what can be asked about a message, in a wording that never changes."""
        acts = [act for turn in group for act in self.scene.of(turn)]
        return slots_of(acts, Namer(self.scene, self.manner.voice()))

    def subtask(self, group: Sequence[int], *, greet: bool = True) -> dict[str, Any]:
        """Write one message and what its user can be asked."""
        slots = self.slots(group)
        closed = [slot for slot in slots if slot.id in (*self.withheld, *self.unknown)]
        self.namer.withheld = {slot.target for slot in closed if slot.kind == ROW}
        values = {slot.target for slot in closed if slot.kind != ROW}
        writer = Writer(self.namer, values)
        known = self.manner.me not in self.namer.withheld
        texts = [turn_text(self.scene, group[0], writer, greet=greet, introduce=known)]
        for turn in group[1:]:
            lead = self.voice.pick("Also,", "And", "Besides,")
            texts.append(f"{lead} {lower_first(say_acts(self.scene.of(turn), writer))}")
        return {
            "text": " ".join(texts),
            "slots": [
                slot.to_json(withheld=slot.id in self.withheld, unknown=slot.id in self.unknown)
                for slot in slots
            ],
        }

    def report(self, group: Sequence[int]) -> Move:
        acts = [act for turn in group for act in self.scene.of(turn)]
        return Move(self.reporter.report(acts), steps_of(self.scene, group))


def scenario(scene: Scene, manner: Manner) -> Draft:
    """A user that says one message after another and answers questions (VULCAN's mode B)."""
    telling = Telling(scene, manner)
    return Draft(
        scene,
        "general",
        "scenario",
        manner.style,
        tuple(telling.report(group) for group in manner.groups),
        scene.plan.state,
        scene.plan.steps,
        subtasks=tuple(telling.subtask(group) for group in manner.groups),
        facts=facts_of(scene.acts),
    )
