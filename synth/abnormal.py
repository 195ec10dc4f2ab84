"""Abnormal tasks (VULCAN A.2): the tool is missing, or a value that the user does not know.

Their ground truth is what the agent must say: explain, or ask and do not make anything up.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import Any

from synth.drafts import Draft, Move, Unfit, refusal
from synth.families import Manner, Telling, facts_of
from synth.files import files_of
from synth.plans import Step, references, replay
from synth.scene import Act, Scene
from synth.views import View
from synth.vocabulary import tokens
from synth.wording.replies import words_of
from synth.wording.slots import VALUE

HARD = frozenset(("logarithm", "log", "ln", "root", "sqrt", "deviation", "variance", "conversion"))
"""Calculations that need their own tool."""


def missing_tool(scene: Scene, manner: Manner) -> Draft:
    """Take away the tool of the last change: do the rest, explain that this cannot be done.

    A calculation will do as well, where nobody does it in the head or with the other tools.
    """
    act = scene.acts[-1]
    view = scene.survey.views[act.tool]
    if not is_last_change(scene, act, result=True) or replaceable(scene, view):
        raise Unfit("the last wish is no change, or there is another way")
    telling = Telling(scene, manner)
    text = telling.reporter.refuse(act, "I have no tool for that")
    return cut(
        scene, manner, telling, act, say=text, kind="abnormal", removed=(act.tool,),
        expects=(refusal(*words_of(view)),), behaviour={"kind": "explain", "missing": act.tool},
    )  # fmt: skip


def is_last_change(scene: Scene, act: Act, *, result: bool = False) -> bool:
    """Say whether an act changes something, ends the plan, and its tool is used once.

    With `result`, a call that computes something will do as well.
    """
    uses = sum(step.tool == act.tool for step in scene.plan.steps)
    changes = not scene.survey.views[act.tool].reads or (result and act.wish == "result")
    return changes and act.turn == scene.turns - 1 and uses == 1


def replaceable(scene: Scene, view: View) -> bool:
    """Say whether another tool lets its caller set what this one writes."""
    if view.reads:
        return view.effect != "compute" or not is_hard(scene, view)
    if (known := files_of(scene.survey).replaceable(view.name)) is not None:
        return known
    writes = scene.survey.touches[view.name].writes
    written = {c for c in writes if not c.endswith(".*")}
    created = {c.split(".")[0] for c in writes if c.endswith(".*")}
    return any(
        other.name != view.name
        and (
            written & {param.column for param in other.values}
            or (other.archetype == view.archetype and other.entity in created)
        )
        for other in scene.survey.views.values()
        if other.effect == "write"
    )


def is_hard(scene: Scene, view: View) -> bool:
    """Say whether a calculation needs its own tool, and no other tool is of its kind."""
    kind = HARD & set(tokens(view.name))
    others = (set(tokens(name)) for name in scene.survey.views if name != view.name)
    return bool(kind) and not any(kind & words for words in others)


def missing_value(scene: Scene, manner: Manner, rng: random.Random) -> Draft:
    """Let the user not know a value that the last change needs: ask, and do not make one up."""
    act = scene.acts[-1]
    view = scene.survey.views[act.tool]
    group = manner.groups[-1]
    if not is_last_change(scene, act, result=True):
        raise Unfit("the last wish is no change")
    only = len(act.values) == 1
    needed = {p.name for p in view.params if p.required or only}
    slots = [s for s in Telling(scene, manner).slots(group) if s.kind == VALUE]
    slots = [s for s in slots if s.target[0] == act.step and s.target[1] in needed]
    if not slots:
        raise Unfit("no value is needed")
    slot = rng.choice(slots)
    telling = Telling(scene, manner, unknown=[slot.id])
    noun = slot.question.removeprefix("what should the ").removesuffix(" be?")
    return cut(
        scene, manner, telling, act,
        say=telling.reporter.give_up(act, noun),
        kind="abnormal", ask=telling.reporter.ask([slot]),
        expects=({"kind": "question", "cues": list(slot.cues)},),
        forbidden=({"tool": act.tool, "args": {}, "counts": "attempted"},),
        behaviour={"kind": "ask", "slots": [slot.id]},
    )  # fmt: skip


def cut(
    scene: Scene, manner: Manner, telling: Telling, act: Act, say: str, ask: str = "", **rest: Any
) -> Draft:
    """Draft the task without its last act: what is left of the plan, and what is said instead."""
    steps = without(scene.plan.steps, act.step)
    run = replay(scene.survey.blueprint(scene.plan.state_id), steps)
    group = manner.groups[-1]
    others = [a for turn in group for a in scene.of(turn) if a is not act]
    moves = [telling.report(g) for g in manner.groups[:-1]]
    done = tuple(step.id for step in steps if step.turn in group)
    first = telling.reporter.report(others) if others else ""
    if ask:
        moves += [Move(f"{first} {ask}".strip(), done), Move(say)]
    else:
        moves.append(Move(f"{first} {say}".strip(), done))
    return Draft(
        scene, mode="scenario", style=manner.style, moves=tuple(moves), state=run.state,
        steps=steps, subtasks=tuple(telling.subtask(g) for g in manner.groups),
        facts=facts_of([a for a in scene.acts if a is not act]), **rest,
    )  # fmt: skip


def without(steps: tuple[Step, ...], gone: str) -> tuple[Step, ...]:
    """Leave out a step and the hidden reads that only it used."""
    kept = [step for step in steps if step.id != gone]
    while True:
        used: Collection[str] = {ref for step in kept for ref in references(step)}
        fewer = [step for step in kept if not step.hidden or step.id in used]
        if len(fewer) == len(kept):
            return tuple(kept)
        kept = fewer
