"""What a user can be asked for: the question an agent puts, how it is recognised, the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from synth.files import files_of
from synth.random.naming import plural
from synth.scene import Act, Mention, RowId
from synth.values import DATE
from synth.wording.file_words import FileWords
from synth.wording.lexicon import attribute_of, noun_of, say, sentence
from synth.wording.naming import Namer

ROW, VALUE = "row", "value"


@dataclass(frozen=True)
class Slot:
    """One thing a user knows. `cues` are patterns; a question that fits one asks for it.

    `target` is the row, or (step, parameter), that stays open until it is told.
    """

    id: str
    kind: str
    target: Any
    question: str
    answer: str
    cues: tuple[str, ...]
    literals: tuple[Any, ...]

    def to_json(self, *, withheld: bool = False, unknown: bool = False) -> dict[str, Any]:
        return {
            "id": self.id,
            "answer": self.answer,
            "cues": list(self.cues),
            "withheld": withheld,
            "unknown": unknown,
        }


def value_slots(act: Act, namer: Namer) -> list[Slot]:
    """Return a slot per value that the user gives for an act."""
    slots = []
    files = FileWords(files_of(namer.scene.survey))
    for param, column, value in act.values:
        named = files.noun(act.tool, param)
        noun = named or attribute_of(column or param).noun
        said = say(value, namer.voice.dates)
        answer = namer.voice.pick(f"the {noun} should be {said}", f"{said} for the {noun}")
        if named:
            answer = f"the {noun} should be {said}"
        slots.append(
            Slot(
                f"value:{act.step}:{param}",
                VALUE,
                (act.step, param),
                f"what should the {noun} be?",
                sentence(f"{answer}, please" if answer.startswith(said) else answer),
                value_cues(noun, param, value),
                (value,),
            )
        )
    return slots


def value_cues(noun: str, param: str, value: Any) -> tuple[str, ...]:
    """Return patterns of questions that ask for a value."""
    cues = [rf"\b{re.escape(noun)}s?\b"]
    if param.lower() != noun:
        cues.append(rf"\b{re.escape(param.lower())}\b")
    if isinstance(value, str) and DATE.fullmatch(value):
        cues += [r"\b(which|what) (date|day)\b", r"\bwhen (should|would|do|shall|will)\b"]
    return tuple(cues)


def row_slot(mention: Mention, namer: Namer, role: RowId | None) -> Slot:
    """Return the slot of what tells a row apart; `role` is the row that the user is."""
    noun = noun_of(mention.table)
    literals = tuple(value for _, value in mention.told)
    slot_id = f"row:{mention.table}:{mention.step}"
    if mention.id == role:
        name = str(mention.told[0][1])
        answer = namer.voice.pick(f"I'm {name}.", f"My name is {name}.")
        question = "may I have your name, please?"
        return Slot(slot_id, ROW, mention.id, question, answer, name_cues(noun), literals)
    one = namer.the_one(mention)
    answer = namer.voice.pick(sentence(one), sentence(f"I mean {one}"))
    question = f"which {noun} do you mean?"
    return Slot(slot_id, ROW, mention.id, question, answer, row_cues(noun), literals)


def name_cues(noun: str) -> tuple[str, ...]:
    """Return patterns of questions about who the user is."""
    return (
        r"\b(your|full) (full |first |last )?name\b",
        r"\bwho (are you|am i|is speaking)\b",
        r"\bidentify yourself\b",
        rf"\b{noun} (id|number|code|name|reference)\b",
        r"\bwhich \w+ are you\b",
    )


def row_cues(noun: str) -> tuple[str, ...]:
    """Return patterns of questions about which row is meant."""
    what = "name|title|label|id|number|code|reference|identifier|details"
    return (
        rf"\bwhich (of (your|the|their|our) )?(\w+ )?({noun}|{plural(noun)})\b",
        r"\bwhich one\b",
        rf"\bwhat {noun}\b",
        rf"\b{noun}('s)? ({what})\b",
        rf"\b({what}) (of|for) (the|that|this|your) {noun}\b",
        rf"\b(identify|specify|find|locate) (the|that|this|your) {noun}\b",
    )


def slots_of(acts: Sequence[Act], namer: Namer) -> list[Slot]:
    """Return what a user can be asked for about some acts: rows first, then values."""
    scene = namer.scene
    rows: dict[RowId, Mention] = {}
    for act in acts:
        for row in [*act.about, *([act.subject] if act.subject else [])]:
            collect(scene.mentions, row, rows)
    steps = {step.id: step.turn for step in scene.plan.steps}
    turns = {act.turn for act in acts}
    slots = [
        row_slot(mention, namer, namer.voice.me)
        for mention in rows.values()
        if mention.how == "found" and mention.told and steps[mention.step] in turns
    ]
    asked = [act for act in acts if act.wish in (None, "result")]
    return slots + [slot for act in asked for slot in value_slots(act, namer)]


def collect(mentions: Any, row: RowId, into: dict[RowId, Mention]) -> None:
    """Collect a row and the rows it is told by."""
    mention = mentions[row]
    if row in into:
        return
    for owner in mention.owners:
        collect(mentions, owner, into)
    if mention.child is not None:
        collect(mentions, mention.child, into)
    into[row] = mention
