"""What an agent says: reports with the facts asked for, questions, refusals with their reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from synth.files import files_of
from synth.scene import Act, Scene
from synth.views import View
from synth.vocabulary import past, tokens
from synth.wording.clauses import described
from synth.wording.file_words import FileWords
from synth.wording.lexicon import attribute_of, is_plural, listed, noun_of, nouns_of, say, sentence
from synth.wording.naming import Voice
from synth.wording.slots import Slot

SURE = ("Certainly.", "Of course.", "Sure.", "")
DONE = ("Done.", "All done.", "That is taken care of.", "")


class Reporter:
    """Writes an agent's side of one conversation."""

    def __init__(self, scene: Scene, voice: Voice) -> None:
        self.scene = scene
        self.voice = voice
        self.views = scene.survey.views
        self.files = FileWords(files_of(scene.survey))

    def report(self, acts: Sequence[Act]) -> str:
        """Say what was done and what was found."""
        text = " ".join(sentence(self.tell(act)) for act in acts)
        changed = any(act.wish is None for act in acts)
        lead = self.voice.pick(*DONE) if changed else ""
        return f"{lead} {text}".strip()

    def tell(self, act: Act) -> str:
        """Report one act."""
        if self.files.knows(act):
            return self.files.report(act)
        if act.wish == "count":
            return self.count(act)
        if act.wish == "names":
            names = [say(fact.value) for fact in act.facts]
            if len(names) == 1:
                return f"there is one: {names[0]}"
            return f"these are the {nouns_of(self.views[act.tool].entity)}: {listed(names)}"
        if act.wish is not None:
            return listed(self.is_now(f.column or f.what, f.value) for f in act.facts)
        return self.change(act)

    def is_now(self, column: str, value: Any, now: str = "") -> str:
        """State a value: "the fee is now 40"."""
        noun = attribute_of(column).noun
        verb = "are" if is_plural(noun) else "is"
        return f"the {noun} {verb}{now} {say(value, self.voice.dates)}"

    def count(self, act: Act) -> str:
        number = act.facts[0].value
        table = self.views[act.tool].entity
        if number == 1:
            return f"there is 1 {noun_of(table)}"
        return f"there are {number} {nouns_of(table)}"

    def change(self, act: Act) -> str:
        """Report a change: "the loan has been cancelled"."""
        view = self.views[act.tool]
        noun = noun_of(view.entity)
        if view.archetype == "create":
            return f"the new {noun} has been set up"
        if view.archetype == "update" and act.values and act.subject is not None:
            return listed(self.is_now(c or param, value, " now") for param, c, value in act.values)
        if view.archetype == "login":
            return "you are logged in"
        if view.archetype in ("transition", "delete"):
            words = tokens(view.verb or "change")
            verb = " ".join([past(words[0]), *words[1:]]) if words else "changed"
            return f"the {noun} has been {verb}"
        return f"that has been taken care of ({' '.join(tokens(view.name))})"

    def ask(self, slots: Sequence[Slot]) -> str:
        """Ask for what is missing."""
        questions = [slot.question for slot in slots]
        lead = self.voice.pick(*SURE)
        text = listed(question.rstrip("?") for question in questions)
        return f"{lead} {sentence(text, '?')}".strip()

    def refuse(self, act: Act, reason: str) -> str:
        """Say that something cannot be done, and why."""
        wish = self.wish(act)
        return self.voice.pick(
            f"I'm sorry, I cannot {wish}: {reason}.",
            f"I'm afraid that is not possible. I cannot {wish} because {reason}.",
        )

    def give_up(self, act: Act, noun: str) -> str:
        """Say that something cannot be done without a value that nobody knows."""
        sorry = self.voice.pick("I'm sorry, but then", "In that case")
        return f"{sorry} I cannot {self.wish(act)} without the {noun}."

    def wish(self, act: Act) -> str:
        """Name what was wanted: "cancel the loan"."""
        if self.files.knows(act):
            return self.files.wish(act)
        view = self.views[act.tool]
        noun = noun_of(view.entity)
        if view.archetype == "create":
            return f"set up the new {noun}"
        if view.effect == "compute":
            return described(view)
        if act.wish is not None:
            facts = [attribute_of(column or name).noun for name, column, *_ in act.facts]
            return (
                f"look up the {noun}"
                if act.wish in ("count", "names")
                else f"tell you the {listed(facts)}"
            )
        verb = " ".join(tokens(view.verb or "change"))
        return f"{verb} the {noun}" if act.subject is not None else described(view)


def plain_reason(otherwise: str) -> str:
    """Word a guard's refusal without the key it names: "the loan can only be closed when open"."""
    named = re.fullmatch(r"\{\w+\}: (\w)(.*)", otherwise.strip().rstrip("."))
    if named:
        return named.group(1).lower() + named.group(2)
    text = re.sub(r"\b(\w+) \{\w+\}", r"the \1", otherwise.strip().rstrip("."))
    return re.sub(r"\s+", " ", re.sub(r"\{\w+\}", "it", text))


def words_of(view: View) -> tuple[str, ...]:
    """Return words by which a refusal of a call is known to be about it: its noun, its verb."""
    verb = tokens(view.verb)[0] if view.verb else ""
    words = (*tokens(view.name), *described(view).split())
    return tuple(
        dict.fromkeys([noun_of(view.entity), verb.removesuffix("e"), *filter(is_telling, words)])
    )


def is_telling(word: str) -> bool:
    """Say whether a word says more than that something is asked for."""
    return len(word) > 3 and word.isalpha() and word not in ("with", "from", "that", "this")
