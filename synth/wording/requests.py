"""What a user says in a turn: the acts as sentences in one style, with openings and thanks."""

from __future__ import annotations

from collections.abc import Sequence

from synth.scene import Act, RowId, Scene
from synth.wording.clauses import Clause, Writer
from synth.wording.lexicon import is_plural, listed, sentence
from synth.wording.naming import Voice
from synth.wording.personas import persona_of

DO = {
    "polite": (
        "Could you please {vp}?",
        "I would like you to {vp}.",
        "Would you {vp}, please?",
        "Please {vp}.",
    ),
    "direct": ("Please {vp}.", "I need you to {vp}.", "{vp}, please.", "I want to {vp}."),
    "casual": ("Can you {vp}?", "I'd like to {vp}.", "Could you {vp}?", "I want to {vp}."),
    "brief": ("{vp}.", "Please {vp}."),
}
ASK = {
    "polite": ("Could you tell me {np}, please?", "I would like to know {np}.", "What {is_} {np}?"),
    "direct": ("What {is_} {np}?", "Tell me {np}.", "I need to know {np}."),
    "casual": ("What {is_} {np}?", "Can you tell me {np}?", "Do you know {np}?"),
    "brief": ("What {is_} {np}?", "I need {np}."),
}
HELLO = {
    "polite": ("Hello.", "Good morning.", "Good afternoon."),
    "direct": ("Hello.", "", ""),
    "casual": ("Hi.", "Hi there.", "Hey."),
    "brief": ("",),
}
NEXT = {
    "polite": ("Thank you.", "Thank you very much.", "That is helpful, thank you."),
    "direct": ("Thanks.", "Good.", ""),
    "casual": ("Great, thanks.", "Perfect.", "Cool, thanks."),
    "brief": ("", "Thanks."),
}
REASONS = {
    "cancel": ("Something has come up.", "The plans have changed."),
    "delete": ("It was entered by mistake.", "We do not need it any more."),
    "update": ("There is a mistake in the records.", "Something has changed since last time."),
    "postpone": ("The day does not suit any more.",),
    "reject": ("It does not meet our needs.",),
}
REASONED = 0.3


def introduction(scene: Scene, voice: Voice) -> str:
    """Say who is speaking, where the user speaks of itself."""
    if voice.me is None:
        return ""
    name = next(str(value) for _, value in scene.mentions[voice.me].told)
    return voice.pick(f"I'm {name}.", f"My name is {name}.", f"This is {name}.")


def first_reason(acts: Sequence[Act], writer: Writer) -> str:
    """Give a reason for the first change, now and then."""
    voice, view = writer.voice, writer.views[acts[0].tool]
    reasons = REASONS.get(view.verb) or REASONS.get(view.archetype)
    if (
        not reasons
        or acts[0].wish is not None
        or voice.style == "brief"
        or writer.files.knows(acts[0])
    ):
        return ""
    return voice.pick(*reasons) if voice.rng.random() < REASONED else ""


def say_acts(acts: Sequence[Act], writer: Writer) -> str:
    """Write the acts of a turn: requests joined, questions on their own."""
    sentences: list[str] = []
    requests: list[str] = []
    for act in acts:
        clause = writer.clause(act)
        if clause.asks:
            sentences += flush(requests, writer.voice)
            sentences.append(question(clause, writer.voice))
        else:
            requests.append(clause.text)
    return " ".join([*sentences, *flush(requests, writer.voice)])


def flush(requests: list[str], voice: Voice) -> list[str]:
    """Turn the requests collected so far into one sentence."""
    if not requests:
        return []
    last = voice.pick("and", "and then") if len(requests) == 2 else "and then"
    text = listed(requests, last)
    requests.clear()
    frames = [f for f in DO[voice.style] if " me in" not in text or not f.startswith("I ")]
    frame = voice.pick(*frames)
    return [sentence(frame.format(vp=text))]


def question(clause: Clause, voice: Voice) -> str:
    if clause.question:
        return sentence(clause.question, "?")
    frame = voice.pick(*ASK[voice.style])
    verb = "are" if takes_are(clause.text) else "is"
    return sentence(frame.format(np=clause.text, is_=verb))


def takes_are(noun_phrase: str) -> bool:
    """Say whether "what are" goes before it: "the names of all …", "the fee and size of …"."""
    head = noun_phrase.split(" of ")[0].split(" that ")[0]
    return " and " in head or is_plural(head)


def opening(scene: Scene, voice: Voice, *, introduce: bool = True) -> str:
    """Greet, and say who speaks."""
    hello = voice.pick(*HELLO[voice.style])
    name = introduction(scene, voice) if introduce else ""
    told = voice.person and voice.style != "brief"
    aside = persona_of(voice.person).aside if told else ""
    return " ".join(part for part in (hello, name, aside) if part)


def turn_text(
    scene: Scene, turn: int, writer: Writer, *, greet: bool = True, introduce: bool = True
) -> str:
    """Write what the user says to open a turn."""
    acts = scene.of(turn)
    parts = []
    if greet:
        voice = writer.voice
        first = turn == 0
        parts.append(
            opening(scene, voice, introduce=introduce) if first else voice.pick(*NEXT[voice.style])
        )
    parts += [first_reason(acts, writer), say_acts(acts, writer)]
    return " ".join(part for part in parts if part)


def whole_text(scene: Scene, writer: Writer) -> str:
    """Write all turns as one request."""
    texts = [opening(scene, writer.voice)]
    last = scene.turns - 1
    for turn in range(scene.turns):
        text = say_acts(scene.of(turn), writer)
        lead = "" if turn == 0 else writer.voice.pick("After that,", "Then", "Next,")
        if turn == last > 0:
            lead = writer.voice.pick("Finally,", "After that,", "Then")
        texts.append(f"{lead} {lower_first(text)}" if lead else text)
    return " ".join(text for text in texts if text)


def lower_first(text: str) -> str:
    """Begin with a small letter, except for "I"."""
    return text if text.startswith(("I ", "I'")) else text[:1].lower() + text[1:]


def is_me(scene: Scene, row: RowId) -> bool:
    """Say whether a user may speak as this row: a person found by name, and the only person."""
    mention = scene.mentions[row]
    persons = [r for r in scene.mentions if scene.survey.kinds.get(r[0]) == "person"]
    label = f"{mention.table}.{scene.survey.labels.get(mention.table)}"
    told = [column for column, _ in mention.told]
    return persons == [row] and mention.how == "found" and told == [label]
