"""Bases from finished good runs: the world is what was recorded, and knows nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from evaluators.judge.case import Case
from evaluators.judge.quality.bases import Ask, Base, Move, Respond, Script, Turn
from evaluators.judge.rules import judge
from evaluators.judge.trace import Trace


def recorded(cases: Iterable[Case]) -> Iterator[tuple[Base, Script]]:
    """Yield (base, script) of every case with a per-turn plan that was carried out to the full."""
    for case in cases:
        if case.gold is None or case.flat or not case.tools or case.passed is False:
            continue
        if case.log and judge(case).score in (None, 1.0):
            yield base_of(case), script_of_log(case)


def base_of(case: Case) -> Base:
    trace = Trace(case.log)
    answers = {key(a.name, a.arguments): (a.text or "", a.failure is not None) for a in trace.acts}
    requests = [case.log[index].text for index in trace.starts]
    gold = case.gold or ()
    asks = tuple(
        Ask(request, gold[turn] if turn < len(gold) else ())
        for turn, request in enumerate(requests)
    )
    return Base(case.id, case.tools or {}, asks, opener(answers), case.policy)


def opener(answers: Mapping[str, tuple[str, bool]]) -> Callable[[], Respond]:
    def respond(name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        return answers.get(key(name, arguments), ('{"done": true}', False))

    return lambda: respond


def key(name: str, arguments: Mapping[str, Any]) -> str:
    return f"{name} {json.dumps(dict(arguments), sort_keys=True, default=str)}"


def script_of_log(case: Case) -> Script:
    """Return the run as a script: its batches and its last reply of every turn."""
    trace = Trace(case.log)
    turns = []
    for number, start in enumerate(trace.starts):
        first, last = trace.span(number)
        batches = tuple(
            tuple(Move(call.name, call.arguments) for call in line.calls)
            for line in case.log[first:last]
            if line.calls
        )
        said = trace.said(number)
        turns.append(Turn(case.log[start].text, batches, said[-1][1] if said else ""))
    return tuple(turns)
