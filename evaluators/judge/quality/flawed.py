"""Planted errors, second generator: agents with one bad habit carry a plan out, live.

It shares nothing with the first generator but the worlds and their plans: no finished run is
edited, habits act while the run happens, replies are worded otherwise, worlds fail by themselves.
It is never used to tune a rule.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaluators.judge.case import Case
from evaluators.judge.quality.bases import Ask, Base, Respond, case_from
from evaluators.judge.quality.planted import Planted
from harness.types import Message, ToolCall


@dataclass
class Stage:
    """A run under way: the world, the log so far, and what the agent remembers of answers."""

    base: Base
    respond: Respond
    rng: random.Random
    log: list[Message] = field(default_factory=list)
    answers: list[tuple[str, str]] = field(default_factory=list)
    flawed: bool = False
    trouble: bool = False

    def hear(self, text: str) -> None:
        self.log.append(Message("user", text))

    def say(self, text: str) -> None:
        self.log.append(Message("agent", text))

    def call(self, *calls: tuple[str, Mapping[str, Any]]) -> list[tuple[str, bool]]:
        """Make calls in one message; returns (answer, is an error) of each."""
        made = tuple(
            ToolCall(f"t{len(self.log)}.{n}", name, dict(given))
            for n, (name, given) in enumerate(calls)
        )
        self.log.append(Message("agent", calls=made))
        results = [self.respond(call.name, call.arguments) for call in made]
        for call, (text, error) in zip(made, results, strict=True):
            self.log.append(Message("tool", text, owner="agent", call_id=call.id, error=error))
            self.answers.append((call.name, text))
            self.trouble = self.trouble or error or '"error"' in text
        return results

    def seen(self) -> str:
        """Everything the agent could have read so far."""
        shown = [m.text for m in self.log if m.author != "agent"]
        return "\n".join([self.base.policy, *shown, *(t.text for t in self.base.tools.values())])

    def case(self, **about: Any) -> Case:
        return case_from(self.base, self.log, **about)


Habit = Callable[[Stage, Ask], None]
"""How one sub-task is dealt with."""


def diligent(stage: Stage, ask: Ask) -> None:
    """Do what was asked, call by call, and sum it up."""
    stage.hear(ask.request)
    texts = [stage.call((c.name, c.arguments))[0][0] for c in ask.calls]
    stage.say(summary(texts, stage.rng))


def summary(texts: Sequence[str], rng: random.Random) -> str:
    """Word a reply out of the last answer."""
    opening = rng.choice(["All set!", "That is taken care of.", "There you go:", "Sure."])
    facts = facts_of(texts[-1]) if texts else []
    told = " ".join(f"The {name.replace('_', ' ')} is {value}." for name, value in facts[:3])
    return (
        f"{opening} {told} {rng.choice(['Anything else?', 'Happy to help further.', ''])}".strip()
    )


def facts_of(text: str) -> list[tuple[str, Any]]:
    try:
        value = json.loads(text)
    except ValueError:
        return []
    items = value.items() if isinstance(value, dict) else []
    return [(k, v) for k, v in items if isinstance(v, str | int | float) and len(str(v)) < 40]


@dataclass(frozen=True)
class Character:
    """An agent: how it deals with the chosen sub-task, which ones it may be chosen for, and what
    its habit is an example of. `all_asks`: the habit governs the whole run."""

    name: str
    habit: Habit
    truth: frozenset[str]
    fits: Callable[[Base, Ask], bool] = lambda base, ask: bool(ask.calls)
    all_asks: bool = False
    world: Callable[[Respond, random.Random, Ask], Respond] | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    allowed: frozenset[str] = frozenset()


def perform(base: Base, character: Character, rng: random.Random) -> Planted | None:
    """Let a character carry a plan out. None where its habit found nothing to spoil."""
    places = [n for n, ask in enumerate(base.asks) if character.fits(base, ask)]
    if not places:
        return None
    chosen = rng.choice(places)
    respond = base.open()
    if character.world:
        respond = character.world(respond, rng, base.asks[chosen])
    stage = Stage(base, respond, rng)
    for number, ask in enumerate(base.asks):
        habit = character.habit if character.all_asks or number == chosen else diligent
        habit(stage, ask)
    if character.truth and not stage.flawed:
        return None
    consequences = CONSEQUENCES if stage.trouble else frozenset()
    case = stage.case(passed=False if character.truth else None, **character.about)
    kind = character.name if character.truth else f"control: {character.name}"
    allowed = (character.allowed | consequences) - character.truth
    return Planted(case, kind, character.truth, allowed)


CONSEQUENCES = frozenset({"Tool Execution Error", "Failed to Recover", "Authorization Failure"})


def performed(
    bases: Sequence[Base], characters: Sequence[Character], seed: int
) -> Iterator[Planted]:
    """Yield every character's run of every base."""
    for base in bases:
        for character in characters:
            rng = random.Random(f"{character.name}:{base.id}:{seed}")
            if made := perform(base, character, rng):
                yield made
