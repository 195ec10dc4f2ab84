"""What one act is in words: a request ("cancel my trial") or a question, with slots left out."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from synth.files import files_of
from synth.random.naming import plural
from synth.scene import Act, RowId
from synth.views import View
from synth.vocabulary import tokens
from synth.wording.file_words import FileWords
from synth.wording.lexicon import attribute_of, listed, noun_of, nouns_of, say
from synth.wording.naming import Namer

VAGUE = re.compile(
    r"[,;(]| (?:with|using|based on|by|from|for|of|in|to|at|on) (?:the |a |an )?"
    r"(?:specified|given|provided|requested|particular|certain|specific)\b"
)
OPENINGS = ("set up", "open", "create", "add")
MAKING = frozenset({"create", "add", "open", "make", "new", "register", "file", "set"})
SENDING = frozenset({"send", "post", "place", "purchase", "buy", "submit", "issue", "schedule"})
MARKS = {"complete": "completed", "finish": "finished", "end": "ended", "start": "started"}


@dataclass(frozen=True)
class Clause:
    """`text` of a request is a verb phrase; of a question, what is asked for ("the fee of …").

    `question` holds a whole question where "what is …" would not do.
    """

    text: str
    asks: bool = False
    question: str = ""


class Writer:
    """Writes the acts of one conversation in order; names become pointers as it goes on.

    `open_values` are (step, parameter) that the user does not tell yet.
    """

    def __init__(self, namer: Namer, open_values: Collection[tuple[str, str]] = ()) -> None:
        self.namer = namer
        self.voice = namer.voice
        self.views = namer.scene.survey.views
        self.kinds = namer.scene.survey.kinds
        self.open_values = open_values
        self.files = FileWords(files_of(namer.scene.survey))

    def clause(self, act: Act) -> Clause:
        """Write one act."""
        if self.files.knows(act):
            return self.of_files(act)
        if act.wish in ("count", "names"):
            return self.search(act)
        if act.wish == "fields" and act.subject is not None:
            return self.fields(act, act.subject)
        view = self.views[act.tool]
        if act.wish == "result":
            return self.result(act, view)
        write = {
            "create": self.create,
            "update": self.update,
            "transition": self.transition,
            "delete": self.transition,
        }.get(view.archetype)
        text = write(act) if write and act.subject is not None else ""
        return Clause(text or self.plain(act, view), asks=False)

    def of_files(self, act: Act) -> Clause:
        if act.wish is None:
            return Clause(self.files.request(act, self.open_values, self.voice))
        asked = self.files.question(act, self.open_values, self.voice)
        return Clause(asked, asks=True, question=asked)

    def spoken(self, act: Act) -> list[tuple[str, Any, str]]:
        """Return (column, value, words) of the values that are told."""
        return [
            (column or param, value, say(value, self.voice.dates))
            for param, column, value in act.values
            if (act.step, param) not in self.open_values
        ]

    def details(self, act: Act) -> str:
        """Give all values: " with high priority and a weight of 7"."""
        parts = [attribute_of(column).given(value, v) for column, value, v in self.spoken(act)]
        return f" with {listed(parts)}" if parts else ""

    def unspoken(self, act: Act) -> list[str]:
        return [
            attribute_of(column or param).noun
            for param, column, _ in act.values
            if (act.step, param) in self.open_values
        ]

    def create(self, act: Act) -> str:
        """ "set up a new loan for the boat Blue Heron on behalf of Ada Costa with …"."""
        assert act.subject is not None
        verb = self.views[act.tool].verb
        if verb not in MAKING and verb not in SENDING:
            return ""
        opening = self.voice.pick(*OPENINGS) if verb in MAKING else verb
        words = [opening, "a new", noun_of(act.subject[0]), *self.parties(act)]
        self.namer.note(act.subject)
        return " ".join(words) + self.details(act)

    def parties(self, act: Act) -> list[str]:
        """Say for whom and for what: those of another row in short ("the same boat as …")."""
        mentions = self.namer.scene.mentions
        rows = [row for row in act.about if row != self.voice.me]
        new = [row for row in rows if row not in self.namer.said]
        children = {mentions[row].child for row in new if mentions[row].how == "parent"}
        if len(new) == len(rows) > 0 and len(children) == 1 and None not in children:
            (child,) = children
            assert child is not None
            known = child in self.namer.said
            text = f"that {noun_of(child[0])}" if known else self.namer.name(child)
            for row in new:
                self.namer.note(row)
            return [f"for the same {listed(noun_of(row[0]) for row in new)} as {text}"]
        persons = [row for row in rows if self.kinds.get(row[0]) == "person"]
        things = [row for row in rows if row not in persons]
        words = [f"for {self.namer.name(row)}" for row in things]
        link = "on behalf of" if things else "for"
        return words + [f"{link} {self.namer.name(row)}" for row in persons]

    def update(self, act: Act) -> str:
        """ "change the fee of the boat Blue Heron to 40 and its size to large"."""
        assert act.subject is not None
        changes = [(attribute_of(column).noun, v) for column, _, v in self.spoken(act)]
        vague = self.unspoken(act)
        first = self.attribute((changes[0][0] if changes else vague[0]), act.subject)
        if not changes:
            return f"change {listed([first, *(f'the {noun}' for noun in vague[1:])])}"
        others = [f"the {noun} to {value}" for noun, value in changes[1:]]
        verb = self.voice.pick("change", "set", "update")
        text = f"{verb} {listed([f'{first} to {changes[0][1]}', *others])}"
        return f"{text} and change the {listed(vague)} as well" if vague else text

    def attribute(self, noun: str, row: RowId) -> str:
        """Name an attribute of a row: "my tier", "its fee", "the fee of the boat"."""
        owner = self.namer.of(row)
        return f"{owner} {noun}" if owner else f"the {noun} of {self.namer.name(row)}"

    def transition(self, act: Act) -> str:
        """ "cancel my loan", "mark it as completed"."""
        assert act.subject is not None
        view = self.views[act.tool]
        row = self.namer.name(act.subject)
        verb = " ".join(tokens(view.verb)) or "change"
        if verb in MARKS and self.voice.rng.random() < 0.5:
            return f"mark {row} as {MARKS[verb]}"
        return f"{verb} {row}{self.details(act)}"

    def plain(self, act: Act, view: View) -> str:
        """Say what a tool of no known kind does, by its description's first words."""
        if view.archetype == "login":
            return f"log me in{self.details(act)}"
        text = described(view)
        rows = [self.namer.name(row) for row in act.about]
        return f"{text}{f' for {listed(rows)}' if rows else ''}{self.details(act)}"

    def result(self, act: Act, view: View) -> Clause:
        """Ask for what a tool of no known kind returns: "my balance", or what a call gives."""
        nouns = [attribute_of(fact.column or fact.what).noun for fact in act.facts]
        if not act.values and not act.about:
            return Clause(f"the {listed(nouns)}", asks=True)
        return Clause(f"{self.plain(act, view)} and tell me the {listed(nouns)}")

    def fields(self, act: Act, row: RowId) -> Clause:
        nouns = [attribute_of(column or name).noun for name, column, *_ in act.facts]
        if len(nouns) == 1:
            return Clause(self.attribute(nouns[0], row), asks=True)
        owner = self.namer.of(row)
        if owner:
            return Clause(f"{owner} {listed(nouns)}", asks=True)
        return Clause(f"the {listed(nouns)} of {self.namer.name(row)}", asks=True)

    def search(self, act: Act) -> Clause:
        """ "how many large boats are there?", "which boats are in good condition?"."""
        view = self.views[act.tool]
        front, back = self.filters(act)
        persons = [row for row in act.about if self.kinds.get(row[0]) == "person"]
        things = [row for row in act.about if row not in persons]
        back += [f"for {self.namer.within(row)}" for row in things]
        nouns = " ".join([*front, nouns_of(view.entity), *back])
        if act.wish == "names":
            label = plural(attribute_of(act.facts[0].column).noun)
            return Clause(f"the {label} of all {nouns}", asks=True)
        if persons and persons[0] == self.voice.me:
            return Clause(nouns, True, f"how many {nouns} do I have?")
        if persons:
            return Clause(nouns, True, f"how many {nouns} does {self.namer.name(persons[0])} have?")
        return Clause(nouns, True, f"how many {nouns} are there?")

    def filters(self, act: Act) -> tuple[list[str], list[str]]:
        front, back = [], []
        for column, value, words in self.spoken(act):
            phrase = attribute_of(column)
            if phrase.before:
                front.append(phrase.before.format(v=words))
            else:
                back.append(phrase.told_after(value, words))
        return front, back


def described(view: View) -> str:
    """Say what a tool does in the first words of its description, else in those of its name."""
    about = view.about.split("Tool description:")[-1].strip()
    words = VAGUE.split(about.split(".")[0].split("\n")[0])[0].split()
    known = 1 < len(words) <= 14 and words[0][:1].isupper() and words[0].isalpha()
    return base(words) if known else " ".join(tokens(view.name))


def base(words: Sequence[str]) -> str:
    """Turn "Calculates the mean …" into "calculate the mean …"."""
    first = words[0].lower()
    if first.endswith(("ches", "shes", "sses", "xes")):
        first = first[:-2]
    elif first.endswith("ies") and len(first) > 4:
        first = first[:-3] + "y"
    elif first.endswith("s") and not first.endswith("ss"):
        first = first[:-1]
    return " ".join([first, *words[1:]])
