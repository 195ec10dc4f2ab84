"""A task before it is assembled and checked: what is said, what is done, what must hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from synth.plans import Step
from synth.scene import Fact, Scene
from synth.wording.lexicon import ways_to_say

Kind = Literal["general", "ambiguous", "changing", "infeasible", "abnormal"]
Mode = Literal["fixed", "whole", "scenario"]
KINDS: tuple[Kind, ...] = ("general", "ambiguous", "changing", "infeasible", "abnormal")
MODES: tuple[Mode, ...] = ("fixed", "whole", "scenario")
MODE_NAMES = {"fixed": "fixed_queries", "whole": "one_query", "scenario": "user_scenario"}


def refusal(*about: str) -> Mapping[str, Any]:
    """Expect that the agent says no, and names one of these words as what it says no to."""
    return {"kind": "refusal", "about": [word for word in about if word]}


DECIMAL = re.compile(r"(?<![\w.])-?\d+\.\d{2,}(?!\w|\.\d)")


class Unfit(Exception):
    """A task that cannot be made, or that a check refuses; the text says which."""


@dataclass(frozen=True)
class Move:
    """What the reference agent does when it has the floor: calls, then words."""

    say: str
    steps: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"steps": list(self.steps), "say": self.say}


@dataclass(frozen=True)
class Draft:
    """One task to be. `queries` (fixed, whole) or `subtasks` (scenario) are what the user says.

    `steps` are the gold plan; `path` is what the reference agent does against this user, where
    that is more (a change of mind after the first write). `required` and `forbidden` are patterns
    of calls, `expects` what the agent must say beside the facts.
    """

    scene: Scene
    kind: Kind
    mode: Mode
    style: str
    moves: tuple[Move, ...]
    state: Mapping[str, Any]
    steps: tuple[Step, ...]
    path: tuple[Step, ...] = ()
    queries: tuple[str, ...] = ()
    subtasks: tuple[Mapping[str, Any], ...] = ()
    facts: tuple[Fact, ...] = ()
    required: tuple[Mapping[str, Any], ...] = ()
    forbidden: tuple[Mapping[str, Any], ...] = ()
    expects: tuple[Mapping[str, Any], ...] = ()
    removed: tuple[str, ...] = ()
    behaviour: Mapping[str, Any] = field(default_factory=dict)

    @property
    def visible(self) -> str:
        """Return everything that the user says or may say."""
        texts = list(self.queries)
        for subtask in self.subtasks:
            texts.append(subtask["text"])
            texts += [slot["answer"] for slot in subtask["slots"]]
            texts += [subtask["drift"]["text"]] if subtask.get("drift") else []
        return "\n".join(texts)


def says(text: str, value: Any) -> bool:
    """Say whether a text holds a value in one of the forms in which people write it."""
    lowered = text.lower()
    if isinstance(value, float) and any(rounds_to(value, m) for m in DECIMAL.findall(lowered)):
        return True
    return any(
        form in lowered and re.search(rf"(?<![\w.]){re.escape(form)}(?!\w|\.\d)", lowered)
        for form in ways_to_say(value)
    )


def rounds_to(value: float, number: str) -> bool:
    """Say whether a number in a text is a value, rounded to no less than two decimals."""
    return round(value, len(number.partition(".")[2])) == float(number)


def check(draft: Draft) -> None:
    """Refuse a task that cannot be solved from what is said, that leaks, or gives facts away.

    Raises Unfit naming the check.
    """
    visible = draft.visible
    taken = {value for step in draft.steps for value in map(str, step.literals.values())}
    for step in [*draft.steps, *draft.path]:
        for value in step.literals.values():
            if not is_said(visible, value) and draft.behaviour.get("unknown") != str(value):
                raise Unfit("a value that nobody says")
    for name in draft.scene.survey.views:
        if is_technical(name) and name.lower() in visible.lower():
            raise Unfit("a tool's name in the text")
    for mention in draft.scene.mentions.values():
        if mention.how != "given" and str(mention.key) not in taken and leaks(visible, mention.key):
            raise Unfit("a key in the text")
    for fact in draft.facts:
        if says(visible, fact.value):
            raise Unfit("a fact in the text")


def is_said(text: str, value: Any) -> bool:
    if isinstance(value, list):
        return all(is_said(text, item) for item in value)
    return isinstance(value, (bool, dict)) or says(text, value)


def is_technical(name: str) -> bool:
    """Say whether a name could not be an English word."""
    return "_" in name or (name != name.lower() and name != name.capitalize())


def leaks(text: str, key: Any) -> bool:
    """Say whether a text holds a key; small numbers are in every text by chance."""
    if isinstance(key, str):
        return len(key) > 2 and not key.isdigit() and key.lower() in text.lower()
    return len(str(key)) > 3 and re.search(rf"\b{key}\b", text) is not None
