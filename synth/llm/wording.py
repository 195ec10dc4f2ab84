"""User texts by a model: what a plan is about, in a person's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from synth.acceptance.texts import Brief, check_wording
from synth.drafts import Draft, Unfit, check, is_technical, says
from synth.llm.ask import Asker, Request
from synth.llm.prompts import load_prompt

TEXTS = {
    "type": "object",
    "properties": {"texts": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
    "required": ["texts"],
}


@dataclass(frozen=True)
class TaskWriter:
    """Word the turns of a task; what must be said is said, what is hidden stays hidden."""

    asker: Asker
    rounds: int = 2

    async def word(self, brief: Brief, sample: int = 0) -> list[str]:
        """Return one text per turn of a brief. Raises Rejected."""
        turns = [{"wish": turn.wish, "said": list(turn.said)} for turn in brief.turns]
        request = Request(
            load_prompt("wording"),
            {
                "persona": brief.persona or "an ordinary customer",
                "style": brief.style or "plain and friendly",
                "turns": turns,
                "hidden": list(brief.hidden),
            },
            TEXTS,
            lambda reply: check_wording(brief, reply["texts"]),
            self.rounds,
            sample,
        )
        return [str(text) for text in (await self.asker.ask(request))["texts"]]

    async def reword(self, draft: Draft, persona: str = "", sample: int = 0) -> Draft:
        """Return a draft in other words: each text says the same values as the rules' text.

        Acceptance is the draft's own check (`synth.drafts.check`), as for rules. Raises Rejected.
        """
        texts = texts_of(draft)
        values = list(dict.fromkeys(map(str, values_of(draft))))
        said = [[value for value in values if says(text, value)] for text in texts]
        request = Request(
            load_prompt("wording"),
            {
                "persona": persona or "an ordinary customer",
                "style": draft.style,
                "turns": [{"wish": t, "said": s} for t, s in zip(texts, said, strict=True)],
                "hidden": [n for n in draft.scene.survey.views if is_technical(n)],
            },
            TEXTS,
            lambda reply: rewording_problem(draft, values, said, reply["texts"]),
            self.rounds,
            sample,
            item=draft.scene.plan.id,
        )
        return with_texts(draft, (await self.asker.ask(request))["texts"])


def texts_of(draft: Draft) -> list[str]:
    """Return what the user says of its own accord: the queries, or the messages of a scenario."""
    return list(draft.queries) or [str(subtask["text"]) for subtask in draft.subtasks]


def with_texts(draft: Draft, texts: Sequence[str]) -> Draft:
    if draft.queries:
        return replace(draft, queries=tuple(texts))
    told = [{**s, "text": text} for s, text in zip(draft.subtasks, texts, strict=True)]
    return replace(draft, subtasks=tuple(told))


def values_of(draft: Draft) -> Iterator[Any]:
    """Yield every value that saying or not saying matters for: arguments, descriptions, facts."""
    for step in [*draft.steps, *draft.path]:
        for value in step.literals.values():
            if not isinstance(value, (bool, dict)):
                yield from value if isinstance(value, list) else [value]
    for mention in draft.scene.mentions.values():
        yield from (value for _, value in mention.told if value is not None)
    yield from (fact.value for fact in draft.facts if isinstance(fact.value, (str, int, float)))


def rewording_problem(
    draft: Draft, values: Sequence[str], said: Sequence[Sequence[str]], texts: Sequence[str]
) -> str | None:
    """Say what is wrong with new texts: each says the same of the values as the old one."""
    if len(texts) != len(said):
        return f"{len(texts)} texts were given for {len(said)} turns"
    for number, (text, before) in enumerate(zip(texts, said, strict=True), 1):
        for value in values:
            if value in before and not says(text, value):
                return f"text {number} does not say {value!r}"
            if value not in before and says(text, value):
                return f"text {number} says {value!r}, which it must not"
    try:
        check(with_texts(draft, texts))
    except Unfit as unfit:
        return f"the texts cannot be used: {unfit}"
    return None
