"""Tasks of the rules in a model's words: the same values said, nothing more given away."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import pytest

from harness.models.scripted import ScriptedModel
from synth.drafts import Draft, Unfit, check, says
from synth.families import fixed, manner_of, scenario
from synth.generate import Maker
from synth.llm.ask import Asker, Rejected
from synth.llm.wording import TaskWriter, rewording_problem, texts_of, values_of
from synth.random import random_world


def drafts() -> list[Draft]:
    """Return some drafts of a random world, as queries and as scenarios, that say values."""
    maker = Maker(random_world(7))
    found: list[Draft] = []
    while len(found) < 8:
        scene = maker.scene()
        if scene is None:
            continue
        manner = manner_of(scene, random.Random(len(found)))
        draft = (fixed, scenario)[len(found) % 2](scene, manner)
        try:
            check(draft)
        except Unfit:
            continue
        if any(says(texts_of(draft)[0], value) for value in values_of(draft)):
            found.append(draft)
    return found


DRAFTS = drafts()


def writer(*replies: Any) -> TaskWriter:
    texts = [json.dumps({"texts": reply}) for reply in replies]
    return TaskWriter(Asker(ScriptedModel(lambda *_: texts.pop(0))))


@pytest.mark.parametrize("number", range(len(DRAFTS)))
def test_other_words_with_the_same_values_are_taken(number: int) -> None:
    draft = DRAFTS[number]
    texts = [f"Well now. {text}" for text in texts_of(draft)]
    made = asyncio.run(writer(texts).reword(draft))
    assert texts_of(made) == texts
    assert made.steps == draft.steps
    assert [s["slots"] for s in made.subtasks] == [s["slots"] for s in draft.subtasks]


def spoiled(draft: Draft, name: str) -> list[str]:
    first, *rest = texts_of(draft)
    value = next(str(v) for v in values_of(draft) if says(first, v))
    more = {
        "a turn more": [first, *rest, "And thanks."],
        "a value lost": ["Please do it.", *rest],
        "a tool's name": [f"{first} Use {next(iter(draft.scene.survey.views))}.", *rest],
    }
    assert value
    return more[name]


@pytest.mark.parametrize("name", ["a turn more", "a value lost", "a tool's name"])
def test_other_words_that_say_less_or_more_are_repaired_or_rejected(name: str) -> None:
    technical = [d for d in DRAFTS if "_" in next(iter(d.scene.survey.views))]
    draft = (technical or DRAFTS)[0]
    if name == "a tool's name" and not technical:
        pytest.skip("this world's tools are named in plain words")
    bad, good = spoiled(draft, name), texts_of(draft)
    assert texts_of(asyncio.run(writer(bad, good).reword(draft))) == good
    with pytest.raises(Rejected, match="text"):
        asyncio.run(writer(bad, bad).reword(draft))


def test_a_value_that_was_kept_back_is_not_told() -> None:
    draft = DRAFTS[0]
    values = [*map(str, values_of(draft)), "Kestrel Lane 9"]
    said = [[v for v in values if says(text, v)] for text in texts_of(draft)]
    texts = [f"{text} At Kestrel Lane 9." for text in texts_of(draft)]
    assert "which it must not" in str(rewording_problem(draft, values, said, texts))
    assert rewording_problem(draft, values, said, texts_of(draft)) is None
