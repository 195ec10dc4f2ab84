"""Bad habits of agents, for the second generator of planted errors."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

from evaluators.judge.case import GoldCall
from evaluators.judge.quality.bases import Ask
from evaluators.judge.quality.flawed import Stage, diligent, summary


def talk(stage: Stage, ask: Ask) -> None:
    """Only talk."""
    stage.hear(ask.request)
    stage.say(
        stage.rng.choice(["I see. Could you tell me more?", "Consider it done.", "Certainly!"])
    )
    stage.flawed = True


def forget(stage: Stage, ask: Ask) -> None:
    """Do all but one call of the sub-task, any but a login."""
    stage.hear(ask.request)
    spare = [n for n, c in enumerate(ask.calls) if not stage.base.tools[c.name].auth]
    left_out = stage.rng.choice(spare)
    for number, call in enumerate(ask.calls):
        if number != left_out:
            stage.call((call.name, call.arguments))
    stage.say("I have started on this and will do the rest shortly.")
    stage.flawed = True


def stay_outside(stage: Stage, ask: Ask) -> None:
    """Never log in; take every refusal as it comes."""
    stage.hear(ask.request)
    for call in ask.calls:
        if stage.base.tools[call.name].auth:
            stage.flawed = True
        else:
            stage.call((call.name, call.arguments))
    stage.say("I went through your request.")


def spoil(stage: Stage, ask: Ask, change: Any) -> None:
    """Carry the sub-task out with one call changed by `change(call)`, which may decline."""
    stage.hear(ask.request)
    texts = []
    for call in ask.calls:
        name, given = call.name, dict(call.arguments)
        if not stage.flawed and not stage.base.tools[name].auth:
            changed = change(stage, call)
            if changed is not None:
                (name, given), stage.flawed = changed, True
        texts.append(stage.call((name, given))[0][0])
    stage.say(summary(texts, stage.rng))


def careless(stage: Stage, ask: Ask) -> None:
    """Mix up the characters of a value, so that it is one nobody ever named."""
    spoil(stage, ask, mix_up)


def mix_up(stage: Stage, call: GoldCall) -> tuple[str, dict[str, Any]] | None:
    for key, value in call.arguments.items():
        wrong = shuffled(value, stage.rng)
        if wrong is not None and str(wrong) not in stage.seen() and wrong != value:
            return call.name, {**call.arguments, key: wrong}
    return None


def shuffled(value: Any, rng: random.Random) -> Any:
    """Return a value with its digits changed; None where it has none or is prose."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value * 10 + rng.randrange(101, 999)
    if not isinstance(value, str) or len(value.split()) > 3 or value.count("-") == 2:
        return None
    digits = "".join(rng.choice("0123456789") if c.isdigit() else c for c in value)
    return digits if digits != value else f"{value[::-1]}{rng.randrange(10, 99)}"


def stale(stage: Stage, ask: Ask) -> None:
    """Take a field's value from the wrong record of an earlier answer."""
    spoil(stage, ask, take_another)


def take_another(stage: Stage, call: GoldCall) -> tuple[str, dict[str, Any]] | None:
    for key, value in call.arguments.items():
        if not isinstance(value, str) or len(value) < 4:
            continue
        for _, text in reversed(stage.answers):
            others = [v for v in under(text, key) if v != value and len(v.split()) < 4]
            if others:
                return call.name, {**call.arguments, key: stage.rng.choice(others)}
    return None


def under(text: str, key: str) -> list[str]:
    """List the texts under a key, however deep."""
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            for name, item in node.items():
                if name == key and isinstance(item, str):
                    found.append(item)
                walk(item)
        elif isinstance(node, list):
            for item in node:
                walk(item)

    try:
        walk(json.loads(text))
    except ValueError:
        return []
    return found


def sloppy(stage: Stage, ask: Ask) -> None:
    """Leave out a parameter that the tool requires."""
    spoil(stage, ask, cut)


def cut(stage: Stage, call: GoldCall) -> tuple[str, dict[str, Any]] | None:
    needed = [n for n in stage.base.tools[call.name].required if n in call.arguments]
    if not needed:
        return None
    gone = stage.rng.choice(needed)
    return call.name, {k: v for k, v in call.arguments.items() if k != gone}


def confused(stage: Stage, ask: Ask) -> None:
    """Pick the tool whose name looks most like the right one."""
    spoil(stage, ask, lambda s, c: lookalike(s, c, ask))


def lookalike(stage: Stage, call: GoldCall, ask: Ask) -> tuple[str, dict[str, Any]] | None:
    planned = {c.name for c in ask.calls}
    names = [n for n, t in stage.base.tools.items() if n not in planned and not t.auth]
    if not names:
        return None
    own = set(call.name.split("_"))
    best = max(names, key=lambda n: (len(own & set(n.split("_"))), n))
    return best, dict(call.arguments)


def dreaming(stage: Stage, ask: Ask) -> None:
    """Call a tool that was never offered."""
    spoil(stage, ask, lambda s, c: (f"smart_{c.name}", dict(c.arguments)))


def hasty(stage: Stage, ask: Ask) -> None:
    """Make the calls of a chain last to first, as if their values were known."""
    stage.hear(ask.request)
    for call in reversed(ask.calls):
        stage.call((call.name, call.arguments))
    stage.say("Everything is done.")
    stage.flawed = True


def eager(stage: Stage, ask: Ask) -> None:
    """Do what was asked, and then change something else that nobody mentioned."""
    diligent(stage, ask)
    bystanders: Mapping[str, Mapping[str, Any]] = {
        "set_contact_email": {"email": "office@example.net"},
        "add_note": {"reservation_id": latest(stage, "reservation_id"), "note": "checked"},
        "send_certificate": {"user_id": latest(stage, "user_id"), "amount": 50},
        "cancel_reservation": {"reservation_id": latest(stage, "reservation_id")},
    }
    planned = {c.name for a in stage.base.asks for c in a.calls}
    for name, given in bystanders.items():
        usable = name in stage.base.tools and name not in planned and all(given.values())
        if usable:
            said = stage.log.pop()
            stage.flawed = not stage.call((name, given))[0][1]
            stage.log.append(said)
            return


def latest(stage: Stage, key: str) -> str:
    found = [v for _, text in stage.answers for v in under(text, key)]
    return found[-1] if found else ""


def unaware(stage: Stage, ask: Ask) -> None:
    """Carry on and report success, whatever the world says."""
    stage.hear(ask.request)
    for call in ask.calls:
        stage.call((call.name, call.arguments))
    stage.say("Great news: your request went through.")
    stage.flawed = True
