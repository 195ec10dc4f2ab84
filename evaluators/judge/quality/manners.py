"""Manners that harm nobody: the negative controls of the second generator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from evaluators.judge.case import GoldCall
from evaluators.judge.quality.bases import Ask
from evaluators.judge.quality.flawed import Stage, facts_of, summary
from evaluators.judge.quality.habits import mix_up


def persistent(stage: Stage, ask: Ask) -> None:
    """Repeat whatever fails."""
    stage.hear(ask.request)
    texts = []
    for call in ask.calls:
        text, error = stage.call((call.name, call.arguments))[0]
        if error:
            text, _ = stage.call((call.name, call.arguments))[0]
        texts.append(text)
    stage.say(summary(texts, stage.rng))


def stumbling(stage: Stage, ask: Ask) -> None:
    """Mistype once, be refused, correct it."""
    stage.hear(ask.request)
    texts = []
    for call in ask.calls:
        wrong = mix_up(stage, call)
        tool = stage.base.tools[call.name]
        if wrong and not tool.write and not stage.trouble and refuses(stage, wrong):
            stage.call(wrong)
        texts.append(stage.call((call.name, call.arguments))[0][0])
    stage.say(summary(texts, stage.rng))


def refuses(stage: Stage, call: tuple[str, Mapping[str, Any]]) -> bool:
    return stage.base.open()(call[0], call[1])[1]


def thorough(stage: Stage, ask: Ask) -> None:
    """Look everything up once more before and after."""
    stage.hear(ask.request)
    texts = []
    for call in ask.calls:
        texts.append(stage.call((call.name, call.arguments))[0][0])
        if stage.base.tools[call.name].write is False:
            stage.call((call.name, call.arguments))
    stage.say(summary(texts, stage.rng))


def brisk(stage: Stage, ask: Ask) -> None:
    """Make lookups that follow each other in one message, in the other order."""
    stage.hear(ask.request)
    texts, waiting = [], list[GoldCall]()
    for call in [*ask.calls, None]:
        if call is not None and stage.base.tools[call.name].write is False and free(call, waiting):
            waiting.append(call)
            continue
        if waiting:
            batch = [(c.name, c.arguments) for c in reversed(waiting)]
            texts += [text for text, _ in stage.call(*batch)]
        waiting = []
        if call is not None and stage.base.tools[call.name].write is False:
            waiting = [call]
        elif call is not None:
            texts.append(stage.call((call.name, call.arguments))[0][0])
    stage.say(summary(texts, stage.rng))


def free(call: GoldCall, waiting: list[GoldCall]) -> bool:
    """Say whether a call uses nothing that the waiting ones answer."""
    shown = json.dumps([c.result for c in waiting], default=str)
    return not any(str(v) in shown for v in call.arguments.values())


def courteous(stage: Stage, ask: Ask) -> None:
    """Do it, repeat the facts, ask whether there is more."""
    stage.hear(ask.request)
    texts = [stage.call((c.name, c.arguments))[0][0] for c in ask.calls]
    told = ", ".join(f"{name}: {value}" for text in texts for name, value in facts_of(text)[:4])
    stage.say(f"Done ({told}). Would you like me to do anything else for you?")
